package tasks_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

func cancelOf(task tasks.Task) store.OutboxMessage {
	return store.OutboxMessage{
		ID: store.NewID(), Action: store.OutboxCancel, WorkflowID: task.WorkflowID, Input: []byte("null"),
		SearchAttributes: map[string]string{}, CreatedAt: fixture.Start, DueAt: fixture.Start,
	}
}

func taskRow(t *testing.T, db *gorm.DB, id uuid.UUID) (row tasks.Task) {
	t.Helper()
	require.NoError(t, db.First(&row, "id = ?", id).Error)
	return row
}

// TestADeletedCourseEndsItsTask checks that the task ends at once, with or without a worker, and that
// the next of its learner's queue is released.
func TestADeletedCourseEndsItsTask(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), storetest.New(t)
	user := fixture.AddUser(t, db)
	queued := make([]tasks.Task, 4)
	for i := range queued {
		var err error
		queued[i], _, err = fixture.Generate(t, db, user, nil, "course")
		require.NoError(t, err)
	}
	first, inLine, next := queued[0], queued[2], queued[3]
	require.NoError(t, db.Delete(&store.OutboxMessage{}, "workflow_id = ?", first.WorkflowID).Error) // it has begun
	for _, task := range []tasks.Task{inLine, first} {
		enqueued, err := courses.DeleteCourse(ctx, db, user, task.ResultID, cancelOf, func(courses.Course) error { return nil })
		require.NoError(t, err)
		require.Len(t, enqueued, 1, "its workflow is cancelled all the same")
		row := taskRow(t, db, task.ID)
		require.Equal(t, tasks.TaskError, row.State)
		require.True(t, row.Fault.Cancelled())
		require.EqualValues(t, 2, row.Seq)
	}
	var starts []store.OutboxMessage
	require.NoError(t, db.Order("id").Find(&starts, "action = 'start'").Error)
	require.Len(t, starts, 2, "the waiting task does not start")
	require.Equal(t, next.WorkflowID, starts[1].WorkflowID)
	require.False(t, starts[1].Waiting, "the next goes on")
}

// TestACancelWaitsForItsAnswer until the task has ended, however that comes about.
func TestACancelWaitsForItsAnswer(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := fixture.Asked(t)
	require.NoError(t, db.Delete(&store.OutboxMessage{}, "workflow_id = ?", task.WorkflowID).Error)
	cancel := cancelOf(task)
	require.NoError(t, courses.CancelTask(ctx, db, user, task.ID, cancel, fixture.Start))
	require.NoError(t, store.MarkCancelRequested(ctx, db, cancel.ID, fixture.Start, fixture.Start.Add(30*time.Second)))
	due, err := store.LeaseOutbox(ctx, db, false, fixture.Start.Add(29*time.Second), fixture.Start.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Empty(t, due)
	state, err := store.LookAtOutbox(ctx, db, fixture.Start.Add(29*time.Second))
	require.NoError(t, err)
	require.Zero(t, state.Due, "it was passed on")
	due, err = store.LeaseOutbox(ctx, db, false, fixture.Start.Add(31*time.Second), fixture.Start.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.NotNil(t, due[0].CancelRequestedAt)
	for range 2 {
		require.NoError(t, courses.EndCancelledWorkflow(ctx, db, task.WorkflowID, fixture.Start.Add(31*time.Second)))
	}
	row := taskRow(t, db, task.ID)
	require.True(t, row.Fault.CancelledByUser)
	var course courses.Course
	require.NoError(t, db.First(&course, "id = ?", task.ResultID).Error)
	require.Equal(t, courses.CourseError, course.Status)
	require.Zero(t, fixture.Count(t, db, "outbox"), "an answered cancel is done")
}

// TestATaskWithoutACourseEndsAsItself leaves every course alone, even one that has the id of its
// result, and is not ended as a course's task.
func TestATaskWithoutACourseEndsAsItself(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, finish := range map[string]func(db *gorm.DB, task tasks.Task) error{
		"finished": func(db *gorm.DB, task tasks.Task) error {
			return tasks.FinishTask(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(2, tasks.TaskDone, 100)})
		},
		"ended from outside": func(db *gorm.DB, task tasks.Task) error {
			return courses.EndTask(ctx, db, task, tasks.CancelledEvent(2, 5, fixture.Start), notify.Enqueuer{})
		},
		"cancelled before its start": func(db *gorm.DB, task tasks.Task) error {
			return courses.CancelTask(ctx, db, task.UserID, task.ID, cancelOf(task), fixture.Start)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, db, user, writing := fixture.Asked(t)
			task := tasks.NewTask(store.NewID(), user, writing.ResultID, fixture.Start)
			task.TaskType, task.WorkflowID, task.RequestHash = tasks.TaskAccountExport, "export-account/"+task.ID.String(), fixture.Digest("export")
			require.NoError(t, db.Exec("UPDATE tasks SET state = 'DONE', completed_at = now() WHERE id = ?", writing.ID).Error)
			require.NoError(t, db.Create(&task).Error)
			require.NoError(t, store.Enqueue(ctx, db, fixture.OutboxMessage(store.OutboxStart, task.WorkflowID, fixture.Start)))
			refused := courses.FinishCourse(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(2, tasks.TaskDone, 100)}, courses.Generation{}, notify.Enqueuer{})
			require.Equal(t, store.Invalid, store.CodeOf(refused))
			require.Equal(t, tasks.TaskQueued, taskRow(t, db, task.ID).State)
			require.NoError(t, finish(db, task))
			row := taskRow(t, db, task.ID)
			require.True(t, row.State.Ended())
			require.NoError(t, tasks.FinishTask(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(9, tasks.TaskError, 100)}), "it has ended")
			require.Equal(t, row.State, taskRow(t, db, task.ID).State)
			var course courses.Course
			require.NoError(t, db.First(&course, "id = ?", writing.ResultID).Error)
			require.Equal(t, courses.CourseGenerating, course.Status)
		})
	}
}

// TestTheBackgroundIsLeasedApart however much of it is due before.
func TestTheBackgroundIsLeasedApart(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), storetest.New(t)
	for i := range 20 {
		e := store.OutboxMessage{ID: store.NewID(), Action: store.OutboxStart, Workflow: "w", WorkflowID: uuid.NewString(), Input: []byte("null"), SearchAttributes: map[string]string{}, CreatedAt: fixture.Start, DueAt: fixture.Start}
		if e.Background = i < 19; !e.Background {
			e.DueAt = fixture.Start.Add(time.Minute)
		}
		require.NoError(t, store.Enqueue(ctx, db, e))
	}
	now := fixture.Start.Add(time.Hour)
	due, ok, err := store.NextDue(ctx, db, false)
	require.NoError(t, err)
	require.True(t, ok)
	require.True(t, due.Equal(fixture.Start.Add(time.Minute)))
	waited, err := store.LeaseOutbox(ctx, db, false, now, now.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, waited, 1)
	require.False(t, waited[0].Background)
	rest, err := store.LeaseOutbox(ctx, db, true, now, now.Add(time.Minute), 100)
	require.NoError(t, err)
	require.Len(t, rest, 19)
}
