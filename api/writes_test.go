package api

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// TestHealthWhenPostgresTakesNoWrites: such a server still answers queries, so only a write detects it.
func TestHealthWhenPostgresTakesNoWrites(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	open := func() *testEnv {
		deps, clock, logs := testDeps(t)
		db, err := store.Open(url, store.Pool{MaxOpen: 2})
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close(db) })
		deps.DB = db
		return serve(t, deps, clock, logs)
	}
	w := open()
	require.Equal(t, 200, w.do("GET", "/v1/health/ready", "").status)
	var name string
	require.NoError(t, w.server.DB.Raw("SELECT current_database()").Scan(&name).Error)
	require.NoError(t, w.server.DB.Exec("ALTER DATABASE "+name+" SET default_transaction_read_only = on").Error)

	read := open() // its connections come after that
	p := read.problem(read.do("GET", "/v1/health/database", ""), rest.SlugDependency)
	require.Equal(t, "Postgres is read-only: nothing can be written", p["component"].(map[string]any)["message"])
	p = read.problem(read.do("GET", "/v1/health/ready", ""), rest.SlugDependency)
	require.Equal(t, false, p["ready"])
	checks := p["checks"].([]any)
	require.Equal(t, []any{"unhealthy", "healthy"}, []any{checks[0].(map[string]any)["status"], checks[1].(map[string]any)["status"]})
	require.Equal(t, "degraded", read.do("GET", "/v1/health", "").json(t)["status"])
	require.Equal(t, 200, read.do("GET", "/v1/health/live", "").status)
	require.Equal(t, 200, w.do("GET", "/v1/health/ready", "").status, "the one before still may")

	require.NoError(t, w.server.DB.Exec("ALTER DATABASE "+name+" RESET default_transaction_read_only").Error)
	require.Equal(t, 200, open().do("GET", "/v1/health/ready", "").status)
}

func TestHealthWhenRedisTakesNoWrites(t *testing.T) {
	t.Parallel()
	client := storetest.RedisAt(t, storetest.OwnRedis(t).URL())
	w := newTestEnv(t, func(d *Deps) { d.Redis = client })
	ctx := context.Background()
	look := func() answer {
		w.clock.advance(time.Second + time.Millisecond) // an answer is passed on for a second
		require.NoError(t, client.Ping(ctx).Err(), "it answers all the time")
		require.Equal(t, 200, w.do("GET", "/v1/health/ready", "").status, "and can be done without")
		return w.do("GET", "/v1/health/redis", "")
	}
	message := func(a answer) string {
		require.Equal(t, "degraded", w.do("GET", "/v1/health", "").json(t)["status"])
		return w.problem(a, rest.SlugDependency)["component"].(map[string]any)["message"].(string)
	}
	require.Equal(t, 200, look().status)
	require.NoError(t, client.ConfigSet(ctx, "maxmemory-policy", "noeviction").Err())
	require.NoError(t, client.ConfigSet(ctx, "maxmemory", "1").Err())
	require.Contains(t, message(look()), "full")
	require.NoError(t, client.ConfigSet(ctx, "maxmemory", "0").Err())
	require.Equal(t, 200, look().status)
	require.NoError(t, client.ReplicaOf(ctx, "127.0.0.1", "1").Err())
	require.Contains(t, message(look()), "replica")
	require.NoError(t, client.ReplicaOf(ctx, "NO", "ONE").Err())
	require.Equal(t, 200, look().status)
}
