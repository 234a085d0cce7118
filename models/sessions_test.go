package models_test

import (
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

func digest(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func signedUp(t *testing.T, db *gorm.DB, email string, now time.Time) models.Session {
	t.Helper()
	user := models.User{
		ID: models.NewID(), Email: email, FullName: "Ada", PasswordHash: "x", Locale: "en", Timezone: "UTC",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	session := models.Session{
		ID: models.NewID(), UserID: user.ID, TokenHash: digest(email), RotatedAt: now, CreatedAt: now,
		LastUsedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	require.NoError(t, models.CreateUser(t.Context(), db, user, session, auditLine(models.AuditSignUp, now), func(*gorm.DB) error { return nil }))
	return session
}

func auditLine(action models.AuditAction, at time.Time) models.AuditEntry {
	return models.AuditEntry{ID: models.NewID(), At: at, Action: action, Via: models.AuditAPI}
}

func TestOneOfManyRotationsMovesTheChain(t *testing.T) {
	t.Parallel()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := signedUp(t, db, "ada@example.com", now)
	moved := make(chan []byte, 50)
	var all sync.WaitGroup
	for range cap(moved) {
		all.Go(func() {
			next := digest(uuid.NewString())
			out, err := models.RotateSession(t.Context(), db, session.ID, models.Rotation{
				Presented: session.TokenHash, Genuine: true, NextHash: next, Sealed: next, Lifetime: time.Hour, Longest: 24 * time.Hour, Now: now,
			})
			if err == nil && !out.Replayed {
				moved <- next
			}
			if err == nil && out.Replayed {
				moved <- nil
			}
		})
	}
	all.Wait()
	close(moved)
	winners, answers := 0, 0
	for next := range moved {
		answers++
		if next != nil {
			winners++
		}
	}
	require.Equal(t, 50, answers)
	require.Equal(t, 1, winners)
}

func TestRotationOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := signedUp(t, db, "ada@example.com", now)
	rotate := func(id uuid.UUID, shown string, genuine bool) (models.Rotated, error) {
		return models.RotateSession(t.Context(), db, id, models.Rotation{
			Presented: digest(shown), Genuine: genuine, NextHash: digest("next"), Sealed: []byte{1}, Lifetime: time.Hour, Longest: 24 * time.Hour, Now: now,
			Reused: auditLine(models.AuditTokenReused, now),
		})
	}
	_, err := rotate(models.NewID(), "ada@example.com", true)
	require.Equal(t, models.Unauthenticated, models.CodeOf(err))
	out, err := rotate(session.ID, "made up", false)
	require.Equal(t, models.Unauthenticated, models.CodeOf(err))
	require.False(t, out.Ended)
	out, err = rotate(session.ID, "once minted", true)
	require.Equal(t, models.Unauthenticated, models.CodeOf(err))
	require.True(t, out.Ended)
	log, err := models.ListAudit(t.Context(), db, models.AuditFilter{Action: models.AuditTokenReused, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 1)
	require.Equal(t, session.UserID, *log[0].UserID)
	owner, standing, err := models.SessionStanding(t.Context(), db, session.ID, now)
	require.NoError(t, err)
	require.Equal(t, models.SessionEnded, standing)
	require.Equal(t, session.UserID, owner)
}

func TestStandings(t *testing.T) {
	t.Parallel()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := signedUp(t, db, "ada@example.com", now)
	standing := func(at time.Time) models.Standing {
		_, got, err := models.SessionStanding(t.Context(), db, session.ID, at)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, models.SessionLive, standing(now))
	require.Equal(t, models.SessionEnded, standing(session.ExpiresAt))
	require.NoError(t, db.Exec("UPDATE users SET is_active = false").Error)
	require.Equal(t, models.SessionInactive, standing(now))
	_, err := models.SignIn(t.Context(), db, session.UserID, "x", models.Session{}, auditLine(models.AuditSignIn, now))
	require.Equal(t, models.Forbidden, models.CodeOf(err))
	revoke := func(at time.Time) error {
		return models.RevokeSession(t.Context(), db, session.ID, auditLine(models.AuditSignOut, at))
	}
	require.NoError(t, revoke(now))
	require.NoError(t, revoke(now.Add(time.Hour)))
	require.Equal(t, models.SessionEnded, standing(now))
	var kept models.Session
	require.NoError(t, db.First(&kept, "id = ?", session.ID).Error)
	require.WithinDuration(t, now, *kept.RevokedAt, 0)
}

func TestASessionEndsForGoodHoweverOftenItIsRefreshed(t *testing.T) {
	t.Parallel()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := signedUp(t, db, "ada@example.com", now)
	const longest = 100 * time.Minute
	shown := session.TokenHash
	rotate := func(at time.Time) (models.Rotated, error) {
		next := digest(at.String())
		out, err := models.RotateSession(t.Context(), db, session.ID, models.Rotation{
			Presented: shown, Genuine: true, NextHash: next, Sealed: next, Lifetime: time.Hour, Longest: longest, Now: at,
			Reused: auditLine(models.AuditTokenReused, at),
		})
		shown = next
		return out, err
	}
	out, err := rotate(now.Add(30 * time.Minute))
	require.NoError(t, err)
	require.True(t, out.Session.ExpiresAt.Equal(now.Add(90*time.Minute)))
	out, err = rotate(now.Add(80 * time.Minute))
	require.NoError(t, err)
	require.True(t, out.Session.ExpiresAt.Equal(now.Add(longest)))
	_, err = rotate(now.Add(longest))
	require.Equal(t, models.Unauthenticated, models.CodeOf(err))
	// A row of before, which nobody told of the end.
	require.NoError(t, db.Exec("UPDATE sessions SET expires_at = ?", now.Add(1000*time.Hour)).Error)
	_, err = rotate(now.Add(longest))
	require.Equal(t, models.Unauthenticated, models.CodeOf(err))
}
