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
