package models_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models"
)

// export asks for the user's data.
func (l leaving) export(t *testing.T) (task models.Task, replayed bool, err error) {
	t.Helper()
	task = models.NewTask(models.NewID(), l.user, models.NewID(), l.now)
	task.TaskType, task.WorkflowID, task.RequestHash = models.TaskAccountExport, "export-account/"+task.ID.String(), digest(task.ID.String())
	return models.CreateExport(t.Context(), l.db, task, promiseOf(models.OutboxStart, task.WorkflowID, l.now), l.line(models.AuditExportRequested))
}

func TestOfFiftyExportsAtOnceOneIsMade(t *testing.T) {
	t.Parallel()
	l, _ := newLeaving(t)
	const requests = 50
	tasks, fresh, faults := make([]uuid.UUID, requests), make([]bool, requests), make([]error, requests)
	var all sync.WaitGroup
	for i := range requests {
		all.Go(func() {
			task, replayed, err := l.export(t)
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
		require.EqualValues(t, 1, count(t, l.db, table), table)
	}
	log, err := models.ListAudit(t.Context(), l.db, models.AuditFilter{Action: models.AuditExportRequested, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 1)
	_, err = l.request(t)
	require.NoError(t, err)
	_, _, err = l.export(t)
	require.Equal(t, models.Forbidden, models.CodeOf(err), "nothing begins for an account that is being deleted")
}

func TestOneOfManyClaimsAnExport(t *testing.T) {
	t.Parallel()
	l, _ := newLeaving(t)
	task, _, err := l.export(t)
	require.NoError(t, err)
	claim := func(user uuid.UUID, at time.Time) error {
		entry := l.line(models.AuditExportFetched)
		entry.At = at
		_, err := models.ClaimExport(t.Context(), l.db, user, task.ResultID, entry)
		return err
	}
	require.Equal(t, models.NotFound, models.CodeOf(claim(l.user, l.now)), "it is not ready")
	require.NoError(t, models.FinishExport(t.Context(), l.db, task.ResultID, 7, l.now))
	require.Equal(t, models.NotFound, models.CodeOf(claim(models.NewID(), l.now)), "it is somebody else's")
	require.Equal(t, models.NotFound, models.CodeOf(claim(l.user, l.now.Add(models.ExportFor))), "it is too old")
	faults := make([]error, 50)
	var all sync.WaitGroup
	for i := range faults {
		all.Go(func() { faults[i] = claim(l.user, l.now) })
	}
	all.Wait()
	won := 0
	for _, err := range faults {
		if err == nil {
			won++
			continue
		}
		require.Equal(t, models.NotFound, models.CodeOf(err))
	}
	require.Equal(t, 1, won)
	require.NoError(t, models.ReturnExport(t.Context(), l.db, task.ResultID))
	require.NoError(t, claim(l.user, l.now.Add(models.ExportFor-time.Second)))
}

func TestSweepingExports(t *testing.T) {
	t.Parallel()
	l, _ := newLeaving(t)
	for name, c := range map[string]struct {
		open           bool
		ready, fetched time.Duration // ago; 0: not
		stays          bool
	}{
		"under way":              {open: true, stays: true},
		"came to nothing":        {},
		"ready":                  {ready: 23 * time.Hour, stays: true},
		"too old":                {ready: 25 * time.Hour},
		"fetched at this moment": {ready: time.Hour, fetched: time.Minute, stays: true},
		"fetched":                {ready: 3 * time.Hour, fetched: 2 * time.Hour},
	} {
		task, replayed, err := l.export(t)
		require.NoError(t, err)
		require.False(t, replayed, name)
		require.NoError(t, models.AddExportPart(t.Context(), l.db, models.ExportPart{ExportID: task.ResultID, Position: 1, Data: []byte("abc")}))
		if c.ready > 0 {
			require.NoError(t, models.FinishExport(t.Context(), l.db, task.ResultID, 3, l.now.Add(-c.ready)))
		}
		if c.fetched > 0 {
			require.NoError(t, l.db.Exec("UPDATE exports SET downloaded_at = ? WHERE id = ?", l.now.Add(-c.fetched), task.ResultID).Error)
		}
		last := models.CancelledEvent(2, 5, l.now)
		if !c.open {
			require.NoError(t, models.FinishTask(t.Context(), l.db, task.ID, []models.TaskEvent{last}))
		}
		require.NoError(t, models.SweepExports(t.Context(), l.db, l.now, 10))
		var left int64
		require.NoError(t, l.db.Model(&models.ExportPart{}).Where("export_id = ?", task.ResultID).Count(&left).Error)
		require.Equal(t, c.stays, left == 1, name)
		if c.open {
			require.NoError(t, models.FinishTask(t.Context(), l.db, task.ID, []models.TaskEvent{last}))
		}
	}
}

func TestAnExportThatEndsMakesNoRoomInTheLine(t *testing.T) {
	t.Parallel()
	l, _ := newLeaving(t)
	for range 3 {
		l.ask(t, false)
	}
	settled, _, err := l.export(t)
	require.NoError(t, err)
	end(t, l.db, settled)
	cancelled, _, err := l.export(t)
	require.NoError(t, err)
	require.NoError(t, models.CancelTask(t.Context(), l.db, l.user, cancelled.ID, l.cancel(cancelled), l.now))
	line, err := models.LineOf(t.Context(), l.db, l.user)
	require.NoError(t, err)
	require.Equal(t, models.Line{Running: 2, Waiting: 1}, line)
}
