package privacy_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestOfFiftyExportsAtOnceOneIsMade(t *testing.T) {
	t.Parallel()
	l, _ := fixture.NewAccountDeletion(t)
	const requests = 50
	tasks, fresh, faults := make([]uuid.UUID, requests), make([]bool, requests), make([]error, requests)
	var all sync.WaitGroup
	for i := range requests {
		all.Go(func() {
			task, replayed, err := l.Export(t)
			tasks[i], fresh[i], faults[i] = task.ID, !replayed, err
		})
	}
	all.Wait()
	made := 0
	for i := range requests {
		require.NoError(t, faults[i])
		require.Equal(t, tasks[0], tasks[i])
		if fresh[i] {
			made++
		}
	}
	require.Equal(t, 1, made)
	for _, table := range []string{"exports", "tasks", "task_events", "outbox"} {
		require.EqualValues(t, 1, fixture.Count(t, l.DB, table), table)
	}
	log, err := store.ListAudit(t.Context(), l.DB, store.AuditFilter{Action: store.AuditExportRequested, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 1)
	_, err = l.Request(t)
	require.NoError(t, err)
	_, _, err = l.Export(t)
	require.Equal(t, store.Forbidden, store.CodeOf(err), "nothing begins for an account that is being deleted")
}

func TestWhoFindsAnExport(t *testing.T) {
	t.Parallel()
	l, _ := fixture.NewAccountDeletion(t)
	task, _, err := l.Export(t)
	require.NoError(t, err)
	find := func(user uuid.UUID, at time.Time) error {
		_, err := privacy.FindExport(t.Context(), l.DB, user, task.ResultID, at)
		return err
	}
	require.Equal(t, store.NotFound, store.CodeOf(find(l.User, l.Now)), "it is not ready")
	require.NoError(t, privacy.FinishExport(t.Context(), l.DB, task.ResultID, 7, l.Now))
	require.Equal(t, store.NotFound, store.CodeOf(find(store.NewID(), l.Now)), "it is somebody else's")
	for range 2 {
		require.NoError(t, find(l.User, l.Now.Add(privacy.ExportFor-time.Second)))
	}
	require.Equal(t, store.NotFound, store.CodeOf(find(l.User, l.Now.Add(privacy.ExportFor))), "it is too old")
	require.NoError(t, l.DB.Exec("UPDATE exports SET downloaded_at = ?", l.Now).Error)
	require.Equal(t, store.NotFound, store.CodeOf(find(l.User, l.Now)), "an earlier version has deleted its pieces")
}

// TestThePieceOfAByte also shows that the files an archive was made of are no part of it.
func TestThePieceOfAByte(t *testing.T) {
	t.Parallel()
	l, _ := fixture.NewAccountDeletion(t)
	task, _, err := l.Export(t)
	require.NoError(t, err)
	for at, data := range map[int]string{1: "abc", 2: "de", 4: "f", privacy.ExportRoom: "xyz"} {
		require.NoError(t, privacy.AddExportPart(t.Context(), l.DB, privacy.ExportPart{ExportID: task.ResultID, Position: at, Data: []byte(data)}))
	}
	read := ""
	for offset := range int64(6) {
		part, skip, ok, err := privacy.ExportPartAt(t.Context(), l.DB, task.ResultID, offset)
		require.NoError(t, err)
		require.True(t, ok)
		read += string(part.Data[skip])
	}
	require.Equal(t, "abcdef", read)
	_, _, ok, err := privacy.ExportPartAt(t.Context(), l.DB, task.ResultID, 6)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestSweepingExports(t *testing.T) {
	t.Parallel()
	l, _ := fixture.NewAccountDeletion(t)
	for name, c := range map[string]struct {
		open  bool
		ready time.Duration // ago; 0: not
		stays bool
	}{
		"under way":       {open: true, stays: true},
		"came to nothing": {},
		"ready":           {ready: 23 * time.Hour, stays: true},
		"too old":         {ready: 25 * time.Hour},
	} {
		task, replayed, err := l.Export(t)
		require.NoError(t, err)
		require.False(t, replayed, name)
		require.NoError(t, privacy.AddExportPart(t.Context(), l.DB, privacy.ExportPart{ExportID: task.ResultID, Position: 1, Data: []byte("abc")}))
		if c.ready > 0 {
			require.NoError(t, privacy.FinishExport(t.Context(), l.DB, task.ResultID, 3, l.Now.Add(-c.ready)))
		}
		last := tasks.CancelledEvent(2, 5, l.Now)
		if !c.open {
			require.NoError(t, tasks.FinishTask(t.Context(), l.DB, task.ID, []tasks.TaskEvent{last}))
		}
		require.NoError(t, privacy.SweepExports(t.Context(), l.DB, l.Now, 10))
		var left int64
		require.NoError(t, l.DB.Model(&privacy.ExportPart{}).Where("export_id = ?", task.ResultID).Count(&left).Error)
		require.Equal(t, c.stays, left == 1, name)
		if c.open {
			require.NoError(t, tasks.FinishTask(t.Context(), l.DB, task.ID, []tasks.TaskEvent{last}))
		}
	}
}

func TestAnExportThatEndsMakesNoRoomInTheLine(t *testing.T) {
	t.Parallel()
	l, _ := fixture.NewAccountDeletion(t)
	for range 3 {
		l.Ask(t, false)
	}
	ended, _, err := l.Export(t)
	require.NoError(t, err)
	fixture.End(t, l.DB, ended)
	cancelled, _, err := l.Export(t)
	require.NoError(t, err)
	require.NoError(t, courses.CancelTask(t.Context(), l.DB, l.User, cancelled.ID, l.Cancel(cancelled), l.Now))
	queue, err := courses.QueueOf(t.Context(), l.DB, l.User)
	require.NoError(t, err)
	require.Equal(t, courses.UserQueue{Running: 2, Waiting: 1}, queue)
}

// TestAnExportKeepsTheMarkOfAI and what the course is made of, also of courses from before the mark.
func TestAnExportKeepsTheMarkOfAI(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := fixture.Asked(t)
	require.NoError(t, db.Exec(`UPDATE courses SET manifest = 'a.b.c', generation = '{"model": "m", "provider": "lyo", "fallback": false}' WHERE id = ?`, task.ResultID).Error)
	var rows []map[string]any
	require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
		return privacy.EachPersonalRow(ctx, tx, user, "courses.json", func(text []byte) error {
			var row map[string]any
			rows = append(rows, row)
			return json.Unmarshal(text, &rows[len(rows)-1])
		})
	}))
	require.Len(t, rows, 1)
	require.Equal(t, "a.b.c", rows[0]["manifest"])
	require.Equal(t, map[string]any{"model": "m", "provider": "lyo", "fallback": false, "ai_generated": true}, rows[0]["generation"])
}
