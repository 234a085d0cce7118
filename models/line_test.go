package models_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

// promises are the user's promises to start, in the order of asking.
func promises(t *testing.T, db *gorm.DB, user uuid.UUID) []models.OutboxEntry {
	t.Helper()
	var entries []models.OutboxEntry
	require.NoError(t, db.Order("id").Find(&entries, "user_id = ? AND action = 'start'", user).Error)
	return entries
}

func end(t *testing.T, db *gorm.DB, task models.Task) {
	t.Helper()
	require.NoError(t, db.Delete(&models.OutboxEntry{}, "workflow_id = ?", task.WorkflowID).Error) // its start was kept
	last := event(2, models.TaskError, 10)
	require.NoError(t, models.EndTask(context.Background(), db, task, last, models.Enqueuer{}))
}

func TestOnlySoManyOfAUsersGenerationsGoOnAtATime(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), modelstest.New(t)
	user, other := addUser(t, db), addUser(t, db)
	tasks := make([]models.Task, 5)
	for i := range tasks {
		var err error
		tasks[i], _, err = generate(t, db, user, nil, fmt.Sprint("course ", i))
		require.NoError(t, err)
	}
	held := func() (found []bool) {
		for _, p := range promises(t, db, user) {
			found = append(found, p.Held)
		}
		return found
	}
	require.Equal(t, []bool{false, false, true, true, true}, held())
	due, err := models.LeaseOutbox(ctx, db, false, start.Add(time.Hour), start.Add(2*time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, due, 2, "what is held is not due")
	stale, err := models.StaleTasks(ctx, db, start.Add(time.Hour), uuid.Nil, 10)
	require.NoError(t, err)
	require.Len(t, stale, 2, "who waits in line is not stale")

	end(t, db, tasks[0])
	require.Equal(t, []bool{false, false, true, true}, held(), "the oldest in line goes on")
	line, err := models.LineOf(ctx, db, user)
	require.NoError(t, err)
	require.Equal(t, models.Line{Running: 2, Waiting: 2}, line)

	cancel := models.OutboxEntry{ID: models.NewID(), Action: models.OutboxCancel, WorkflowID: tasks[3].WorkflowID, Input: []byte("null"), Labels: map[string]string{}, CreatedAt: start, DueAt: start}
	require.NoError(t, models.CancelTask(ctx, db, user, tasks[3].ID, cancel, start))
	require.Equal(t, []bool{false, false, true}, held(), "one cancelled in line makes no room")

	_, _, err = generate(t, db, other, nil, "another's")
	require.NoError(t, err)
	theirs := promises(t, db, other)
	require.False(t, theirs[0].Held)
	require.Less(t, theirs[0].Priority, promises(t, db, user)[1].Priority, "the only one of a user goes before")
}

func TestOneInLineWithNobodyBeforeGoesOn(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), modelstest.New(t)
	user := addUser(t, db)
	for i := range 3 {
		_, _, err := generate(t, db, user, nil, fmt.Sprint("course ", i))
		require.NoError(t, err)
	}
	require.NoError(t, models.AdmitStranded(ctx, db, start))
	require.True(t, promises(t, db, user)[2].Held, "two run")
	require.NoError(t, db.Exec("DELETE FROM tasks WHERE workflow_id IN (SELECT workflow_id FROM outbox WHERE NOT held)").Error)
	require.NoError(t, models.AdmitStranded(ctx, db, start))
	require.False(t, promises(t, db, user)[2].Held)
}

func TestADaysTokensAreABound(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), modelstest.New(t)
	user := addUser(t, db)
	ask := func(key string, quota models.Quota) error {
		taskID, courseID := models.GenerationIDs(user, &key)
		task := models.NewTask(taskID, user, courseID, start)
		task.WorkflowID, task.IdempotencyKey, task.RequestHash = "generate-course/"+key, &key, make([]byte, 32)
		course := models.Course{ID: courseID, OwnerUserID: user, Title: key, Topic: key, Status: models.CourseGenerating, DifficultyLevel: "beginner", CreatedAt: start, UpdatedAt: start}
		promise := models.OutboxEntry{ID: models.NewID(), Action: models.OutboxStart, WorkflowID: task.WorkflowID, Input: []byte("{}"), Labels: map[string]string{}, CreatedAt: start, DueAt: start}
		_, _, err := models.CreateGeneration(ctx, db, models.Request{Task: task, Course: course, Promise: promise}, quota)
		return err
	}
	quota := models.Quota{AtOnce: 2, DailyTokens: models.TypicalTokens + 10}
	for i, at := range []time.Time{start.Add(-24 * time.Hour), start} {
		call := models.ModelCall{ID: models.NewID(), UserID: user, CourseID: models.NewID(), Kind: "lesson", InputTokens: 4, OutputTokens: 5 * (1 + 1000*(1-i)), At: at}
		require.NoError(t, models.SaveModelCall(ctx, db, call))
	}
	require.NoError(t, ask("one", quota), "yesterday does not count")
	require.NoError(t, ask("two", quota), "nine tokens and one open course are less than the bound")
	err := ask("three", quota)
	require.Equal(t, models.RateLimited, models.CodeOf(err))
	var coded *models.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, 12*time.Hour, coded.RetryAfter, "until midnight")
	require.NoError(t, ask("one", quota), "a replay is no new course")

	days, err := models.UsageByDay(ctx, db, user, start.Add(-48*time.Hour))
	require.NoError(t, err)
	require.Len(t, days, 2)
	require.EqualValues(t, 9, days[0].InputTokens+days[0].OutputTokens)
}
