package api

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/health"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func TestHealthWhenAllIsWell(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t, func(d *Deps) {
		d.Model = func(context.Context) health.ModelHealth {
			return health.ModelHealth{Status: health.StatusHealthy, ModelName: "gemma"}
		}
	})
	v := w.do("GET", "/health", "").json(t)
	require.Equal(t, "healthy", v["status"])
	require.Equal(t, "2026-11-01T12:00:00Z", v["timestamp"])
	require.Equal(t, "test", v["version"])
	v = w.do("GET", "/v1/health/", "").json(t)
	require.Equal(t, "healthy", v["status"])
	for _, part := range []string{"database", "redis", "temporal", "websocket", "model", "push"} {
		c := v["components"].(map[string]any)[part].(map[string]any)
		require.Equal(t, "healthy", c["status"], part)
		require.Contains(t, c, "message")
		require.Contains(t, c, "latency_ms")
		require.Equal(t, 200, w.do("GET", "/v1/health/"+part, "").status)
	}
	defer w.server.Hub.Follow(store.NewID(), 0).Close()
	sockets := w.do("GET", "/v1/health/websocket", "").json(t)
	require.EqualValues(t, 0, sockets["total_connections"])
	require.EqualValues(t, 1, sockets["active_tasks"])
	require.Equal(t, false, sockets["redis_enabled"])
	model := w.do("GET", "/v1/health/model", "").json(t)
	for _, key := range []string{"status", "model_name", "model_version", "provider", "checksum_verified", "size_mb", "last_loaded_at"} {
		require.Contains(t, model, key)
	}
	ready := w.do("GET", "/v1/health/ready", "")
	require.Equal(t, 200, ready.status)
	require.Equal(t, true, ready.json(t)["ready"])
	require.Len(t, ready.json(t)["checks"], 2)
	require.Equal(t, 200, w.do("GET", "/v1/health/live", "").status)
}

func TestHealthWithoutPostgres(t *testing.T) {
	t.Parallel()
	deps, clock, logs := testDeps(t)
	away, err := store.Open("postgres://secret-user:secret-word@127.0.0.1:1/nothing", store.Pool{MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close(away) })
	deps.DB = away
	w := serve(t, deps, clock, logs)
	a := w.do("GET", "/v1/health/database", "")
	p := w.problem(a, rest.SlugDependency)
	require.Equal(t, "unhealthy", p["component"].(map[string]any)["status"])
	a = w.do("GET", "/v1/health/ready", "")
	require.Equal(t, false, w.problem(a, rest.SlugDependency)["ready"])
	require.NotContains(t, string(a.body), "127.0.0.1")
	require.NotContains(t, string(a.body), "secret")
	require.Equal(t, 200, w.do("GET", "/v1/health/live", "").status)
	overview := w.do("GET", "/v1/health", "")
	require.Equal(t, 200, overview.status)
	require.Equal(t, "degraded", overview.json(t)["status"])
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"a@b.example","password":"x"}`), rest.SlugDependency)
}

func TestReadyNeedsASchema(t *testing.T) {
	t.Parallel()
	deps, clock, logs := testDeps(t)
	empty, err := store.Open(storetest.Empty(t), store.Pool{MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close(empty) })
	deps.DB = empty
	w := serve(t, deps, clock, logs)
	require.Equal(t, 200, w.do("GET", "/v1/health/database", "").status)
	w.problem(w.do("GET", "/v1/health/ready", ""), rest.SlugDependency)
}

func TestPartsAreAskedOnceASecond(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	w := newTestEnv(t, func(d *Deps) {
		d.Model = func(context.Context) health.ModelHealth {
			asked.Add(1)
			return health.ModelHealth{Status: health.StatusUnhealthy, Message: "The model does not answer"}
		}
	})
	for range 5 {
		w.problem(w.do("GET", "/v1/health/model", ""), rest.SlugModel)
	}
	require.EqualValues(t, 1, asked.Load())
	w.clock.advance(time.Second + time.Millisecond) // an answer is passed on for a second
	w.do("GET", "/v1/health/model", "")
	require.EqualValues(t, 2, asked.Load())
}
