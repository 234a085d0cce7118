package workflows

import (
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// each runs do for the lessons, a few at once. One lesson's failure does not
// stop the others: it is added to g.failed, and later parts skip that lesson.
// The error is only ever that of a cancelled context, or of a course that is
// gone or has ended, when nothing more can be written.
func (g *generation) each(ctx workflow.Context, lessons []activities.LessonRef, do func(workflow.Context, activities.LessonRef) error) error {
	slots := workflow.NewSemaphore(ctx, lessonsAtOnce)
	running := workflow.NewWaitGroup(ctx)
	var fatal error
	for _, lesson := range lessons {
		if slices.Contains(g.failed, lesson) {
			continue
		}
		if err := slots.Acquire(ctx, 1); err != nil {
			break
		}
		running.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer running.Done()
			defer slots.Release(1)
			if fatal != nil {
				return
			}
			switch err := do(ctx, lesson); {
			case err == nil:
			case courseGone(err):
				fatal = err
			case ctx.Err() == nil:
				g.failed = append(g.failed, lesson)
				workflow.GetLogger(ctx).Warn("a lesson could not be written", "lesson", lesson.Number, "error", err)
			}
		})
	}
	// The activities end soon after a cancel: waiting keeps clean-up after the last write.
	calm, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	running.Wait(calm)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fatal
}

// inference returns the context of a conversation with the model. A learner with
// several courses queued gets a lower priority.
func (g *generation) inference(ctx workflow.Context, summary string) workflow.Context {
	return inference(ctx, g.progress.urgency, summary)
}

// unlessImproving logs and drops the failure of an optional step.
func unlessImproving(ctx workflow.Context, err error, what string) error {
	if err == nil || ctx.Err() != nil || courseGone(err) {
		return err
	}
	workflow.GetLogger(ctx).Warn(what, "error", err)
	return nil
}

// courseGone reports whether there is no course left to write.
func courseGone(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && (app.Type() == "not_found" || app.Type() == "conflict")
}

// failureUnfinished is the failure type of a course with missing lessons.
const failureUnfinished = "unfinished"

func unfinished(missing, all int) error {
	message := fmt.Sprintf("%d of %d lessons could not be finished.", missing, all)
	return temporal.NewNonRetryableApplicationError(message, failureUnfinished, nil)
}

// abandon ends a failed task and returns the error that the run ends with.
func (g *generation) abandon(ctx workflow.Context, cause error) error {
	if g.progress.refused != nil {
		// The row was ended from outside: nothing is left to finish.
		return fmt.Errorf("the task was ended from outside: %w", g.progress.refused)
	}
	fault := g.fault(ctx, cause)
	last := activities.Event{State: activities.Failed, Progress: g.progress.progress, Step: "failed", Message: fault.Message, Fault: &fault}
	if fault.Code == activities.FaultCancelled {
		last.Step, last.Message = "cancelled", "Cancelled"
	}
	if err := g.finish(ctx, last); err != nil {
		return fmt.Errorf("%w (and the task could not be finished: %w)", cause, err)
	}
	if g.progress.isDone() { // in a workflow task that was lost, before what stopped this one
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return temporal.NewNonRetryableApplicationError(fault.Message, fault.Code, cause)
}

// fault returns the reason for the failure, in words for the learner.
func (g *generation) fault(ctx workflow.Context, cause error) activities.Fault {
	var app *temporal.ApplicationError
	switch {
	case ctx.Err() != nil:
		return activities.Fault{Code: activities.FaultCancelled, Message: "The task was cancelled.", CancelledByUser: true}
	case g.late:
		return activities.Fault{Code: "deadline_exceeded", Message: "The course took too long to write. Finished lessons were kept."}
	case errors.As(cause, &app) && app.Type() == failureRejected:
		return activities.Fault{Code: activities.FaultCancelled, Message: app.Message(), CancelledByUser: true}
	case errors.As(cause, &app) && app.Type() == failureReviewExpired:
		return activities.Fault{Code: app.Type(), Message: "Nobody decided on the plan in time. The plan was kept."}
	case errors.As(cause, &app) && app.Type() == failureUnfinished:
		return activities.Fault{Code: app.Type(), Message: app.Message()}
	case errors.As(cause, &app) && app.Type() == "unavailable":
		return activities.Fault{Code: "model_unavailable", Message: "The model could not be reached."}
	case errors.As(cause, &app) && app.Type() == activities.FailureMisconfigured:
		return activities.Fault{Code: "model_misconfigured", Message: app.Message()}
	case errors.As(cause, &app) && (app.Type() == activities.FailureNoText || app.Type() == activities.FailureLost):
		return activities.Fault{Code: app.Type(), Message: app.Message()}
	case errors.As(cause, &app) && app.Type() == activities.FailureBadAnswer:
		return activities.Fault{Code: app.Type(), Message: "The model gave no usable answer."}
	case errors.As(cause, &app) && app.Type() == activities.FaultTopic:
		return activities.Fault{Code: app.Type(), Message: app.Message()}
	case courseGone(cause):
		return activities.Fault{Code: "course_gone", Message: "The course was deleted."}
	default:
		return activities.Fault{Code: "internal", Message: "Something went wrong while writing the course."}
	}
}
