package workflows

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// ProgressAnswer is the result of the query "progress".
type ProgressAnswer struct {
	// Events are those after the requested seq, in order.
	Events []activities.Event `json:"events"`
	// Seq is that of the newest event.
	Seq int64 `json:"seq"`
}

// progressTracker holds the progress of a task that its workflow reports. Events are
// numbered without a gap from the seq of the task's row at the start; progress never
// falls. A coroutine writes new events to the row, and only then does the query return
// them: a workflow task is never completed when its worker dies, and in the next one the
// same seq may be another event. What of the first is in the row by then stays.
type progressTracker struct {
	task     uuid.UUID
	lean     bool  // see leanRuns
	held     bool  // what was reported is recorded with what follows, which is to come within moments
	first    int64 // seq of events[0]
	progress int
	started  time.Time
	events   []activities.Event
	recorded int               // events[:recorded] are in the row
	urgency  int               // of the task's inference, as last returned with the row; 0 before
	result   activities.Result // counts so far; nil: nothing to count
	refused  error             // why the row refused an event
}

// startProgress registers the query and starts recording. giveUp is called when the row
// refuses an event, which happens when the task was ended from outside.
func startProgress(ctx workflow.Context, in TaskInput, giveUp workflow.CancelFunc) (*progressTracker, error) {
	s := &progressTracker{task: in.TaskID, lean: isLean(ctx), first: in.Seq + 1, progress: in.Progress, started: now(ctx)}
	err := workflow.SetQueryHandlerWithOptions(ctx, QueryProgress, s.after, workflow.QueryHandlerOptions{
		Description: "The state of the task and every event after the given seq.",
	})
	workflow.Go(ctx, func(ctx workflow.Context) {
		s.record(ctx)
		if s.refused != nil {
			giveUp()
		}
	})
	return s, err
}

func (s *progressTracker) after(since int64) (ProgressAnswer, error) {
	sure := int64(s.recorded)
	from := min(max(since+1-s.first, 0), sure)
	return ProgressAnswer{Events: s.events[from:sure], Seq: s.first + sure - 1}, nil
}

func (s *progressTracker) next() int64 { return s.first + int64(len(s.events)) }

// reportProgress adds an event. Its percent is raised to the highest so far.
func (s *progressTracker) reportProgress(ctx workflow.Context, percent int, step, message string) {
	s.progress, s.held = max(s.progress, percent), false
	s.events = append(s.events, activities.Event{
		Seq: s.next(), State: activities.Running, Progress: s.progress,
		Step: step, Message: message, At: now(ctx), StartedAt: &s.started, Result: s.result,
	})
	s.showDetails(ctx)
}

// now returns the workflow's time, in the precision of Postgres.
func now(ctx workflow.Context) time.Time { return workflow.Now(ctx).UTC().Truncate(time.Microsecond) }

// record writes events to the row as they come, several at once when they come
// faster, until the context ends.
func (s *progressTracker) record(ctx workflow.Context) {
	for {
		if workflow.Await(ctx, func() bool { return !s.held && s.recorded < len(s.events) }) != nil {
			return
		}
		if s.lean {
			afterOthers(ctx)
		}
		from, upto := s.recorded, len(s.events)
		done, err := s.write(ctx, activities.RecordInput{TaskID: s.task, Events: s.events[from:upto]})
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.refused = err
			return
		}
		s.urgency = done.Urgency
		if s.recorded == from { // else the end was recorded meanwhile
			s.keep(from, upto, done.Events)
		}
	}
}

// afterOthers waits until all that can go on now has gone on, so that what several report at one time is written
// together.
func afterOthers(ctx workflow.Context) {
	last, done := workflow.NewFuture(ctx)
	workflow.Go(ctx, func(workflow.Context) { done.SetValue(nil) })
	_ = last.Get(ctx, nil) // it has no error
}

func (s *progressTracker) write(ctx workflow.Context, in activities.RecordInput) (done activities.Recorded, err error) {
	var row *activities.ProgressActivities
	if s.lean {
		err = s.database(ctx, recorded(in.Events), row.AddProgress, in).Get(ctx, &done)
	} else {
		err = s.database(ctx, recorded(in.Events), row.RecordProgress, in).Get(ctx, &done.Urgency)
	}
	return done, err
}

// keep notes that the row has the events before upto. Where it has others from an index on, those count, and what was
// reported since follows them.
func (s *progressTracker) keep(from, upto int, others []activities.Event) {
	if others != nil {
		since := s.events[upto:]
		s.events = append(slices.Clone(s.events[:from]), others...)
		upto = len(s.events)
		percent := s.events[upto-1].Progress
		for _, e := range since {
			e.Seq, e.Progress = s.next(), max(e.Progress, percent)
			s.events = append(s.events, e)
		}
		s.progress = max(s.progress, percent)
	}
	s.recorded = upto
}

// finishTask commits the last event of a task that writes no course.
func (s *progressTracker) finishTask(ctx workflow.Context, last activities.Event) error {
	var row *activities.ProgressActivities
	finish := row.FinishTask
	if !s.lean && workflow.GetVersion(ctx, "FinishTask", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		finish = row.SettleCourse // the run began before FinishTask existed
	}
	return s.finish(ctx, last, finish, activities.FinishInput{})
}

// finishCourse commits the last event together with the course's final state.
func (s *progressTracker) finishCourse(ctx workflow.Context, last activities.Event, gen *activities.Generation, found *activities.Research) error {
	var row *activities.ProgressActivities
	return s.finish(ctx, last, row.SettleCourse, activities.FinishInput{Generation: gen, Research: found})
}

// finish commits the last event, and what else the input says, by an activity, even when ctx was cancelled, and
// only then has the query return it. A task that has ended already stays as it is: see isDone.
func (s *progressTracker) finish(ctx workflow.Context, last activities.Event, activity any, in activities.FinishInput) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	last.Seq, last.At, last.StartedAt, last.Result = s.next(), now(ctx), &s.started, s.result
	from := s.recorded
	in.TaskID, in.Rest = s.task, append(append([]activities.Event{}, s.events[from:]...), last)
	var done activities.Recorded
	if err := s.database(ctx, recorded(in.Rest), activity, in).Get(ctx, &done); err != nil {
		return err
	}
	s.events = append(s.events, last)
	s.keep(from, len(s.events), done.Events)
	s.showDetails(ctx)
	return nil
}

// isDone reports whether the task has ended as done, by a workflow task that was lost if not by this one.
func (s *progressTracker) isDone() bool {
	return s.recorded > 0 && s.events[s.recorded-1].State == activities.Done
}

// database executes an activity that reads and writes the database and nothing else.
func (s *progressTracker) database(ctx workflow.Context, summary string, activity any, args ...any) workflow.Future {
	if s.lean {
		return workflow.ExecuteLocalActivity(local(ctx, summary), activity, args...)
	}
	return workflow.ExecuteActivity(quick(ctx, summary), activity, args...)
}
