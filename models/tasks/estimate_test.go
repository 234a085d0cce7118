package tasks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

// ran adds a task that took so long and ended at a time.
func ran(t *testing.T, db *gorm.DB, user uuid.UUID, took time.Duration, end time.Time, change func(*tasks.Task)) {
	t.Helper()
	start := end.Add(-took)
	task := tasks.NewTask(store.NewID(), user, store.NewID(), start.Add(-time.Hour)) // queued for an hour
	task.WorkflowID, task.RequestHash = task.ID.String(), make([]byte, 32)
	task.State, task.StartedAt, task.CompletedAt = tasks.TaskDone, &start, &end
	if change != nil {
		change(&task)
	}
	require.NoError(t, db.Create(&task).Error)
}

func TestAnEstimateIsTheMedianOfTheLastRuns(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user := fixture.AddUser(t, db)
	usual := func(kind string) int {
		minutes, err := tasks.UsualMinutes(db, kind)
		require.NoError(t, err)
		return minutes
	}
	at := fixture.Start
	next := func() time.Time {
		at = at.Add(time.Minute)
		return at
	}
	require.Equal(t, 5, usual(tasks.TaskCourseGeneration))
	ran(t, db, user, 2*time.Minute, next(), nil)
	ran(t, db, user, 200*time.Second, next(), nil)
	require.Equal(t, 5, usual(tasks.TaskCourseGeneration), "two say nothing")
	for range 9 {
		ran(t, db, user, 3*time.Hour, next(), func(task *tasks.Task) { task.Spec.Review = true })
		ran(t, db, user, time.Second, next(), func(task *tasks.Task) { task.TaskType = tasks.TaskCourseRegeneration })
		ran(t, db, user, time.Second, next(), func(task *tasks.Task) {
			task.State, task.Fault = tasks.TaskError, &tasks.TaskFault{Code: "x", Message: "y"}
		})
	}
	ran(t, db, user, 20*time.Minute, next(), nil)
	require.Equal(t, 4, usual(tasks.TaskCourseGeneration), "the middle one, in whole minutes")
	require.Equal(t, 1, usual(tasks.TaskCourseRegeneration), "no less than a minute")
	for range 20 {
		ran(t, db, user, 90*time.Hour, next(), nil)
	}
	require.Equal(t, 1440, usual(tasks.TaskCourseGeneration), "of the last 20, no more than a day")
}

func TestAnEstimateReadsTheLastRunsOnly(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	var plan []string
	require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
		require.NoError(t, tx.Exec("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off").Error)
		return tx.Raw("EXPLAIN "+tasks.LastRunsSQL, tasks.TaskCourseGeneration).Scan(&plan).Error
	}))
	whole := strings.Join(plan, "\n")
	require.Contains(t, whole, "Index Scan using tasks_last_runs_idx")
	require.Equal(t, 1, strings.Count(whole, "Index Cond"))
	require.NotContains(t, whole, "Filter:")
}
