package accounts_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// logged returns the actions on the audit log, oldest first.
func logged(t *testing.T, db *gorm.DB) (all []store.AuditAction) {
	t.Helper()
	require.NoError(t, db.Model(&store.AuditEntry{}).Order("at, id").Pluck("action", &all).Error)
	return all
}

func TestAnAccountComesWithAllThatBelongsToItOrNotAtAll(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	user := accounts.User{
		ID: store.NewID(), Email: "ada@example.com", FullName: "Ada", PasswordHash: "x", Locale: "en", Timezone: "UTC",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	session := accounts.Session{ID: store.NewID(), UserID: user.ID, TokenHash: fixture.Digest("x"), RotatedAt: now, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour)}
	away := errors.New("the mail could not be queued")
	entry := fixture.AuditLine(store.AuditSignUp, now)
	require.ErrorIs(t, accounts.CreateUser(t.Context(), db, user, session, entry, func(*gorm.DB) error { return away }), away)
	found, err := accounts.FindUserByEmail(t.Context(), db, user.Email)
	require.NoError(t, err)
	require.Zero(t, found)
	require.Empty(t, logged(t, db))

	within := false
	require.NoError(t, accounts.CreateUser(t.Context(), db, user, session, entry, func(tx *gorm.DB) error {
		within = true
		_, err := accounts.FindUser(t.Context(), tx, user.ID)
		return err
	}))
	require.True(t, within)
	require.Equal(t, []store.AuditAction{store.AuditSignUp}, logged(t, db))
	user.ID, user.Email, entry.ID = store.NewID(), "ADA@example.com", store.NewID()
	err = accounts.CreateUser(t.Context(), db, user, session, entry, func(*gorm.DB) error { return nil })
	require.Equal(t, store.Conflict, store.CodeOf(err))
	require.Equal(t, []store.AuditAction{store.AuditSignUp}, logged(t, db))
}

func TestWhoMaySignIn(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	user := fixture.SignedUp(t, db, "ada@example.com", now).UserID
	due := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	signIn := func() error {
		now = now.Add(time.Second)
		_, err := accounts.SignIn(t.Context(), db, user, "x", accounts.Session{
			ID: store.NewID(), UserID: user, TokenHash: fixture.Digest(now.String()), RotatedAt: now, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour),
		}, fixture.AuditLine(store.AuditSignIn, now))
		return err
	}
	require.NoError(t, signIn())
	found, err := accounts.FindUser(t.Context(), db, user)
	require.NoError(t, err)
	require.Equal(t, now, found.LastLoginAt.UTC())
	for _, row := range []struct {
		change map[string]any
		says   string
	}{
		{map[string]any{"is_active": false}, "not active"},
		{
			map[string]any{"is_active": false, "deletion_id": store.NewID(), "deletion_requested_at": now, "deletion_due_at": due},
			"being deleted. Until Mon, 30 Nov 2026 12:00:00 UTC",
		},
	} {
		require.NoError(t, db.Model(&accounts.User{}).Where("id = ?", user).UpdateColumns(row.change).Error)
		err := signIn()
		require.Equal(t, store.Forbidden, store.CodeOf(err))
		require.ErrorContains(t, err, row.says)
	}
	require.Equal(t, []store.AuditAction{store.AuditSignUp, store.AuditSignIn}, logged(t, db), "the refused leave nothing behind")
}

// TestASignInByAReplacedPasswordComesTooLate: a reset between the password check and the sign-in refuses the sign-in.
func TestASignInByAReplacedPasswordComesTooLate(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := fixture.SignedUp(t, db, "ada@example.com", now)
	require.NoError(t, db.Exec("UPDATE users SET password_hash = 'new'").Error)
	_, err := accounts.SignIn(t.Context(), db, session.UserID, "x", accounts.Session{
		ID: store.NewID(), UserID: session.UserID, TokenHash: fixture.Digest("late"), RotatedAt: now, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour),
	}, fixture.AuditLine(store.AuditSignIn, now))
	require.Equal(t, store.Conflict, store.CodeOf(err))
	var sessions int64
	require.NoError(t, db.Model(&accounts.Session{}).Count(&sessions).Error)
	require.EqualValues(t, 1, sessions)
}

func TestAHashIsReplacedUnlessThePasswordWasChangedMeanwhile(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user := fixture.SignedUp(t, db, "ada@example.com", time.Now().UTC()).UserID
	hash := func() string {
		found, err := accounts.FindUser(t.Context(), db, user)
		require.NoError(t, err)
		return found.PasswordHash
	}
	require.NoError(t, accounts.Rehash(t.Context(), db, user, "x", "again"))
	require.Equal(t, "again", hash())
	require.NoError(t, accounts.Rehash(t.Context(), db, user, "x", "too late"))
	require.Equal(t, "again", hash())
}
