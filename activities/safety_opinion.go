package activities

import (
	"context"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

// Safety tells whether texts that a course is asked for with violate a policy.
type Safety interface {
	Violates(ctx context.Context, texts []string) (bool, error)
}

// FaultTopic is the code of a task that ended because its topic is not allowed.
const FaultTopic = string(store.TopicNotAllowed)

// allowed is TopicNotAllowed for a course that the second opinion is against. Where none can be
// had the course is written all the same, since the topic rules have been asked before: that is
// logged, and counted as a conversation of kind safety that failed.
func (w *CourseActivities) allowed(ctx context.Context, c courses.Course) error {
	if w.Safety == nil {
		return nil
	}
	began := w.Clock()
	violates, err := w.Safety.Violates(ctx, c.Asked())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	outcome := "ok"
	if err != nil {
		outcome = string(store.Unavailable)
		w.Log.WarnContext(ctx, "no second opinion on a topic could be had, the course is written without", "course_id", c.ID, "error", err)
	}
	if w.Spent != nil {
		w.Spent(ctx, courses.ModelCall{Kind: "safety", Endpoint: "safety", Outcome: outcome, Calls: 1, Seconds: w.Clock().Sub(began).Seconds()})
	}
	if violates {
		return store.Errorf(store.TopicNotAllowed, "No course is written on this topic.")
	}
	return nil
}
