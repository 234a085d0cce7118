package accounts_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// changeReader reads on from where it was.
type changeReader struct {
	t     *testing.T
	db    *gorm.DB
	since string
}

func (r *changeReader) next() accounts.AccessChanges {
	r.t.Helper()
	c, err := accounts.ReadAccessChanges(r.t.Context(), r.db, r.since)
	require.NoError(r.t, err)
	require.NotEmpty(r.t, c.Database)
	r.since = c.Snapshot
	return c
}

func TestEachChangeOfAccessIsReadOnce(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada, eve := fixture.SignedUp(t, db, "ada@example.com", now), fixture.SignedUp(t, db, "eve@example.com", now)
	r := &changeReader{t: t, db: db}
	require.NoError(t, accounts.RevokeSession(t.Context(), db, eve.ID, fixture.AuditLine(store.AuditSignOut, now)))
	require.Empty(t, r.next().Users, "one begins with the present")
	run := func(sql string, args ...any) func() error {
		return func() error { return db.Exec(sql, args...).Error }
	}
	for i, change := range []func() error{
		func() error {
			return accounts.EndSession(t.Context(), db, ada.UserID, ada.ID, fixture.AuditLine(store.AuditSignOut, now))
		},
		run("UPDATE sessions SET revoked_at = NULL WHERE id = ?", ada.ID),
		run("UPDATE sessions SET expires_at = expires_at - interval '1 minute' WHERE id = ?", ada.ID),
		run("UPDATE users SET is_active = false WHERE id = ?", ada.UserID),
		run("UPDATE users SET is_active = true WHERE id = ?", ada.UserID),
		run("UPDATE users SET roles = roles || '[\"admin\"]' WHERE id = ?", ada.UserID),
	} {
		require.NoError(t, change(), i)
		c := r.next()
		require.Equal(t, []uuid.UUID{ada.UserID}, c.Users, i)
		require.False(t, c.All, i)
		require.Empty(t, r.next().Users, i)
	}
	require.NoError(t, db.Exec("UPDATE sessions SET last_used_at = now(), expires_at = expires_at + interval '1 hour' WHERE id = ?", ada.ID).Error)
	require.NoError(t, db.Exec("UPDATE users SET last_login_at = now(), full_name = 'A' WHERE id = ?", ada.UserID).Error)
	require.NoError(t, db.Exec("INSERT INTO access_changes (xid, user_id) VALUES ('9223372036854775807', ?)", ada.UserID).Error)
	c := r.next()
	require.Empty(t, c.Users, "neither a refresh, nor a name, nor a transaction of another server")
	require.False(t, c.All)
	require.NoError(t, db.Exec("DELETE FROM users WHERE id = ?", eve.UserID).Error)
	require.True(t, r.next().All)
	require.False(t, r.next().All)
	require.NoError(t, db.Exec("INSERT INTO access_changes (user_id) SELECT gen_random_uuid() FROM generate_series(1, 2000)").Error)
	require.True(t, r.next().All)
}

// TestChangesThatCommitLateAreRead has transactions that overlap, a reader between any two steps, and a part
// that is rolled back.
func TestChangesThatCommitLateAreRead(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	r := &changeReader{t: t, db: db}
	r.next()
	record := func(tx *gorm.DB) uuid.UUID {
		user := uuid.New()
		require.NoError(t, tx.Exec("INSERT INTO access_changes (user_id) VALUES (?)", user).Error)
		require.Empty(t, r.next().Users)
		return user
	}
	first, second, third := db.Begin(), db.Begin(), db.Begin()
	defer third.Rollback()
	one, two := record(first), record(second)
	require.NoError(t, first.SavePoint("part").Error)
	record(first)
	require.NoError(t, first.RollbackTo("part").Error)
	require.NoError(t, second.SavePoint("part").Error)
	three := record(second)
	record(third)
	require.NoError(t, second.Commit().Error)
	require.ElementsMatch(t, []uuid.UUID{two, three}, r.next().Users)
	require.Empty(t, r.next().Users)
	require.NoError(t, third.Rollback().Error)
	require.NoError(t, first.Commit().Error)
	require.Equal(t, []uuid.UUID{one}, r.next().Users)
}

func TestOldChangesOfAccessAreSwept(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	require.NoError(t, db.Exec("INSERT INTO access_changes (at) SELECT now() - n * interval '12 hours' FROM generate_series(0, 5) n").Error)
	for _, left := range []int64{4, 2, 2} {
		require.NoError(t, accounts.SweepAccessChanges(t.Context(), db, 2))
		var rows int64
		require.NoError(t, db.Model(&accounts.AccessChange{}).Count(&rows).Error)
		require.Equal(t, left, rows)
	}
}

// TestAServerThatIsBehindMayHaveAnyChange reads on after a standby took over that lacks the last transactions.
func TestAServerThatIsBehindMayHaveAnyChange(t *testing.T) {
	t.Parallel()
	r := &changeReader{t: t, db: storetest.New(t), since: "99999999999:99999999999:"}
	require.True(t, r.next().All)
	require.False(t, r.next().All, "it is read on from here")
}
