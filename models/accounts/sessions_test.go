package accounts_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func TestOneOfManyRotationsMovesTheChain(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := fixture.SignedUp(t, db, "ada@example.com", now)
	moved := make(chan []byte, 50)
	var all sync.WaitGroup
	for range cap(moved) {
		all.Go(func() {
			next := fixture.Digest(uuid.NewString())
			out, err := accounts.RotateSession(t.Context(), db, session.ID, accounts.Rotation{
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

// TestATokenTooOldEndsTheSession presents one two steps behind, and the previous one when its time is over. The newest one, too, is
// worth nothing then.
func TestATokenTooOldEndsTheSession(t *testing.T) {
	t.Parallel()
	for name, shown := range map[string]struct {
		token string
		after time.Duration
	}{
		"two steps behind":           {"ada@example.com", 0},
		"the previous one, late":     {"one", accounts.ReuseWindow + time.Second},
		"two steps behind, and late": {"ada@example.com", accounts.ReuseWindow + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
			session := fixture.SignedUp(t, db, "ada@example.com", now)
			rotate := func(token, next string, at time.Time) (accounts.Rotated, error) {
				return accounts.RotateSession(t.Context(), db, session.ID, accounts.Rotation{
					Presented: fixture.Digest(token), Genuine: true, NextHash: fixture.Digest(next), Sealed: []byte(next), Lifetime: time.Hour, Longest: 24 * time.Hour, Now: at,
					Reused: fixture.AuditLine(store.AuditTokenReused, at),
				})
			}
			_, err := rotate("ada@example.com", "one", now)
			require.NoError(t, err)
			_, err = rotate("one", "two", now)
			require.NoError(t, err)
			out, err := rotate(shown.token, "three", now.Add(shown.after))
			require.Equal(t, store.Unauthenticated, store.CodeOf(err))
			require.True(t, out.Ended)
			_, err = rotate("two", "three", now.Add(shown.after))
			require.Equal(t, store.Unauthenticated, store.CodeOf(err), "the newest token goes on")
		})
	}
}

func TestRotationOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := fixture.SignedUp(t, db, "ada@example.com", now)
	rotate := func(id uuid.UUID, shown string, genuine bool) (accounts.Rotated, error) {
		return accounts.RotateSession(t.Context(), db, id, accounts.Rotation{
			Presented: fixture.Digest(shown), Genuine: genuine, NextHash: fixture.Digest("next"), Sealed: []byte{1}, Lifetime: time.Hour, Longest: 24 * time.Hour, Now: now,
			Reused: fixture.AuditLine(store.AuditTokenReused, now),
		})
	}
	_, err := rotate(store.NewID(), "ada@example.com", true)
	require.Equal(t, store.Unauthenticated, store.CodeOf(err))
	out, err := rotate(session.ID, "made up", false)
	require.Equal(t, store.Unauthenticated, store.CodeOf(err))
	require.False(t, out.Ended)
	out, err = rotate(session.ID, "once minted", true)
	require.Equal(t, store.Unauthenticated, store.CodeOf(err))
	require.True(t, out.Ended)
	log, err := store.ListAudit(t.Context(), db, store.AuditFilter{Action: store.AuditTokenReused, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 1)
	require.Equal(t, session.UserID, *log[0].UserID)
	found, err := accounts.FindSessionStatus(t.Context(), db, session.ID, now)
	require.NoError(t, err)
	require.Equal(t, accounts.SessionEnded, found.State)
	require.Equal(t, session.UserID, found.UserID)
}

func TestSessionStates(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := fixture.SignedUp(t, db, "ada@example.com", now)
	state := func(at time.Time) accounts.SessionState {
		got, err := accounts.FindSessionStatus(t.Context(), db, session.ID, at)
		require.NoError(t, err)
		return got.State
	}
	require.Equal(t, accounts.SessionLive, state(now))
	require.Equal(t, accounts.SessionEnded, state(session.ExpiresAt))
	require.NoError(t, db.Exec("UPDATE users SET is_active = false").Error)
	require.Equal(t, accounts.SessionInactive, state(now))
	_, err := accounts.SignIn(t.Context(), db, session.UserID, "x", accounts.Session{}, fixture.AuditLine(store.AuditSignIn, now))
	require.Equal(t, store.Forbidden, store.CodeOf(err))
	revoke := func(at time.Time) error {
		return accounts.RevokeSession(t.Context(), db, session.ID, fixture.AuditLine(store.AuditSignOut, at))
	}
	require.NoError(t, revoke(now))
	require.NoError(t, revoke(now.Add(time.Hour)))
	require.Equal(t, accounts.SessionEnded, state(now))
	var kept accounts.Session
	require.NoError(t, db.First(&kept, "id = ?", session.ID).Error)
	require.WithinDuration(t, now, *kept.RevokedAt, 0)
}

func TestASessionEndsForGoodHoweverOftenItIsRefreshed(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	session := fixture.SignedUp(t, db, "ada@example.com", now)
	const longest = 100 * time.Minute
	shown := session.TokenHash
	rotate := func(at time.Time) (accounts.Rotated, error) {
		next := fixture.Digest(at.String())
		out, err := accounts.RotateSession(t.Context(), db, session.ID, accounts.Rotation{
			Presented: shown, Genuine: true, NextHash: next, Sealed: next, Lifetime: time.Hour, Longest: longest, Now: at,
			Reused: fixture.AuditLine(store.AuditTokenReused, at),
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
	require.Equal(t, store.Unauthenticated, store.CodeOf(err))
	// A stored expiry beyond the longest duration of a session does not prolong it.
	require.NoError(t, db.Exec("UPDATE sessions SET expires_at = ?", now.Add(1000*time.Hour)).Error)
	_, err = rotate(now.Add(longest))
	require.Equal(t, store.Unauthenticated, store.CodeOf(err))
}
