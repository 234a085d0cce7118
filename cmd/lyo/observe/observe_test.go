package observe_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/lyoapp/lyo/cmd/lyo/observe"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func get(handler http.Handler, path string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

func TestWhatAScrapeShows(t *testing.T) {
	t.Parallel()
	m := observe.New("api", "1.2.3", "abc")
	fault := errors.New("no Temporal")
	m.Watch(observe.Looks{
		Writable: func(context.Context) map[string]bool { return map[string]bool{"postgres": true, "redis": false} },
		Outbox: func(context.Context) (observe.Outbox, error) {
			return observe.Outbox{Due: 2, Waiting: 3, Oldest: 90 * time.Second}, nil
		},
		Queues:  func(context.Context) ([]observe.QueueStats, error) { return nil, fault },
		Sockets: func() (int, int) { return 4, 5 },
		Database: func() sql.DBStats {
			return sql.DBStats{InUse: 1, Idle: 2, MaxOpenConnections: 20, WaitCount: 7, WaitDuration: time.Second}
		},
		Redis: func() *redis.PoolStats { return &redis.PoolStats{TotalConns: 3, IdleConns: 1} },
		Log:   quiet(),
	})
	m.Request("GET", "/v1/tasks/:id", 200, 30*time.Millisecond)
	m.Request("BREW", "(none)", 405, time.Millisecond)
	m.Request("GET", "/v1/tasks/ws/:task_id", 101, time.Hour)
	m.Model(observe.Conversation{Endpoint: "main", Kind: "lesson", Outcome: "ok", InputTokens: 10, OutputTokens: 20, Seconds: 2})
	m.Push("ios", "sent")
	sdk := m.SDK().WithTags(map[string]string{"task_queue": "lyo", "worker_type": "none", "invented": "x"})
	sdk.Counter("temporal_request").Inc(2)
	sdk.Timer("temporal_request_latency").Record(time.Second)
	sdk.Gauge("temporal_num_pollers").Update(4)
	m.SDK() // a second client of a process shares them

	text := get(m.Handler(func(context.Context) error { return nil }, false, quiet()), "/metrics").Body.String()
	for _, line := range []string{
		`lyo_build_info{build="abc",process="api",version="1.2.3"} 1`,
		`lyo_writable{at="postgres"} 1`,
		`lyo_writable{at="redis"} 0`,
		`lyo_http_requests_total{method="GET",route="/v1/tasks/:id",status="200"} 1`,
		`lyo_http_requests_total{method="other",route="(none)",status="405"} 1`,
		`lyo_http_request_seconds_count{method="GET",route="/v1/tasks/:id"} 1`,
		`lyo_outbox_messages{state="held"} 3`, `lyo_outbox_oldest_seconds 90`,
		`lyo_look_failed{at="outbox"} 0`, `lyo_look_failed{at="queues"} 1`,
		`lyo_sockets 4`, `lyo_watched_tasks 5`,
		`lyo_pool_connections{pool="postgres",state="busy"} 1`, `lyo_pool_connections{pool="redis",state="busy"} 2`, `lyo_pool_waits_total{pool="postgres"} 7`,
		`lyo_model_tokens_total{direction="output",endpoint="main"} 20`, `lyo_push_total{platform="ios",verdict="sent"} 1`,
	} {
		require.Contains(t, text, line+"\n")
	}
	require.Regexp(t, `temporal_request_total\{[^}]*task_queue="lyo"[^}]*\} 2`, text)
	require.NotContains(t, text, "invented")
	require.NotContains(t, text, `lyo_http_request_seconds_count{method="GET",route="/v1/tasks/ws/:task_id"}`, "a socket has no time to answer")
	require.NotContains(t, text, "lyo_queue_pollers{")
}

func TestReadinessSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	m := observe.New("worker", "1", "1")
	var missing error
	handler := m.Handler(func(context.Context) error { return missing }, true, quiet())
	require.Equal(t, http.StatusOK, get(handler, "/ready").Code)
	missing = errors.New("this worker does not poll every queue")
	answer := get(handler, "/ready")
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.JSONEq(t, `{"ready":false,"message":"this worker does not poll every queue"}`, answer.Body.String())
	require.Equal(t, http.StatusOK, get(handler, "/live").Code)
}

func TestALogHoldsIdsAndNoSecrets(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(observe.Log(slog.NewJSONHandler(&out, nil), []string{"hunter2-secret", "abc"}))
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	token := "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	log.With("password", "in-with").WithGroup("g").InfoContext(ctx, "said hunter2-secret", "token", "in-attr", "url", "postgres://lyo:open-sesame@db/lyo",
		"error", fmt.Errorf("dial redis://:open-sesame@cache: %w", errors.New("Bearer q1w2e3r4")), "group", slog.GroupValue(slog.String("api_key", "in-group")),
		"text", "see "+token, "WorkflowID", "generate-course/1", "list", []string{"hunter2-secret"}, "short", "abc")
	for _, secret := range []string{"hunter2", "in-with", "in-attr", "open-sesame", "q1w2e3r4", "in-group", token} {
		require.NotContains(t, out.String(), secret)
	}
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	group := line["g"].(map[string]any)
	require.Equal(t, "01000000000000000000000000000000", group["trace_id"])
	require.Equal(t, "generate-course/1", group["workflow_id"])
	require.Equal(t, "abc", group["short"], "what is too short to be a secret stays readable")
}

func TestTracesThatNobodyWants(t *testing.T) {
	t.Parallel()
	traces, err := observe.NewTraces(t.Context(), observe.TraceOptions{})
	require.NoError(t, err)
	interceptors, err := traces.Temporal()
	require.NoError(t, err)
	require.Empty(t, interceptors)
	require.Same(t, http.DefaultClient, traces.Client())
	require.NoError(t, traces.Close(t.Context()))
}
