package activities

import (
	"context"
	"log/slog"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/manifest"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// Event is one step of a task, as the workflow reports it.
type Event = tasks.TaskEvent

// Fault is the reason why a task failed.
type Fault = tasks.TaskFault

// Result is the outcome of a task, as named numbers.
type Result = tasks.TaskResult

// States of a task, for the workflows, which do not know the rows.
const (
	Running = tasks.TaskRunning
	Done    = tasks.TaskDone
	Failed  = tasks.TaskError
)

// Sections of a course that can be written again.
const (
	SectionLessons = tasks.SectionLessons
	SectionItems   = tasks.SectionItems
	SectionSummary = tasks.SectionSummary
)

// FaultCancelled is the code of the fault of a cancelled task.
const FaultCancelled = tasks.FaultCancelled

// ProgressActivities keeps a task's row in step with its workflow.
type ProgressActivities struct {
	DB *gorm.DB
	// Enqueuer returns the outbox messages that follow when a course is READY for the first time.
	Enqueuer notify.Enqueuer
	// Signer signs what courses are made of; nil: they have no manifest.
	Signer *manifest.Signer
	Log    *slog.Logger
}

// RecordInput is a series of consecutive events.
type RecordInput struct {
	TaskID uuid.UUID `json:"task_id"`
	Events []Event   `json:"events"`
}

// Recorded is what became of events.
type Recorded struct {
	// Urgency is that of the task now, 1 (the highest) to 5.
	Urgency int `json:"urgency,omitempty"`
	// Events are those of the row from the first one's seq on, where an attempt whose outcome was lost left others
	// there; nil: those that were given.
	Events []Event `json:"events,omitempty"`
}

// AddProgress appends events to the row. Key: the task, and what an event says from the first one's seq on; the
// row decides on numbers. The row of an ended task refuses events, and the error has the workflow stop.
func (s *ProgressActivities) AddProgress(ctx context.Context, in RecordInput) (Recorded, error) {
	done, err := tasks.RecordEvents(ctx, s.DB, in.TaskID, in.Events)
	return Recorded{Urgency: courses.Urgency(done.Queue), Events: done.There}, toApplicationError(err)
}

// RecordProgress is AddProgress for runs that began before that existed.
func (s *ProgressActivities) RecordProgress(ctx context.Context, in RecordInput) (urgency int, err error) {
	done, err := s.AddProgress(ctx, in)
	return done.Urgency, err
}

// FinishInput is the end of a task.
type FinishInput struct {
	TaskID uuid.UUID `json:"task_id"`
	// Rest is what the row may lack, the last event last.
	Rest []Event `json:"rest"`
	// Generation describes how the course was generated; nil when that was never known.
	Generation *Generation `json:"generation,omitempty"`
	// Research is the outcome of the search for sources; nil when the run did not search.
	Research *Research `json:"research,omitempty"`
}

// Generation describes how a course was generated.
type Generation = courses.Generation

// FinishTask ends a task that writes no course. Key: the task's state; a task that has ended
// stays as it is, and is returned so.
func (s *ProgressActivities) FinishTask(ctx context.Context, in FinishInput) (Recorded, error) {
	return s.end(ctx, in, func(in FinishInput) error { return tasks.FinishTask(ctx, s.DB, in.TaskID, in.Rest) })
}

// end ends a task. When Postgres refuses what its last events and its generation say, it ends without.
func (s *ProgressActivities) end(ctx context.Context, in FinishInput, finish func(FinishInput) error) (done Recorded, err error) {
	if err = finish(in); store.IsRefusedData(err) {
		err = finish(in.withoutTexts())
	}
	if err == nil {
		done.Events, err = tasks.EventsAfter(ctx, s.DB, in.TaskID, in.Rest[0].Seq-1)
	}
	return done, toApplicationError(err)
}

// withoutTexts returns the end of the same task without anything that was said from outside.
func (in FinishInput) withoutTexts() FinishInput {
	rest := slices.Clone(in.Rest)
	for i := range rest {
		rest[i].Message, rest[i].Result = "", nil
		if fault := rest[i].Fault; fault != nil {
			rest[i].Fault = &Fault{Code: FailureInternal, Message: "The reason could not be stored.", CancelledByUser: fault.CancelledByUser}
			if fault.Cancelled() {
				rest[i].Fault.Code, rest[i].Fault.Message = FaultCancelled, "The task was cancelled."
			}
		}
	}
	in.Rest, in.Generation = rest, nil
	return in
}

// SettleCourse ends the task and its course in one transaction. Key: the task's state;
// a task that has ended stays as it is, and is returned so. Exports and broadcasts started before FinishTask
// existed end here too.
func (s *ProgressActivities) SettleCourse(ctx context.Context, in FinishInput) (Recorded, error) {
	task, err := tasks.AnyTask(ctx, s.DB, in.TaskID)
	if err != nil {
		return Recorded{}, toApplicationError(err)
	}
	if !task.MakesCourse() {
		return s.FinishTask(ctx, in)
	}
	return s.end(ctx, in, func(in FinishInput) error {
		gen := Generation{}
		if in.Generation != nil {
			gen = *in.Generation
			at := in.Rest[len(in.Rest)-1].At
			gen.GeneratedAt = &at
		}
		if in.Research != nil {
			gen.SitesUnreachable = &in.Research.SitesUnreachable
		}
		return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			if err := courses.FinishCourse(ctx, tx, in.TaskID, in.Rest, gen, s.Enqueuer); err != nil {
				return err
			}
			// Also of a task that has ended: one that was cancelled may have changed lessons.
			if err := courses.Attest(ctx, tx, task.ResultID, s.Signer, in.Rest[len(in.Rest)-1].At); err != nil {
				s.Log.WarnContext(ctx, "a course has no manifest", "course_id", task.ResultID, "error", err)
			}
			return nil
		})
	})
}
