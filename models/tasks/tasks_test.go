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
	for range 2 {
		require.NoError(t, tasks.RecordEvents(ctx, db, task.ID, recorded))
	}
	require.NoError(t, tasks.RecordEvents(ctx, db, task.ID, recorded[:1]))
	row, err := tasks.FindTask(ctx, db, user, task.ID)
	require.NoError(t, err)
	require.EqualValues(t, 3, row.Seq)
	require.Equal(t, 40, row.Progress)
	require.Equal(t, fixture.FirstEvent, row.StartedAt.UTC())

	require.NoError(t, courses.FinishCourse(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(4, tasks.TaskDone, 100)}, courses.Generation{}, notify.Enqueuer{}))
	err = tasks.RecordEvents(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(5, tasks.TaskRunning, 50)})
	require.Equal(t, store.Conflict, store.CodeOf(err))
	require.NoError(t, courses.FinishCourse(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(5, tasks.TaskError, 50)}, courses.Generation{}, notify.Enqueuer{}))
	events, err := tasks.EventsAfter(ctx, db, task.ID, 0)
	require.NoError(t, err)
	require.Len(t, events, 4)
	require.Equal(t, tasks.TaskDone, events[3].State)
	require.Equal(t, "DONE 100", status(t, db, task.ID))
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
