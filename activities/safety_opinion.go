package activities

import (
	"context"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

// Safety reports whether the texts of a course request violate a policy.
type Safety interface {
	Violates(ctx context.Context, texts []string) (bool, error)
}

// FaultTopic is the code of a task that ended because its topic is not allowed.
const FaultTopic = string(store.TopicNotAllowed)

// allowed returns TopicNotAllowed for a course that violates the policy. If the check is not
// available the course is written all the same, since the topic rules were applied before: that
// is logged, and counted as a failed conversation of kind safety.
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
