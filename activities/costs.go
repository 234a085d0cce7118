package activities

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

// callSpace derives the ids of activities, and of the costs of their conversations.
var callSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d05")

// bookkeeping returns the context in which costs and answers are stored, also when the activity was cancelled.
func bookkeeping(ctx context.Context) (context.Context, context.CancelFunc) {
	const most = 5 * time.Second
	return context.WithTimeout(context.WithoutCancel(ctx), most)
}

// keepCost charges the course's owner with what was not charged before. Key: run, activity, attempt and kind. A
// cost that cannot be kept is logged: an answer that was paid for is not thrown away for its bill.
func (w *CourseActivities) keepCost(ctx context.Context, c courses.Course, kind string, u llm.Usage, cause error) {
	if u.Calls == 0 {
		return
	}
	ctx, cancel := bookkeeping(ctx)
	defer cancel()
	outcome := courses.OutcomeOK
	if cause != nil {
		outcome = outcomeOf(cause)
	}
	info := activity.GetInfo(ctx)
	call := courses.ModelCall{
		ID:     store.DerivedID(callSpace, info.WorkflowExecution.RunID, info.ActivityID, strconv.Itoa(int(info.Attempt)), kind),
		UserID: c.OwnerUserID, CourseID: c.ID, Kind: kind, Model: u.Model, Endpoint: u.Endpoint, Outcome: outcome,
		Calls: u.Calls, Repairs: u.Repairs, Smaller: u.Smaller,
		InputTokens: u.InputTokens, OutputTokens: u.OutputTokens, Seconds: u.Seconds, At: w.Clock(),
	}
	if w.Spent != nil {
		w.Spent(ctx, call)
	}
	if err := courses.ChargeModelCall(ctx, w.DB, call, activityID(ctx)); err != nil {
		w.Log.WarnContext(ctx, "the cost of a call could not be kept", "kind", kind, "tokens", u.InputTokens+u.OutputTokens, "error", err)
	}
}
