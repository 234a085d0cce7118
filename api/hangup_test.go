package api

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/store"
)

// TestAClientThatHangsUpIsNoFaultOfOurs checks that failures of abandoned requests count as 499,
// neither as 5xx, which raises an alert, nor as an error in the log.
func TestAClientThatHangsUpIsNoFaultOfOurs(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		status int
		fail   func(context.Context, *Server) error
	}{
		"the context's error": {rest.StatusGone, func(ctx context.Context, _ *Server) error { return ctx.Err() }},
		"a part that was cut off": {rest.StatusGone, func(ctx context.Context, _ *Server) error {
			return store.Errorf(store.Unavailable, "The engine does not answer.").Because(ctx.Err())
		}},
		"a query": {rest.StatusGone, func(ctx context.Context, s *Server) error {
			return s.DB.WithContext(ctx).Exec("SELECT pg_sleep(60)").Error
		}},
		"a transaction rolled back":    {rest.StatusGone, func(context.Context, *Server) error { return sql.ErrTxDone }},
		"a refusal":                    {http.StatusNotFound, func(context.Context, *Server) error { return errorOf(store.NotFound) }},
		"a deadline of ours before it": {http.StatusServiceUnavailable, func(context.Context, *Server) error { return fmt.Errorf("ask: %w", context.DeadlineExceeded) }},
		"a part that was too slow before it": {http.StatusServiceUnavailable, func(context.Context, *Server) error {
			return errorOf(store.Unavailable).Because(context.DeadlineExceeded)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			counted := make(chan int, 1)
			w := newTestEnv(t, func(d *Deps) {
				d.Seen = func(_, _ string, status int, _ time.Duration) { counted <- status }
			})
			began := make(chan struct{})
			rest.Register(w.server.API, huma.Operation{OperationID: "hang", Method: http.MethodGet, Path: "/hang"}, func(ctx context.Context, _ *rest.NoInput) (*rest.Body[string], error) {
				close(began)
				if !strings.HasPrefix(name, "a query") {
					<-ctx.Done()
				}
				return nil, row.fail(ctx, w.server)
			}, rest.Public)
			ctx, hangUp := context.WithCancel(t.Context())
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/hang", http.NoBody)
			require.NoError(t, err)
			go func() {
				<-began
				hangUp()
			}()
			_, err = http.DefaultClient.Do(r)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, row.status, <-counted)
			if row.status < 500 {
				require.NotContains(t, w.logs.String(), `"level":"ERROR"`)
				require.NotContains(t, w.logs.String(), `"level":"WARN","msg":"request"`)
			}
		})
	}
}

// TestAPartThatIsTooSlowIsAFaultOfOurs has the server's own timeout end while the client still waits.
func TestAPartThatIsTooSlowIsAFaultOfOurs(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	rest.Register(w.server.API, huma.Operation{OperationID: "slow", Method: http.MethodGet, Path: "/slow"}, func(ctx context.Context, _ *rest.NoInput) (*rest.Body[string], error) {
		<-ctx.Done()
		return nil, errors.Join(ctx.Err())
	}, rest.Public, rest.Within(20*time.Millisecond))
	w.problem(w.do("GET", "/slow", ""), rest.SlugDependency)
	require.Contains(t, w.logs.String(), "dependency unavailable")
}

func TestTheStatusOfHangingUpIsInNoDocument(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	document, err := w.server.Document()
	require.NoError(t, err)
	require.NotContains(t, string(document), `"499"`)
	require.NotContains(t, string(w.do("GET", "/problems", "").body), rest.SlugGone)
}
