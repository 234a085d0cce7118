package models_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

// logged are the actions on the audit log, oldest first.
func logged(t *testing.T, db *gorm.DB) (all []models.AuditAction) {
	t.Helper()
	require.NoError(t, db.Model(&models.AuditEntry{}).Order("at, id").Pluck("action", &all).Error)
	return all
}

func TestAnAccountComesWithAllThatBelongsToItOrNotAtAll(t *testing.T) {
	t.Parallel()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	user := models.User{
		ID: models.NewID(), Email: "ada@example.com", FullName: "Ada", PasswordHash: "x", Locale: "en", Timezone: "UTC",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	session := models.Session{ID: models.NewID(), UserID: user.ID, TokenHash: digest("x"), RotatedAt: now, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour)}
	away := errors.New("the mail could not be queued")
	entry := auditLine(models.AuditSignUp, now)
	require.ErrorIs(t, models.CreateUser(t.Context(), db, user, session, entry, func(*gorm.DB) error { return away }), away)
	found, err := models.FindUserByEmail(t.Context(), db, user.Email)
	require.NoError(t, err)
	require.Zero(t, found)
	require.Empty(t, logged(t, db))

	within := false
	require.NoError(t, models.CreateUser(t.Context(), db, user, session, entry, func(tx *gorm.DB) error {
		within = true
		_, err := models.FindUser(t.Context(), tx, user.ID)
		return err
	}))
	require.True(t, within)
	require.Equal(t, []models.AuditAction{models.AuditSignUp}, logged(t, db))
	user.ID, user.Email, entry.ID = models.NewID(), "ADA@example.com", models.NewID()
	err = models.CreateUser(t.Context(), db, user, session, entry, func(*gorm.DB) error { return nil })
	require.Equal(t, models.Conflict, models.CodeOf(err))
	require.Equal(t, []models.AuditAction{models.AuditSignUp}, logged(t, db))
}

func TestWhoMaySignIn(t *testing.T) {
	t.Parallel()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	user := signedUp(t, db, "ada@example.com", now).UserID
	due := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	signIn := func() error {
		now = now.Add(time.Second)
		_, err := models.SignIn(t.Context(), db, user, "x", models.Session{
			ID: models.NewID(), UserID: user, TokenHash: digest(now.String()), RotatedAt: now, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour),
		}, auditLine(models.AuditSignIn, now))
		return err
	}
	require.NoError(t, signIn())
	found, err := models.FindUser(t.Context(), db, user)
	require.NoError(t, err)
	require.Equal(t, now, found.LastLoginAt.UTC())
	for _, row := range []struct {
		change map[string]any
		says   string
	}{
		{map[string]any{"is_active": false}, "not active"},
		{
			map[string]any{"is_active": false, "deletion_id": models.NewID(), "deletion_requested_at": now, "deletion_due_at": due},
			"being deleted. Until Mon, 30 Nov 2026 12:00:00 UTC",
		},
	} {
		require.NoError(t, db.Model(&models.User{}).Where("id = ?", user).UpdateColumns(row.change).Error)
		err := signIn()
		require.Equal(t, models.Forbidden, models.CodeOf(err))
		require.ErrorContains(t, err, row.says)
	}
	require.Equal(t, []models.AuditAction{models.AuditSignUp, models.AuditSignIn}, logged(t, db), "the refused leave nothing behind")
}

// A reset that comes between the look at a password and the sign-in shuts that out, too.
func TestASignInByAReplacedPasswordComesTooLate(t *testing.T) {
	t.Parallel()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := signedUp(t, db, "ada@example.com", now)
	require.NoError(t, db.Exec("UPDATE users SET password_hash = 'new'").Error)
	_, err := models.SignIn(t.Context(), db, session.UserID, "x", models.Session{
		ID: models.NewID(), UserID: session.UserID, TokenHash: digest("late"), RotatedAt: now, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour),
	}, auditLine(models.AuditSignIn, now))
	require.Equal(t, models.Conflict, models.CodeOf(err))
	var sessions int64
	require.NoError(t, db.Model(&models.Session{}).Count(&sessions).Error)
	require.EqualValues(t, 1, sessions)
}

func TestAHashIsReplacedUnlessThePasswordWasChangedMeanwhile(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user := signedUp(t, db, "ada@example.com", time.Now().UTC()).UserID
	hash := func() string {
		found, err := models.FindUser(t.Context(), db, user)
		require.NoError(t, err)
		return found.PasswordHash
	}
	require.NoError(t, models.Rehash(t.Context(), db, user, "x", "again"))
	require.Equal(t, "again", hash())
	require.NoError(t, models.Rehash(t.Context(), db, user, "x", "too late"))
	require.Equal(t, "again", hash())
}
