package api

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/storetest"
)

// secondProcess returns another API of the same database and clock, with a hub and a Redis of its own.
func (w *testEnv) secondProcess(client redis.UniversalClient) *testEnv {
	w.t.Helper()
	deps := w.server.Deps
	deps.Redis = client
	deps.Hub = realtime.NewHub(realtime.Options{Source: rowsOnly{deps.DB}, Redis: client, Log: deps.Log})
	w.t.Cleanup(func() { require.NoError(w.t, deps.Hub.Close(context.Background())) })
	return serve(w.t, deps, w.clock, w.logs)
}

func (w *testEnv) me(p person) answer { return w.do("GET", "/v1/users/me", "", p.header()...) }

// countSessionReads counts the statements that read a session's status from here on.
func countSessionReads(t *testing.T, db *gorm.DB) *atomic.Int32 {
	t.Helper()
	var asked atomic.Int32
	require.NoError(t, db.Callback().Row().Before("*").Register("count "+uuid.NewString(), func(tx *gorm.DB) {
		if strings.Contains(tx.Statement.SQL.String(), "FROM sessions s JOIN users") {
			asked.Add(1)
		}
	}))
	return &asked
}

// TestAnEndedSessionIsRefusedByEveryProcess ends sessions in one process, in each way, while Redis is away, and
// has another refuse them within a second.
func TestAnEndedSessionIsRefusedByEveryProcess(t *testing.T) {
	t.Parallel()
	first := newTestEnv(t, func(d *Deps) { d.Redis = storetest.GoneRedis(t) })
	second := first.secondProcess(storetest.GoneRedis(t))
	set := func(sql string) func(person) {
		return func(p person) { require.NoError(t, first.server.DB.Exec(sql, p.id).Error) }
	}
	staying := first.signUp("staying@example.com")
	for name, end := range map[string]func(person){
		"logout": func(p person) { first.requireStatus(204, first.do("POST", "/v1/auth/logout", "", p.header()...)) },
		"session": func(p person) {
			first.requireStatus(204, first.do("DELETE", "/v1/auth/sessions/"+first.sessions(p, "")[0]["id"].(string), "", p.header()...))
		},
		"by-sql":     set("UPDATE sessions SET revoked_at = now() WHERE user_id = ?"),
		"shortened":  set("UPDATE sessions SET expires_at = '2026-01-01' WHERE user_id = ?"),
		"removed":    set("DELETE FROM sessions WHERE user_id = ?"),
		"gone":       set("DELETE FROM users WHERE id = ?"),
		"suspended":  set("UPDATE users SET is_active = false WHERE id = ?"),
		"rolled-off": func(p person) { first.refreshTooLate(p) },
	} {
		p := first.signUp(name + "@example.com")
		for range 2 {
			second.requireStatus(200, second.me(p))
		}
		end(p)
		first.clock.advance(700 * time.Millisecond)
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, second.me(p).status, name)
		second.requireStatus(200, second.me(staying))
	}
}

// refreshTooLate presents a refresh token that is two steps behind, which ends its session.
func (w *testEnv) refreshTooLate(p person) {
	w.t.Helper()
	w.refreshed(w.refreshed(p.refresh).refresh)
	w.problem(w.refresh(p.refresh), rest.SlugAuth)
}

func TestASuspendedAccountComesBack(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	for range 2 {
		for active, status := range map[string]int{"false": 403, "true": 200} {
			require.NoError(t, w.server.DB.Exec("UPDATE users SET is_active = "+active+" WHERE id = ?", p.id).Error)
			w.clock.advance(700 * time.Millisecond)
			require.Equal(t, status, w.me(p).status)
		}
	}
}

// TestARevocationThatCommitsLate is recorded seconds before it can be seen, while others are recorded and seen.
func TestARevocationThatCommitsLate(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p, other := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	w.requireStatus(200, w.me(p))
	late := w.server.DB.Begin()
	defer late.Rollback()
	require.NoError(t, late.Exec("UPDATE sessions SET revoked_at = ? WHERE user_id = ?", w.clock.now(), p.id).Error)
	for range 5 {
		require.NoError(t, w.server.DB.Exec("UPDATE sessions SET expires_at = expires_at - interval '1 second' WHERE user_id = ?", other.id).Error)
		w.clock.advance(time.Second)
		w.requireStatus(200, w.me(p))
		w.requireStatus(200, w.me(other))
	}
	require.NoError(t, late.Commit().Error)
	w.clock.advance(700 * time.Millisecond)
	w.problem(w.me(p), rest.SlugAuth)
	w.requireStatus(200, w.me(other))
}

