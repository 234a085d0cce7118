package activities

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

// converse runs one conversation with a writer for a course and saves its cost, even when it failed. Each
// kind occurs once within an activity.
//
// Every answer is kept when it comes. An attempt that follows one that was cut short, by a crash, a stop or a
// server that went away, begins the conversation anew with the answers that one had, and asks a server from
// there on. An answer is charged by the first attempt that ends the conversation with it.
//
// A conversation that ended without a usable answer has its answers forgotten, for the next attempt to ask
// anew: sampling differs. Should the worker die in between, that attempt is one without questions.
//
// The built-in writer, a fallback, answers at once: nothing of it is kept, and no heartbeat reports it.
func converse[T any](ctx context.Context, w *CourseActivities, c courses.Course, kind string, fallback bool, call func(context.Context, *llm.Session) (T, llm.Usage, error)) (T, error) {
	if fallback {
		value, _, err := call(ctx, &llm.Session{})
		return value, toModelError(err, activity.GetInfo(ctx).Attempt)
	}
	value, err := converseOnce(ctx, w, c, kind, call)
	if isUnusable(err) {
		w.forgetAnswers(ctx)
	}
	return value, err
}

// converseOnce is converse for what an activity can do without: a conversation without a usable answer is not
// repeated by the attempts that follow for another reason.
func converseOnce[T any](ctx context.Context, w *CourseActivities, c courses.Course, kind string, call func(context.Context, *llm.Session) (T, llm.Usage, error)) (T, error) {
	var value T
	var usage llm.Usage
	err := infer(ctx, &w.turns, func(ctx context.Context, heartbeat llm.Heartbeat) (err error) {
		session := w.session(ctx, c, kind)
		session.Heartbeat = heartbeat
		value, usage, err = call(ctx, session)
		return err
	})
	w.keepCost(ctx, c, kind, usage, err)
	return value, err
}

// session returns a session with the answers that this activity's conversation has had, and that keeps more.
// Neither can fail it: an answer that is not found is asked for, one that cannot be kept is used.
func (w *CourseActivities) session(ctx context.Context, c courses.Course, kind string) *llm.Session {
	id := activityID(ctx)
	answers := map[string]llm.Answer{}
	var kept []courses.ModelAnswer
	var err error
	if activity.GetInfo(ctx).Attempt > 1 {
		kept, err = courses.ModelAnswers(ctx, w.DB, id, kind)
	}
	if err != nil {
		w.Log.WarnContext(ctx, "kept answers could not be read: they are asked for again", "kind", kind, "error", err)
	}
	for _, row := range kept {
		var a llm.Answer
		if err := json.Unmarshal(row.Answer, &a); err != nil {
			w.Log.WarnContext(ctx, "a kept answer makes no sense: it is asked for again", "kind", kind, "error", err)
			continue
		}
		a.Charged = row.Charged
		answers[row.Question] = a
	}
	keep := func(ctx context.Context, question string, a llm.Answer) {
		ctx, cancel := bookkeeping(ctx)
		defer cancel()
		text, err := json.Marshal(a)
		if err == nil {
			err = courses.KeepModelAnswer(ctx, w.DB, courses.ModelAnswer{
				ActivityID: id, Kind: kind, Question: question, CourseID: c.ID, Answer: text, At: w.Clock(),
			})
		}
		if err != nil {
			w.Log.WarnContext(ctx, "an answer could not be kept: an attempt after this one asks again", "kind", kind, "error", err)
		}
	}
	return &llm.Session{Answers: answers, Keep: keep}
}

// saved ends an activity with the error of saving what it wrote; once that is there, its answers are forgotten.
// A fallback's were never kept.
func (w *CourseActivities) saved(ctx context.Context, fallback bool, err error) error {
	if err == nil && !fallback {
		w.forgetAnswers(ctx)
	}
	return toApplicationError(err)
}

// forgetAnswers removes the activity's answers. What is left of them goes after a day.
func (w *CourseActivities) forgetAnswers(ctx context.Context) {
	ctx, cancel := bookkeeping(ctx)
	defer cancel()
	if err := courses.ForgetModelAnswers(ctx, w.DB, activityID(ctx)); err != nil {
		w.Log.WarnContext(ctx, "answers could not be removed", "error", err)
	}
}

// activityID derives an id that all attempts of an activity share.
func activityID(ctx context.Context) uuid.UUID {
	info := activity.GetInfo(ctx)
	return store.DerivedID(callSpace, info.WorkflowExecution.RunID, info.ActivityID)
}
