package api

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestRequestsAreCountedAndTraced(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	var mu sync.Mutex
	seen := map[string]int{}
	w := newTestEnv(t, func(d *Deps) {
		d.Tracer = provider.Tracer("test")
		d.Seen = func(method, route string, status int, _ time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			seen[method+" "+route] = status
		}
	})
	a := w.do("GET", "/v1/courses/0198c0de-0000-7000-8000-000000000000", "", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	require.Equal(t, 401, a.status)
	w.do("GET", "/v1/health/live", "")
	w.do("GET", "/nowhere", "")
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, 401, seen["GET /v1/courses/:id"])
	require.Equal(t, 404, seen["GET (none)"])
	require.Equal(t, 200, seen["GET /v1/health/live"])
	got := spans.GetSpans()
	require.Len(t, got, 2, "health is not traced")
	require.Equal(t, "GET /v1/courses/:id", got[0].Name)
	require.NotEqual(t, "0af7651916cd43dd8448eb211c80319c", got[0].SpanContext.TraceID().String(), "a stranger's trace is not joined")
}
