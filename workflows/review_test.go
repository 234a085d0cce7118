package workflows_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/workflows"
)

// verdict records the outcome of a decision.
type verdict struct {
	t        *testing.T
	rejected error
	done     bool
	err      error
}

func (v *verdict) Accept()                 {}
func (v *verdict) Reject(err error)        { v.rejected = err }
func (v *verdict) Complete(_ any, e error) { v.done, v.err = true, e }

// decide sends a decision after a delay.
func (s *harness) decide(after time.Duration, d workflows.OutlineDecision) *verdict {
	v := &verdict{t: s.t}
	s.RegisterDelayedCallback(func() { s.UpdateWorkflow(workflows.UpdateOutline, "", v, d) }, after)
	return v
}

func inReview(t *testing.T) *harness {
	t.Helper()
	s := newHarness(t)
	s.in.ReviewFor = time.Hour
	s.in.Deadline = 30 * time.Minute
	return s
}

func TestAnAcceptedPlanIsWritten(t *testing.T) {
	t.Parallel()
	s := inReview(t)
	yes := s.decide(50*time.Minute, workflows.OutlineDecision{Action: workflows.OutlineAccept})
	late := s.decide(51*time.Minute, workflows.OutlineDecision{Action: workflows.OutlineReject})
	require.NoError(t, s.run(), "waiting does not count against the deadline")
	require.True(t, yes.done)
	require.NoError(t, yes.err)
	require.False(t, late.done)
	require.Len(t, s.lessons, lessonCount)
	var steps []string
	for _, e := range s.events() {
		steps = append(steps, e.Step)
	}
	require.Contains(t, steps, workflows.StepReview)
}

func TestAnEditedPlanIsTheOneThatIsWritten(t *testing.T) {
	t.Parallel()
	s := inReview(t)
	plan := activities.PlanEdit{Title: "Mine", Lessons: []activities.LessonEdit{{Title: "A"}, {Title: "B"}, {Title: "C"}}}
	s.decide(time.Minute, workflows.OutlineDecision{Action: workflows.OutlineEdit, Plan: plan})
	require.NoError(t, s.run())
	require.Equal(t, plan.Title, s.edited.Title)
	require.Len(t, s.lessons, 3)
}

// TestAStoredPlanIsHandedOnByItsID checks that the plan itself does not pass through the workflow.
func TestAStoredPlanIsHandedOnByItsID(t *testing.T) {
	t.Parallel()
	s, id := inReview(t), uuid.New()
	v := &verdict{t: t}
	edit := workflows.OutlineDecision{Action: workflows.OutlineEdit, PlanID: id}
	s.RegisterDelayedCallback(func() { s.UpdateWorkflow(workflows.UpdateEditedOutline, "", v, edit) }, time.Minute)
	late := s.decide(2*time.Minute, workflows.OutlineDecision{Action: workflows.OutlineReject})
	require.NoError(t, s.run())
	require.True(t, v.done)
	require.NoError(t, v.err)
	require.False(t, late.done, "one decision counts, whichever update it came by")
	require.Equal(t, id, s.stored)
	require.Empty(t, s.edited)
	require.Len(t, s.lessons, 3)
}

func TestARejectedPlanIsACancelledTask(t *testing.T) {
	t.Parallel()
	s := inReview(t)
	s.decide(time.Minute, workflows.OutlineDecision{Action: workflows.OutlineReject})
	require.Error(t, s.run())
	require.True(t, s.last().Fault.Cancelled())
	require.Empty(t, s.lessons)
}

func TestAPlanNobodyDecidesOnEndsInTime(t *testing.T) {
	t.Parallel()
	s := inReview(t)
	require.Error(t, s.run())
	require.Equal(t, "review_expired", s.last().Fault.Code)
	require.Empty(t, s.lessons)
}

func TestADecisionOnNoPlanIsRefused(t *testing.T) {
	t.Parallel()
	s := inReview(t)
	s.prepare = unavailable() // no plan is ever made
	early := s.decide(time.Second, workflows.OutlineDecision{Action: workflows.OutlineAccept})
	require.Error(t, s.run())
	var refused *temporal.ApplicationError
	require.ErrorAs(t, early.rejected, &refused)
	require.Equal(t, workflows.FailureNotInReview, refused.Type())
}

func TestACancelEndsTheWaitForADecision(t *testing.T) {
	t.Parallel()
	s := inReview(t)
	s.RegisterDelayedCallback(s.CancelWorkflow, 5*time.Minute)
	require.Error(t, s.run())
	require.True(t, s.last().Fault.Cancelled())
}
