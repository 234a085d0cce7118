package tasks_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestEventsMoveTheRowOnceAndOnlyForward(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := fixture.Asked(t)
	recorded := []tasks.TaskEvent{fixture.Event(2, tasks.TaskRunning, 5), fixture.Event(3, tasks.TaskRunning, 40)}
	for _, some := range [][]tasks.TaskEvent{recorded, recorded, recorded[:1]} {
		_, err := tasks.RecordEvents(ctx, db, task.ID, some)
		require.NoError(t, err)
	}
	row, err := tasks.FindTask(ctx, db, user, task.ID)
	require.NoError(t, err)
	require.EqualValues(t, 3, row.Seq)
	require.Equal(t, 40, row.Progress)
	require.Equal(t, fixture.FirstEvent, row.StartedAt.UTC())

	require.NoError(t, courses.FinishCourse(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(4, tasks.TaskDone, 100)}, courses.Generation{}, notify.Enqueuer{}))
	_, err = tasks.RecordEvents(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(5, tasks.TaskRunning, 50)})
	require.Equal(t, store.Conflict, store.CodeOf(err))
	require.NoError(t, courses.FinishCourse(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(5, tasks.TaskError, 50)}, courses.Generation{}, notify.Enqueuer{}))
	events, err := tasks.EventsAfter(ctx, db, task.ID, 0)
	require.NoError(t, err)
	require.Len(t, events, 4)
	require.Equal(t, tasks.TaskDone, events[3].State)
	require.Equal(t, "DONE 100", status(t, db, task.ID))
}

// TestEventsOfALostAttemptStay has an attempt record events, and another one that knows nothing of it, and of more: what is
// in the row stays as it is, and the rest follows.
func TestEventsOfALostAttemptStay(t *testing.T) {
	t.Parallel()
	ctx, db, _, task := fixture.Asked(t)
	said := func(seq int64, percent int, message string) tasks.TaskEvent {
		e := fixture.Event(seq, tasks.TaskRunning, percent)
		e.Message = message
		return e
	}
	lost := []tasks.TaskEvent{said(2, 50, "one is ready"), said(3, 60, "three begins")}
	done, err := tasks.RecordEvents(ctx, db, task.ID, lost)
	require.NoError(t, err)
	require.Equal(t, tasks.Recorded{Queue: tasks.Queue{Running: 1}}, done, "as they were given")
	again := []tasks.TaskEvent{said(2, 50, "one is ready"), said(3, 55, "two is ready"), said(4, 55, "three begins"), said(5, 55, "three begins")}
	done, err = tasks.RecordEvents(ctx, db, task.ID, again)
	require.NoError(t, err)
	require.Equal(t, tasks.Queue{Running: 1}, done.Queue)
	var all []string
	for _, e := range done.There {
		all = append(all, fmt.Sprint(e.Seq, " ", e.Progress, " ", e.Message))
	}
	require.Equal(t, []string{"2 50 one is ready", "3 60 three begins", "4 60 two is ready", "5 60 three begins"}, all)
	require.NoError(t, courses.FinishCourse(ctx, db, task.ID, append(again[1:], fixture.Event(6, tasks.TaskDone, 100)), courses.Generation{}, notify.Enqueuer{}))
	events, err := tasks.EventsAfter(ctx, db, task.ID, 4)
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, tasks.TaskDone, events[1].State)
}

func status(t *testing.T, db *gorm.DB, id uuid.UUID) string {
	t.Helper()
	var row tasks.Task
	require.NoError(t, db.First(&row, "id = ?", id).Error)
	return fmt.Sprintf("%s %d", row.State, row.Progress)
}

func TestCancelBeforeTheStartEndsTheTaskAtOnce(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := fixture.Asked(t)
	message := store.OutboxMessage{ID: store.NewID(), Action: store.OutboxCancel, WorkflowID: task.WorkflowID, Input: []byte("null"), SearchAttributes: map[string]string{}, CreatedAt: fixture.Start, DueAt: fixture.Start}
	stranger := fixture.AddUser(t, db)
	require.Equal(t, store.NotFound, store.CodeOf(courses.CancelTask(ctx, db, stranger, task.ID, message, fixture.Start)))
	require.NoError(t, courses.CancelTask(ctx, db, user, task.ID, message, fixture.Start))
	row, err := tasks.FindTask(ctx, db, user, task.ID)
	require.NoError(t, err)
	require.Equal(t, tasks.TaskError, row.State)
	require.True(t, row.Fault.Cancelled())
	course, err := courses.FindCourse(ctx, db, user, task.ResultID)
	require.NoError(t, err)
	require.Equal(t, courses.CourseError, course.Status)
	require.EqualValues(t, 1, fixture.Count(t, db, "outbox"), "the cancel stays, the start is gone")
	require.Equal(t, store.Conflict, store.CodeOf(courses.CancelTask(ctx, db, user, task.ID, message, fixture.Start)))
}
