package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// TestATaskWithoutACourseEnds by its own activity, or by SettleCourse for runs started before
// FinishTask existed.
func TestATaskWithoutACourseEnds(t *testing.T) {
	t.Parallel()
	for name, finish := range map[string]func(*activities.ProgressActivities, activities.FinishInput) error{
		"new run": func(s *activities.ProgressActivities, in activities.FinishInput) error {
			return s.FinishTask(t.Context(), in)
		},
		"old run": func(s *activities.ProgressActivities, in activities.FinishInput) error {
			return s.SettleCourse(t.Context(), in)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, db, export := exporting(t)
			task := tasks.NewTask(store.NewID(), export.UserID, export.ID, e.Clock())
			task.TaskType, task.WorkflowID, task.RequestHash = tasks.TaskAccountExport, "export-account/"+task.ID.String(), make([]byte, 32)
			require.NoError(t, db.Create(&task).Error)
			done := activities.Event{Seq: 2, State: activities.Done, Progress: 100, Step: "done", At: e.Clock()}
			for range 2 {
				require.NoError(t, finish(&activities.ProgressActivities{DB: db}, activities.FinishInput{TaskID: task.ID, Rest: []activities.Event{done}}))
			}
			row, err := tasks.AnyTask(t.Context(), db, task.ID)
			require.NoError(t, err)
			require.Equal(t, tasks.TaskDone, row.State)
			require.EqualValues(t, 2, row.Seq)
		})
	}
}