// TestSessionsAreKnownWhileNothingChanges reads a session once, for as long as its user stays as they are.
func TestSessionsAreKnownWhileNothingChanges(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p, other := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	w.requireStatus(200, w.me(p))
	asked := countSessionReads(t, w.server.DB)
	for range 20 {
		w.clock.advance(accessTrusted)
		w.requireStatus(200, w.me(p))
	}
	require.Zero(t, asked.Load())
	require.NoError(t, w.server.DB.Exec("UPDATE sessions SET revoked_at = now() WHERE user_id = ?", other.id).Error)
	w.clock.advance(accessEvery)
	w.requireStatus(200, w.me(p))
	require.Zero(t, asked.Load(), "another's session")
	w.refreshed(p.refresh)
	w.clock.advance(accessEvery)
	w.requireStatus(200, w.me(p))
	require.Zero(t, asked.Load(), "a refresh ends nothing")
	w.clock.advance(statusTTL)
	w.requireStatus(200, w.me(p))
	require.EqualValues(t, 1, asked.Load(), "in case that a change was lost")
}

// TestNothingIsBelievedThatMayHaveChanged takes from a process how it learns of changes.
func TestNothingIsBelievedThatMayHaveChanged(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	w.requireStatus(200, w.me(p))
	require.NoError(t, w.server.DB.Exec("ALTER TABLE access_changes RENAME TO out_of_reach").Error)
	require.NoError(t, w.server.DB.Exec("DROP TRIGGER access_changed ON sessions").Error)
	asked := countSessionReads(t, w.server.DB)
	for _, step := range []time.Duration{accessTrusted, -3 * time.Second, 3 * time.Second} {
		w.clock.advance(step)
		w.requireStatus(200, w.me(p))
	}
	require.EqualValues(t, 3, asked.Load())
	require.NoError(t, w.server.DB.Exec("UPDATE sessions SET revoked_at = now() WHERE user_id = ?", p.id).Error)
	w.problem(w.me(p), rest.SlugAuth)
}

// TestAnAnswerFromBeforeADropIsNotKept has a session end while its status is on its way.
func TestAnAnswerFromBeforeADropIsNotKept(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	c, id := w.server.sessionCache, uuid.New()
	status := accounts.SessionStatus{UserID: uuid.New(), State: accounts.SessionLive, ExpiresAt: w.clock.now().Add(time.Hour)}
	c.look(t.Context(), w.clock.now())
	_, _, before := c.recall(id, w.clock.now())
	c.ended(id)
	c.remember(id, cacheEntry{status, w.clock.now()}, before)
	_, ok, now := c.recall(id, w.clock.now())
	require.False(t, ok)
	c.remember(id, cacheEntry{status, w.clock.now()}, now)
	_, ok, _ = c.recall(id, w.clock.now())
	require.True(t, ok)
	for range maxCached + 1 {
		c.remember(uuid.New(), cacheEntry{status, w.clock.now()}, now)
	}
	require.Len(t, c.known, maxCached)
}

// TestRedisSaysAtOnceThatASessionEnded has a clock that stands still, so that nothing else tells.
func TestRedisSaysAtOnceThatASessionEnded(t *testing.T) {
	t.Parallel()
	client := storetest.Redis(t)
	w := newTestEnv(t).secondProcess(client)
	p := w.signUp("ada@example.com")
	w.requireStatus(200, w.me(p))
	claims, err := w.server.access.Verify(p.access)
	require.NoError(t, err)

	second := w.secondProcess(client)
	stolen, _, err := w.server.access.Sign(uuid.New(), claims.SessionID, nil, w.clock.now().Add(time.Hour))
	require.NoError(t, err)
	for range 2 {
		second.problem(second.do("GET", "/v1/users/me", "", "Authorization", "Bearer "+stolen), rest.SlugAuth)
		require.Equal(t, 200, second.me(p).status)
	}
	require.Equal(t, 204, w.do("POST", "/v1/auth/logout", "", p.header()...).status)
	w.problem(w.me(p), rest.SlugAuth)
	require.Eventually(t, func() bool {
		w.server.Hub.EndSignIns(t.Context(), claims.SessionID) // again, for one that listens only now
		return second.me(p).status == http.StatusUnauthorized
	}, 10*time.Second, 5*time.Millisecond)
}

func TestWithRedisAwayPostgresDecides(t *testing.T) {
	t.Parallel()
	near := newTestEnv(t)
	p := near.signUp("ada@example.com")
	deps := near.server.Deps
	deps.Redis = storetest.GoneRedis(t)
	w := serve(t, deps, near.clock, near.logs)
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", p.header()...).status)
	require.Equal(t, 204, w.do("POST", "/v1/auth/logout", "", p.header()...).status)
	w.problem(w.do("GET", "/v1/users/me", "", p.header()...), rest.SlugAuth)
	w.problem(w.do("GET", "/v1/health/redis", ""), rest.SlugDependency)
}
