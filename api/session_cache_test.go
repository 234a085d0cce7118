package api

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/storetest"
)

func TestRedisCarriesSessionStates(t *testing.T) {
	t.Parallel()
	client := storetest.Redis(t)
	w := newTestEnv(t, func(d *Deps) { d.Redis = client })
	p := w.signUp("ada@example.com")
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", p.header()...).status)
	claims, err := w.server.access.Verify(p.access)
	require.NoError(t, err)
	key := w.server.sessionCache.stampKey(t.Context(), claims.SessionID)
	require.Equal(t, "live "+p.id, client.Get(t.Context(), key).Val())
	require.LessOrEqual(t, client.TTL(t.Context(), key).Val(), redisTTL)

	// Another process uses the cached stamp, which a revocation overwrites.
	second := serve(t, w.server.Deps, w.clock, w.logs)
	stolen, _, err := w.server.access.Sign(uuid.New(), claims.SessionID, nil, w.clock.now().Add(time.Hour))
	require.NoError(t, err)
	second.problem(second.do("GET", "/v1/users/me", "", "Authorization", "Bearer "+stolen), rest.SlugAuth)
	require.Equal(t, 200, second.do("GET", "/v1/users/me", "", p.header()...).status)
	require.Equal(t, 204, w.do("POST", "/v1/auth/logout", "", p.header()...).status)
	require.Equal(t, "ended", client.Get(t.Context(), key).Val())
	w.clock.advance(time.Second)
	second.problem(second.do("GET", "/v1/users/me", "", p.header()...), rest.SlugAuth)
	// Without Redis, and with an emptied one, Postgres has the state.
	require.NoError(t, client.Del(t.Context(), key).Err())
	third := serve(t, w.server.Deps, w.clock, w.logs)
	third.problem(third.do("GET", "/v1/users/me", "", p.header()...), rest.SlugAuth)
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
