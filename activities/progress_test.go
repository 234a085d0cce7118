package activities_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/manifest"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// TestATaskWithoutACourseEnds by its own activity, or by SettleCourse for runs started before
// FinishTask existed.
func TestATaskWithoutACourseEnds(t *testing.T) {
	t.Parallel()
	for name, finish := range map[string]func(*activities.ProgressActivities, activities.FinishInput) (activities.Recorded, error){
		"new run": func(s *activities.ProgressActivities, in activities.FinishInput) (activities.Recorded, error) {
			return s.FinishTask(t.Context(), in)
		},
		"old run": func(s *activities.ProgressActivities, in activities.FinishInput) (activities.Recorded, error) {
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
				end, err := finish(&activities.ProgressActivities{DB: db}, activities.FinishInput{TaskID: task.ID, Rest: []activities.Event{done}})
				require.NoError(t, err)
				require.Len(t, end.Events, 1)
				require.Equal(t, activities.Done, end.Events[0].State)
			}
			row, err := tasks.AnyTask(t.Context(), db, task.ID)
			require.NoError(t, err)
			require.Equal(t, tasks.TaskDone, row.State)
			require.EqualValues(t, 2, row.Seq)
		})
	}
}

// TestATaskEndsWhateverWasSaid: what Postgres refuses, a zero byte here, must keep no task from ending.
func TestATaskEndsWhateverWasSaid(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"model_misconfigured": activities.FailureInternal, activities.FaultCancelled: activities.FaultCancelled} {
		ctx, db, _, task := fixture.Asked(t)
		last := fixture.Event(task.Seq+1, activities.Failed, 10)
		last.Message = "The server says \x00."
		last.Fault = &activities.Fault{Code: code, Message: last.Message, CancelledByUser: code == activities.FaultCancelled}
		s := &activities.ProgressActivities{DB: db}
		_, err := s.SettleCourse(ctx, activities.FinishInput{
			TaskID: task.ID, Rest: []activities.Event{last}, Generation: &activities.Generation{Provider: "a\x00b"},
		})
		require.NoError(t, err)
		row, err := tasks.AnyTask(ctx, db, task.ID)
		require.NoError(t, err)
		require.Equal(t, tasks.TaskError, row.State)
		require.Equal(t, want, row.Fault.Code)
		require.Equal(t, code == activities.FaultCancelled, row.Fault.CancelledByUser)
	}
}

// TestAManifestKeepsNoTaskFromEnding: one that is too large to be checked is not signed, which is logged.
func TestAManifestKeepsNoTaskFromEnding(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := manifest.NewSigner(private, "https://lyo.example.org")
	require.NoError(t, err)
	for _, size := range []int{1, manifest.MaxSize} {
		ctx, db, _, task := fixture.Asked(t)
		fixture.Outline(t, db, task.ResultID)
		fixture.Write(t, db, task.ResultID, 1)
		var logs bytes.Buffer
		s := &activities.ProgressActivities{DB: db, Signer: signer, Log: slog.New(slog.NewTextHandler(&logs, nil))}
		last := fixture.Event(task.Seq+1, activities.Failed, 90)
		gen := &activities.Generation{Model: strings.Repeat("m", size), Provider: "lyo"}
		for range 2 {
			_, err := s.SettleCourse(ctx, activities.FinishInput{TaskID: task.ID, Rest: []activities.Event{last}, Generation: gen})
			require.NoError(t, err)
		}
		row, err := tasks.AnyTask(ctx, db, task.ID)
		require.NoError(t, err)
		require.Equal(t, tasks.TaskError, row.State)
		c, err := courses.FindWhole(db, task.ResultID)
		require.NoError(t, err)
		require.Equal(t, courses.CoursePartial, c.Status)
		require.Equal(t, size == 1, c.Manifest != nil)
		require.Equal(t, size == 1, logs.Len() == 0, logs.String())
	}
}
