package activities

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

// callSpace derives the id of a conversation's cost from the attempt that had it.
var callSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d05")

// converse runs one conversation with a writer for a course and saves its cost, even when it failed,
// together with its answer. An attempt that follows one that was cut short uses the answers that one had:
// each is asked for once. Each kind occurs once within an activity.
func converse[T any](ctx context.Context, w *CourseActivities, c courses.Course, kind string, call func(context.Context, llm.Heartbeat) (T, llm.Usage, error)) (T, error) {
	value, found, err := keptAnswer[T](ctx, w.DB, kind)
	if err != nil || found {
		return value, toApplicationError(err)
	}
	var usage llm.Usage
	err = infer(ctx, func(ctx context.Context, heartbeat llm.Heartbeat) (err error) {
		value, usage, err = call(ctx, heartbeat)
		return err
	})
	w.keepCost(ctx, c, kind, usage, value, err)
	return value, err
}

// keptAnswer returns the answer that an earlier attempt of this activity had.
func keptAnswer[T any](ctx context.Context, db *gorm.DB, kind string) (value T, found bool, err error) {
	var earlier []uuid.UUID
	for attempt := int32(1); attempt < activity.GetInfo(ctx).Attempt; attempt++ {
		earlier = append(earlier, callID(ctx, attempt, kind))
	}
	if earlier == nil {
		return value, false, nil
	}
	answer, err := courses.KeptAnswer(ctx, db, earlier)
	if err != nil || answer == nil {
		return value, false, err
	}
	err = json.Unmarshal(answer, &value)
	return value, err == nil, err
}

// callID derives the id of a conversation from the attempt that has it.
func callID(ctx context.Context, attempt int32, kind string) uuid.UUID {
	info := activity.GetInfo(ctx)
	return store.DerivedID(callSpace, info.WorkflowExecution.RunID, info.ActivityID, strconv.Itoa(int(attempt)), kind)
}

// costTime bounds saving a cost after the activity was cancelled.
const costTime = 5 * time.Second

// keepCost charges the course's owner. Key: run, activity, attempt and kind. A cost that cannot be kept is
// logged: an answer that was paid for is not thrown away for its bill.
func (w *CourseActivities) keepCost(ctx context.Context, c courses.Course, kind string, u llm.Usage, value any, cause error) {
	if u.Calls == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), costTime)
	defer cancel()
	outcome, answer := courses.OutcomeOK, json.RawMessage(nil)
	if cause != nil {
		outcome = outcomeOf(cause)
	} else if raw, err := json.Marshal(value); err == nil { // without it a later attempt asks again
		answer = raw
	}
	call := courses.ModelCall{
		ID:     callID(ctx, activity.GetInfo(ctx).Attempt, kind),
		UserID: c.OwnerUserID, CourseID: c.ID, Kind: kind, Model: u.Model, Endpoint: u.Endpoint, Outcome: outcome,
		Calls: u.Calls, Repairs: u.Repairs, Smaller: u.Smaller,
		InputTokens: u.InputTokens, OutputTokens: u.OutputTokens, Seconds: u.Seconds, At: w.Clock(), Answer: answer,
	}
	if w.Spent != nil {
		w.Spent(ctx, call)
	}
	if err := courses.SaveModelCall(ctx, w.DB, call); err != nil {
		w.Log.WarnContext(ctx, "the cost of a call could not be kept", "kind", kind, "tokens", u.InputTokens+u.OutputTokens, "error", err)
	}
}
