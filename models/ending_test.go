package models_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

func cancelOf(task models.Task) models.OutboxEntry {
	return models.OutboxEntry{
		ID: models.NewID(), Action: models.OutboxCancel, WorkflowID: task.WorkflowID, Input: []byte("null"),
		Labels: map[string]string{}, CreatedAt: start, DueAt: start,
	}
}

func taskRow(t *testing.T, db *gorm.DB, id uuid.UUID) (row models.Task) {
	t.Helper()
	require.NoError(t, db.First(&row, "id = ?", id).Error)
	return row
}

// TestADeletedCourseEndsItsTask here and now, whether or not a worker lives, and lets the next
// of its learner's line go on.
func TestADeletedCourseEndsItsTask(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), modelstest.New(t)
	user := addUser(t, db)
	tasks := make([]models.Task, 4)
	for i := range tasks {
		var err error
		tasks[i], _, err = generate(t, db, user, nil, "course")
		require.NoError(t, err)
	}
	first, inLine, next := tasks[0], tasks[2], tasks[3]
	require.NoError(t, db.Delete(&models.OutboxEntry{}, "workflow_id = ?", first.WorkflowID).Error) // it has begun
	for _, task := range []models.Task{inLine, first} {
		promised, err := models.DeleteCourse(ctx, db, user, task.ResultID, cancelOf, func(models.Course) error { return nil })
		require.NoError(t, err)
		require.Len(t, promised, 1, "its workflow is cancelled all the same")
		row := taskRow(t, db, task.ID)
		require.Equal(t, models.TaskError, row.State)
		require.True(t, row.Fault.Cancelled())
		require.EqualValues(t, 2, row.Seq)
	}
	var starts []models.OutboxEntry
	require.NoError(t, db.Order("id").Find(&starts, "action = 'start'").Error)
	require.Len(t, starts, 2, "what was in line does not begin")
	require.Equal(t, next.WorkflowID, starts[1].WorkflowID)
	require.False(t, starts[1].Held, "the next goes on")
}

// TestACancelWaitsForItsAnswer until the task has ended, however that comes about.
func TestACancelWaitsForItsAnswer(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := asked(t)
	require.NoError(t, db.Delete(&models.OutboxEntry{}, "workflow_id = ?", task.WorkflowID).Error)
	cancel := cancelOf(task)
	require.NoError(t, models.CancelTask(ctx, db, user, task.ID, cancel, start))
	require.NoError(t, models.MarkCancelRequested(ctx, db, cancel.ID, start, start.Add(30*time.Second)))
	due, err := models.LeaseOutbox(ctx, db, false, start.Add(29*time.Second), start.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Empty(t, due)
	state, err := models.LookAtOutbox(ctx, db, start.Add(29*time.Second))
	require.NoError(t, err)
	require.Zero(t, state.Due, "it was passed on")
	due, err = models.LeaseOutbox(ctx, db, false, start.Add(31*time.Second), start.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.NotNil(t, due[0].CancelRequestedAt)
	for range 2 {
		require.NoError(t, models.EndCancelledWorkflow(ctx, db, task.WorkflowID, start.Add(31*time.Second)))
	}
	row := taskRow(t, db, task.ID)
	require.True(t, row.Fault.CancelledByUser)
	var course models.Course
	require.NoError(t, db.First(&course, "id = ?", task.ResultID).Error)
	require.Equal(t, models.CourseError, course.Status)
	require.Zero(t, count(t, db, "outbox"), "an answered cancel is done")
}

// TestATaskWithoutACourseEndsAsItself leaves every course alone, even one that has the id of its
// result, and is not ended as a course's task.
func TestATaskWithoutACourseEndsAsItself(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, finish := range map[string]func(db *gorm.DB, task models.Task) error{
		"finished": func(db *gorm.DB, task models.Task) error {
			return models.FinishTask(ctx, db, task.ID, []models.TaskEvent{event(2, models.TaskDone, 100)})
		},
		"ended from outside": func(db *gorm.DB, task models.Task) error {
			return models.EndTask(ctx, db, task, models.CancelledEvent(2, 5, start), models.Enqueuer{})
		},
		"cancelled before its start": func(db *gorm.DB, task models.Task) error {
			return models.CancelTask(ctx, db, task.UserID, task.ID, cancelOf(task), start)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, db, user, writing := asked(t)
			task := models.NewTask(models.NewID(), user, writing.ResultID, start)
			task.TaskType, task.WorkflowID, task.RequestHash = models.TaskAccountExport, "export-account/"+task.ID.String(), digest("export")
			require.NoError(t, db.Exec("UPDATE tasks SET state = 'DONE', completed_at = now() WHERE id = ?", writing.ID).Error)
			require.NoError(t, db.Create(&task).Error)
			require.NoError(t, models.Promise(ctx, db, promiseOf(models.OutboxStart, task.WorkflowID, start)))
			refused := models.FinishCourse(ctx, db, task.ID, []models.TaskEvent{event(2, models.TaskDone, 100)}, models.Generation{}, models.Enqueuer{})
			require.Equal(t, models.Invalid, models.CodeOf(refused))
			require.Equal(t, models.TaskQueued, taskRow(t, db, task.ID).State)
			require.NoError(t, finish(db, task))
			row := taskRow(t, db, task.ID)
			require.True(t, row.State.Ended())
			require.NoError(t, models.FinishTask(ctx, db, task.ID, []models.TaskEvent{event(9, models.TaskError, 100)}), "it has ended")
			require.Equal(t, row.State, taskRow(t, db, task.ID).State)
			var course models.Course
			require.NoError(t, db.First(&course, "id = ?", writing.ResultID).Error)
			require.Equal(t, models.CourseGenerating, course.Status)
		})
	}
}

// TestTheBackgroundIsLeasedApart however much of it is due before.
func TestTheBackgroundIsLeasedApart(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), modelstest.New(t)
	for i := range 20 {
		e := models.OutboxEntry{ID: models.NewID(), Action: models.OutboxStart, Workflow: "w", WorkflowID: uuid.NewString(), Input: []byte("null"), Labels: map[string]string{}, CreatedAt: start, DueAt: start}
		if e.Background = i < 19; !e.Background {
			e.DueAt = start.Add(time.Minute)
		}
		require.NoError(t, models.Promise(ctx, db, e))
	}
	now := start.Add(time.Hour)
	due, ok, err := models.NextPromise(ctx, db, false)
	require.NoError(t, err)
	require.True(t, ok)
	require.True(t, due.Equal(start.Add(time.Minute)))
	waited, err := models.LeaseOutbox(ctx, db, false, now, now.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, waited, 1)
	require.False(t, waited[0].Background)
	rest, err := models.LeaseOutbox(ctx, db, true, now, now.Add(time.Minute), 100)
	require.NoError(t, err)
	require.Len(t, rest, 19)
}
