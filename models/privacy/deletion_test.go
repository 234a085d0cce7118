package privacy_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestADeletionEndsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	l, session := fixture.NewAccountDeletion(t)
	other := fixture.SignedUp(t, l.DB, "eve@example.com", l.Now)
	running := l.Ask(t, true)
	unstarted, waiting := l.Ask(t, false), l.Ask(t, false)
	ended, err := l.Request(t)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{session.ID}, ended)
	for _, c := range []struct {
		task  tasks.Task
		ended bool
	}{{running, false}, {unstarted, true}, {waiting, true}} {
		row, err := tasks.FindTask(t.Context(), l.DB, l.User, c.task.ID)
		require.NoError(t, err)
		require.Equal(t, c.ended, row.State.Ended(), row.Message)
		var cancels int64
		require.NoError(t, l.DB.Model(&store.OutboxMessage{}).Where("workflow_id = ? AND action = 'cancel'", c.task.WorkflowID).Count(&cancels).Error)
		require.EqualValues(t, 1, cancels)
	}
	user, err := accounts.FindUser(t.Context(), l.DB, l.User)
	require.NoError(t, err)
	require.False(t, user.IsActive)
	require.Equal(t, l.ID, *user.DeletionID)
	require.WithinDuration(t, l.Now.Add(time.Hour), *user.DeletionDueAt, 0)
	_, _, err = fixture.Generate(t, l.DB, l.User, nil, "more")
	require.Equal(t, store.Forbidden, store.CodeOf(err), "nothing new begins")
	found, err := accounts.FindSessionStatus(t.Context(), l.DB, other.ID, l.Now)
	require.NoError(t, err)
	require.Equal(t, accounts.SessionLive, found.State)

	again := l
	again.ID = store.NewID()
	ended, err = again.Request(t)
	require.NoError(t, err)
	require.Empty(t, ended)
	_, open, err := privacy.StopWork(t.Context(), l.DB, l.User, l.ID, l.Cancel, l.Now)
	require.NoError(t, err)
	require.Equal(t, 1, open, "the one whose workflow runs")
	_, _, err = privacy.StopWork(t.Context(), l.DB, l.User, again.ID, l.Cancel, l.Now)
	require.Equal(t, store.Conflict, store.CodeOf(err), "the first deletion stands")
}

func TestADeletionIsUndone(t *testing.T) {
	t.Parallel()
	l, session := fixture.NewAccountDeletion(t)
	restore := func() error {
		message := func(id uuid.UUID) store.OutboxMessage {
			return fixture.OutboxMessage(store.OutboxCancel, "delete-account/"+id.String(), l.Now)
		}
		return privacy.Undelete(t.Context(), l.DB, l.User, message, l.AuditLine(store.AuditDeletionUndone))
	}
	require.Equal(t, store.Conflict, store.CodeOf(restore()))
	_, err := l.Request(t)
	require.NoError(t, err)
	require.NoError(t, restore())
	require.Equal(t, store.Conflict, store.CodeOf(restore()))
	user, err := accounts.FindUser(t.Context(), l.DB, l.User)
	require.NoError(t, err)
	require.True(t, user.IsActive)
	require.Nil(t, user.DeletionID)
	found, err := accounts.FindSessionStatus(t.Context(), l.DB, session.ID, l.Now)
	require.NoError(t, err)
	require.Equal(t, accounts.SessionEnded, found.State, "one signs in again")
	_, _, err = privacy.StopWork(t.Context(), l.DB, l.User, l.ID, l.Cancel, l.Now)
	require.Equal(t, store.Conflict, store.CodeOf(err), "which ends the workflow")
	l.Ask(t, false)
}

// TestNothingBeginsBehindADeletion races a deletion against generations: those that
// came first are cancelled, the others refused, and nothing is left open.
func TestNothingBeginsBehindADeletion(t *testing.T) {
	t.Parallel()
	l, _ := fixture.NewAccountDeletion(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if i == 10 {
				_, err := l.Request(t)
				if err != nil {
					t.Error(err)
				}
				return
			}
			_, _, err := fixture.Generate(t, l.DB, l.User, nil, "tides")
			if err != nil && store.CodeOf(err) != store.Forbidden {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var open int64
	require.NoError(t, l.DB.Model(&tasks.Task{}).Where("state IN ('QUEUED', 'RUNNING')").Count(&open).Error)
	require.Zero(t, open)
}

func TestRoles(t *testing.T) {
	t.Parallel()
	l, _ := fixture.NewAccountDeletion(t)
	set := func(granted bool) bool {
		changed, err := accounts.SetRole(t.Context(), l.DB, l.User, accounts.RoleAdmin, granted, store.AuditEntry{ID: store.NewID(), At: l.Now, Via: store.AuditCommandLine})
		require.NoError(t, err)
		return changed
	}
	has := func() bool {
		is, err := accounts.HasRole(t.Context(), l.DB, l.User, accounts.RoleAdmin)
		require.NoError(t, err)
		holders, err := accounts.HoldersOf(t.Context(), l.DB, accounts.RoleAdmin)
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
	log, err := store.ListAudit(t.Context(), l.DB, store.AuditFilter{UserID: &l.User, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 2)
	require.Equal(t, store.AuditRoleRevoked, log[0].Action)
	require.Equal(t, store.AuditRoleGranted, log[1].Action)
	require.Equal(t, map[string]any{"role": "admin"}, log[1].Details)
	for _, who := range []string{"ADA@example.com", l.User.String()} {
		user, err := accounts.FindAccount(t.Context(), l.DB, who)
		require.NoError(t, err)
		require.Equal(t, l.User, user.ID)
	}
	_, err = accounts.FindAccount(t.Context(), l.DB, "nobody@example.com")
	require.Equal(t, store.NotFound, store.CodeOf(err))
}
