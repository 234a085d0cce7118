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

// callSpace derives the id of a conversation's cost from the attempt that had it.
var callSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d05")

// converse runs one conversation with a writer for a course and saves its cost, even
// when it failed. Each kind occurs once within an activity.
func converse[T any](ctx context.Context, w *CourseActivities, c courses.Course, kind string, call func(context.Context, llm.Heartbeat) (T, llm.Usage, error)) (T, error) {
	var value T
	var usage llm.Usage
	err := infer(ctx, func(ctx context.Context, heartbeat llm.Heartbeat) (err error) {
		value, usage, err = call(ctx, heartbeat)
		return err
	})
	w.keepCost(ctx, c, kind, usage, err)
	return value, err
}

// costTime bounds saving a cost after the activity was cancelled.
const costTime = 5 * time.Second

// keepCost charges the course's owner. Key: run, activity, attempt and kind. A cost that cannot be kept is
// logged: an answer that was paid for is not thrown away for its bill.
func (w *CourseActivities) keepCost(ctx context.Context, c courses.Course, kind string, u llm.Usage, cause error) {
	if u.Calls == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), costTime)
	defer cancel()
	info := activity.GetInfo(ctx)
	outcome := "ok"
	if cause != nil {
		outcome = outcomeOf(cause)
	}
	call := courses.ModelCall{
		ID:     store.DerivedID(callSpace, info.WorkflowExecution.RunID, info.ActivityID, strconv.Itoa(int(info.Attempt)), kind),
		UserID: c.OwnerUserID, CourseID: c.ID, Kind: kind, Model: u.Model, Endpoint: u.Endpoint, Outcome: outcome,
		Calls: u.Calls, Repairs: u.Repairs, Smaller: u.Smaller,
		InputTokens: u.InputTokens, OutputTokens: u.OutputTokens, Seconds: u.Seconds, At: w.Clock(),
	}
	if w.Spent != nil {
		w.Spent(ctx, call)
	}
	if err := courses.SaveModelCall(ctx, w.DB, call); err != nil {
		w.Log.WarnContext(ctx, "the cost of a call could not be kept", "kind", kind, "tokens", u.InputTokens+u.OutputTokens, "error", err)
	}
}
