package workflows

import (
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
// them: a query may see a workflow task that is never completed, when its worker dies,
// and in the next one the same seq may be another event.
type progressTracker struct {
	task     uuid.UUID
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
	s := &progressTracker{task: in.TaskID, first: in.Seq + 1, progress: in.Progress, started: now(ctx)}
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
	s.progress = max(s.progress, percent)
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
	var row *activities.ProgressActivities
	for {
		if workflow.Await(ctx, func() bool { return s.recorded < len(s.events) }) != nil {
			return
		}
		upto := len(s.events)
		in := activities.RecordInput{TaskID: s.task, Events: s.events[s.recorded:upto]}
		err := workflow.ExecuteActivity(quick(ctx, recorded(in.Events)), row.RecordProgress, in).Get(ctx, &s.urgency)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.refused = err
			return
		}
		s.recorded = max(s.recorded, upto) // the end may have been recorded meanwhile
	}
}

// finishTask commits the last event of a task that writes no course.
func (s *progressTracker) finishTask(ctx workflow.Context, last activities.Event) error {
	var row *activities.ProgressActivities
	finish := row.FinishTask
	if workflow.GetVersion(ctx, "FinishTask", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
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
// only then has the query return it.
func (s *progressTracker) finish(ctx workflow.Context, last activities.Event, activity any, in activities.FinishInput) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	last.Seq, last.At, last.StartedAt, last.Result = s.next(), now(ctx), &s.started, s.result
	in.TaskID, in.Rest = s.task, append(append([]activities.Event{}, s.events[s.recorded:]...), last)
	if err := workflow.ExecuteActivity(quick(ctx, recorded(in.Rest)), activity, in).Get(ctx, nil); err != nil {
		return err
	}
	s.events = append(s.events, last)
	s.recorded = len(s.events)
	s.showDetails(ctx)
	return nil
}
