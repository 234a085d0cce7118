package models_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

// leaving is somebody who wants to be forgotten.
type leaving struct {
	db       *gorm.DB
	user     uuid.UUID
	deletion uuid.UUID
	now      time.Time
}

func newLeaving(t *testing.T) (leaving, models.Session) {
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := signedUp(t, db, "ada@example.com", now)
	return leaving{db, session.UserID, models.NewID(), now}, session
}

func promiseOf(action, workflow string, now time.Time) models.OutboxEntry {
	return models.OutboxEntry{
		ID: models.NewID(), Action: action, WorkflowID: workflow, Input: []byte("null"), Labels: map[string]string{}, CreatedAt: now, DueAt: now,
	}
}

func (l leaving) cancel(task models.Task) models.OutboxEntry {
	return promiseOf(models.OutboxCancel, task.WorkflowID, l.now)
}

func (l leaving) line(action models.AuditAction) models.AuditEntry {
	return models.AuditEntry{ID: models.NewID(), At: l.now, Action: action, Via: models.AuditAPI, UserID: &l.user}
}

func (l leaving) request(t *testing.T) ([]uuid.UUID, error) {
	return models.RequestDeletion(t.Context(), l.db, models.Deletion{
		ID: l.deletion, User: l.user, Due: l.now.Add(time.Hour), Start: promiseOf(models.OutboxStart, "delete-account/x", l.now),
		Cancel: l.cancel, Entry: l.line(models.AuditDeletionRequested),
	}, func(models.User) error { return nil })
}

// ask is a generation; started says that its workflow has begun.
func (l leaving) ask(t *testing.T, started bool) models.Task {
	t.Helper()
	task, _, err := generate(t, l.db, l.user, nil, "tides")
	require.NoError(t, err)
	if started {
		require.NoError(t, l.db.Delete(&models.OutboxEntry{}, "workflow_id = ?", task.WorkflowID).Error)
	}
	return task
}

func TestADeletionEndsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	l, session := newLeaving(t)
	other := signedUp(t, l.db, "eve@example.com", l.now)
	running := l.ask(t, true)
	unstarted, held := l.ask(t, false), l.ask(t, false)
	ended, err := l.request(t)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{session.ID}, ended)
	for _, c := range []struct {
		task  models.Task
		ended bool
	}{{running, false}, {unstarted, true}, {held, true}} {
		row, err := models.FindTask(t.Context(), l.db, l.user, c.task.ID)
		require.NoError(t, err)
		require.Equal(t, c.ended, row.State.Ended(), row.Message)
		var cancels int64
		require.NoError(t, l.db.Model(&models.OutboxEntry{}).Where("workflow_id = ? AND action = 'cancel'", c.task.WorkflowID).Count(&cancels).Error)
		require.EqualValues(t, 1, cancels)
	}
	user, err := models.FindUser(t.Context(), l.db, l.user)
	require.NoError(t, err)
	require.False(t, user.IsActive)
	require.Equal(t, l.deletion, *user.DeletionID)
	require.WithinDuration(t, l.now.Add(time.Hour), *user.DeletionDueAt, 0)
	_, _, err = generate(t, l.db, l.user, nil, "more")
	require.Equal(t, models.Forbidden, models.CodeOf(err), "nothing new begins")
	_, standing, err := models.SessionStanding(t.Context(), l.db, other.ID, l.now)
	require.NoError(t, err)
	require.Equal(t, models.SessionLive, standing)

	again := l
	again.deletion = models.NewID()
	ended, err = again.request(t)
	require.NoError(t, err)
	require.Empty(t, ended)
	_, open, err := models.StopWork(t.Context(), l.db, l.user, l.deletion, l.cancel, l.now)
	require.NoError(t, err)
	require.Equal(t, 1, open, "the one whose workflow runs")
	_, _, err = models.StopWork(t.Context(), l.db, l.user, again.deletion, l.cancel, l.now)
	require.Equal(t, models.Conflict, models.CodeOf(err), "the first deletion stands")
}

func TestADeletionIsUndone(t *testing.T) {
	t.Parallel()
	l, session := newLeaving(t)
	restore := func() error {
		promise := func(id uuid.UUID) models.OutboxEntry {
			return promiseOf(models.OutboxCancel, "delete-account/"+id.String(), l.now)
		}
		return models.Undelete(t.Context(), l.db, l.user, promise, l.line(models.AuditDeletionUndone))
	}
	require.Equal(t, models.Conflict, models.CodeOf(restore()))
	_, err := l.request(t)
	require.NoError(t, err)
	require.NoError(t, restore())
	require.Equal(t, models.Conflict, models.CodeOf(restore()))
	user, err := models.FindUser(t.Context(), l.db, l.user)
	require.NoError(t, err)
	require.True(t, user.IsActive)
	require.Nil(t, user.DeletionID)
	_, standing, err := models.SessionStanding(t.Context(), l.db, session.ID, l.now)
	require.NoError(t, err)
	require.Equal(t, models.SessionEnded, standing, "one signs in again")
	_, _, err = models.StopWork(t.Context(), l.db, l.user, l.deletion, l.cancel, l.now)
	require.Equal(t, models.Conflict, models.CodeOf(err), "which ends the workflow")
	l.ask(t, false)
}

// TestNothingBeginsBehindADeletion races a deletion against generations: those that
// came first are cancelled, the others refused, and nothing is left open.
func TestNothingBeginsBehindADeletion(t *testing.T) {
	t.Parallel()
	l, _ := newLeaving(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if i == 10 {
				_, err := l.request(t)
				if err != nil {
					t.Error(err)
				}
				return
			}
			_, _, err := generate(t, l.db, l.user, nil, "tides")
			if err != nil && models.CodeOf(err) != models.Forbidden {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var open int64
	require.NoError(t, l.db.Model(&models.Task{}).Where("state IN ('QUEUED', 'RUNNING')").Count(&open).Error)
	require.Zero(t, open)
}

func TestRoles(t *testing.T) {
	t.Parallel()
	l, _ := newLeaving(t)
	set := func(granted bool) bool {
		changed, err := models.SetRole(t.Context(), l.db, l.user, models.RoleAdmin, granted, models.AuditEntry{ID: models.NewID(), At: l.now, Via: models.AuditCommandLine})
		require.NoError(t, err)
		return changed
	}
	has := func() bool {
		is, err := models.HasRole(t.Context(), l.db, l.user, models.RoleAdmin)
		require.NoError(t, err)
		holders, err := models.HoldersOf(t.Context(), l.db, models.RoleAdmin)
		require.NoError(t, err)
		require.Equal(t, is, len(holders) == 1)
		return is
	}
	require.False(t, has())
	require.True(t, set(true))
	require.False(t, set(true), "twice is once")
	require.True(t, has())
	require.True(t, set(false))
	require.False(t, has())
	log, err := models.ListAudit(t.Context(), l.db, models.AuditFilter{UserID: &l.user, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 2)
	require.Equal(t, models.AuditRoleRevoked, log[0].Action)
	require.Equal(t, models.AuditRoleGranted, log[1].Action)
	require.Equal(t, map[string]any{"role": "admin"}, log[1].Details)
	for _, who := range []string{"ADA@example.com", l.user.String()} {
		user, err := models.FindAccount(t.Context(), l.db, who)
		require.NoError(t, err)
		require.Equal(t, l.user, user.ID)
	}
	_, err = models.FindAccount(t.Context(), l.db, "nobody@example.com")
	require.Equal(t, models.NotFound, models.CodeOf(err))
}
