package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// The updates by which a learner decides on a plan, each with an OutlineDecision. A decision with a PlanID is
// sent as UpdateEditedOutline: an older build, which would see an edit without lessons in it, refuses that.
const (
	UpdateOutline       = "decide-outline"
	UpdateEditedOutline = "decide-edited-outline"
)

// The decisions of a learner. An edited plan is accepted with its edits.
const (
	OutlineAccept = "accept"
	OutlineEdit   = "edit"
	OutlineReject = "reject"
)

// OutlineDecision is a learner's decision on a plan.
type OutlineDecision struct {
	Action string `json:"action"`
	// PlanID is the id of the edited plan that is stored, for OutlineEdit: the plan itself may be too large for a history.
	PlanID uuid.UUID `json:"plan_id,omitzero"`
	// Plan is the edited one of runs that were handed it before plans were stored.
	Plan PlanEdit `json:"plan,omitzero"`
}

// PlanEdit is a plan as edited by its learner.
type PlanEdit = activities.PlanEdit

// LessonEdit is one lesson of an edited plan.
type LessonEdit = activities.LessonEdit

// Failure types of a review.
const (
	FailureNotInReview   = "conflict"
	failureRejected      = "rejected"
	failureReviewExpired = "review_expired"
)

// review is the state of the wait for a learner's decision.
type review struct {
	wait    time.Duration // 0: no review
	waiting bool
	decided string
}

// open registers the update handlers. Decisions are refused while no plan is in review.
func (r *review) open(ctx workflow.Context, g *generation) error {
	if r.wait == 0 {
		return nil
	}
	decide := func(ctx workflow.Context, d OutlineDecision) error { return r.decide(ctx, g, d) }
	options := workflow.UpdateHandlerOptions{
		Validator:   func(OutlineDecision) error { return r.refuse() },
		Description: "Accept, edit or reject the plan that waits for review.",
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateOutline, decide, options); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateEditedOutline, decide, options)
}

func (r *review) refuse() error {
	if !r.waiting || r.decided != "" {
		return temporal.NewNonRetryableApplicationError("No plan waits for a decision.", FailureNotInReview, nil)
	}
	return nil
}

// decide applies the learner's decision; the update completes when an edit is stored.
func (r *review) decide(ctx workflow.Context, g *generation, d OutlineDecision) error {
	if err := r.refuse(); err != nil { // another one came first
		return err
	}
	r.decided = d.Action
	if d.Action != OutlineEdit {
		return nil
	}
	var ch *activities.QualityActivities
	in := activities.EditInput{CourseID: g.in.CourseID, PlanID: d.PlanID, Plan: d.Plan}
	if err := g.progress.database(ctx, "The edited plan", ch.EditPlan, in).Get(ctx, &g.lessons); err != nil {
		r.decided = ""
		return err
	}
	g.write, g.quiz = g.lessons, g.lessons
	return nil
}

// awaitReview waits until the learner has decided, at most for r.wait.
func (g *generation) awaitReview(ctx workflow.Context) error {
	r := &g.review
	if r.wait == 0 {
		return nil
	}
	g.progress.reportProgress(ctx, 40, StepReview, "The plan waits for your review")
	r.waiting = true
	decided := func() bool { return r.decided != "" && workflow.AllHandlersFinished(ctx) }
	inTime, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: r.wait, TimerOptions: workflow.TimerOptions{Summary: "The learner's review of the plan"}}, decided)
	r.waiting = false
	switch {
	case err != nil:
		return err
	case !inTime:
		return temporal.NewNonRetryableApplicationError("Nobody decided on the plan in time.", failureReviewExpired, nil)
	case r.decided == OutlineReject:
		return temporal.NewNonRetryableApplicationError("The plan was rejected.", failureRejected, nil)
	default:
		return nil
	}
}

// StepReview is the step of a task whose plan waits for its learner's decision.
const StepReview = "review"
