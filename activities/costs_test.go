package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
)

func (d *desk) costs(t *testing.T) []courses.ModelCall {
	t.Helper()
	var calls []courses.ModelCall
	require.NoError(t, d.db.Order("kind, outcome").Find(&calls).Error)
	owner := d.read(t).OwnerUserID
	for _, c := range calls {
		require.Equal(t, d.course, c.CourseID)
		require.Equal(t, owner, c.UserID)
		require.Equal(t, d.model.Model(), c.Model)
		require.Positive(t, c.Calls)
		require.True(t, c.At.Equal(d.writing.Clock()))
	}
	return calls
}

func kinds(calls []courses.ModelCall) (found []string) {
	for _, c := range calls {
		found = append(found, c.Kind+" "+c.Outcome)
	}
	return found
}

func TestEveryConversationIsChargedOnce(t *testing.T) {
	t.Parallel()
	e := newExam(t)
	e.model.On(llmtest.Solve, 1, llmtest.DisagreeSolve())
	for range 2 {
		require.NoError(t, e.practise(1))
	}
	calls := e.costs(t)
	require.Equal(t, []string{"lesson ok", "outline ok", "practice ok", "questions ok", "solve ok", "solve again ok"}, kinds(calls))
	for _, c := range calls {
		require.Positive(t, c.InputTokens)
		require.Positive(t, c.OutputTokens)
		require.Equal(t, 1, c.Calls)
		require.Zero(t, c.Repairs)
	}
}

func TestRepairsAndFailuresAreCharged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.model.On(llmtest.Outline, 1, llmtest.BrokenJSON())
	d.outline(t)
	calls := d.costs(t)
	require.Len(t, calls, 1)
	require.Equal(t, 2, calls[0].Calls)
	require.Equal(t, 1, calls[0].Repairs)
	require.False(t, calls[0].Smaller)

	d.model.On(llmtest.Lesson, 0, llmtest.Empty())
	requireFailure(t, d.lesson(d.outline(t)[0], 1), activities.FailureBadAnswer, false)
	calls = d.costs(t)
	require.Equal(t, []string{"lesson bad_answer", "outline ok"}, kinds(calls))
	require.Equal(t, 3, calls[0].Calls, "the answer, its repair and the smaller task")
	require.True(t, calls[0].Smaller)
	require.Positive(t, calls[0].InputTokens)
}

func TestACancelledCallIsCharged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	d.model.On(llmtest.Outline, 1, llmtest.Stall())
	left := make(chan error, 1)
	go func() {
		_, err := d.ExecuteActivity(d.writing.WriteOutline, activities.OutlineInput{CourseID: d.course})
		left <- err
	}()
	require.NoError(t, d.model.WaitStalled(t.Context(), 1))
	cancel()
	require.Error(t, <-left)
	require.NoError(t, d.model.WaitClosed(t.Context(), 1), "the stream is closed")
	calls := d.costs(t)
	require.Equal(t, []string{"outline cancelled"}, kinds(calls))
	require.Positive(t, calls[0].InputTokens)
	require.Empty(t, d.read(t).Lessons)
}

func TestACallCutShortByAStoppingWorkerIsChargedAndHandedOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	stop := make(chan struct{})
	d.SetWorkerStopChannel(stop)
	d.model.On(llmtest.Outline, 1, llmtest.Hold())
	left := make(chan error, 1)
	go func() {
		_, err := d.ExecuteActivity(d.writing.WriteOutline, activities.OutlineInput{CourseID: d.course})
		left <- err
	}()
	require.NoError(t, d.model.WaitHeld(t.Context(), 1))
	close(stop)
	requireFailure(t, <-left, activities.FailureStopping, false)
	require.Equal(t, []string{"outline stopping"}, kinds(d.costs(t)))
}

func TestEveryAttemptIsChargedForItself(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.model.On(llmtest.Outline, 1, llmtest.Status(500))
	d.model.On(llmtest.Outline, 2, llmtest.Cut())
	require.NoError(t, d.retried(d.writing.WriteOutline, activities.OutlineInput{CourseID: d.course}))
	calls := d.costs(t)
	require.Equal(t, []string{"outline ok", "outline unavailable", "outline unavailable"}, kinds(calls))
	course := d.read(t)
	require.NotEmpty(t, course.Lessons)
	days, err := courses.UsageByDay(t.Context(), d.db, course.OwnerUserID, d.writing.Clock().Add(-time.Hour))
	require.NoError(t, err)
	require.Len(t, days, 1)
	require.Equal(t, 3, days[0].Calls)
}

func TestTheBuiltInWriterCostsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	in := activities.OutlineInput{CourseID: d.course, Generation: activities.Generation{Fallback: true}}
	_, err := d.ExecuteActivity(d.writing.WriteOutline, in)
	require.NoError(t, err)
	require.NotEmpty(t, d.read(t).Lessons)
	require.Empty(t, d.costs(t))
}

func TestACourseWithoutALearnerIsNotChargedToAnybody(t *testing.T) {
	t.Parallel()
	e := newExam(t)
	owner := e.read(t).OwnerUserID
	e.model.On(llmtest.Practice, 1, llmtest.Hold())
	left := make(chan error, 1)
	go func() { left <- e.practise(1) }()
	require.NoError(t, e.model.WaitHeld(t.Context(), 1))
	require.NoError(t, e.db.Delete(&accounts.User{}, "id = ?", owner).Error)
	e.model.Release()
	requireFailure(t, <-left, "not_found", true)
	var calls int64
	require.NoError(t, e.db.Model(&courses.ModelCall{}).Count(&calls).Error)
	require.Zero(t, calls, "costs go with their user")
}

// TestNoAnswerIsLostForItsBill: the cost of an answer cannot be stored, and the answer is used.
func TestNoAnswerIsLostForItsBill(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.db.Exec("ALTER TABLE model_calls ADD CHECK (input_tokens < 0)").Error)
	d.outline(t)
	require.Empty(t, d.costs(t))
	require.NotEmpty(t, d.read(t).Lessons)
	require.Equal(t, 1, d.model.Count(llmtest.Outline))
}
