package observe

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Ready tells why a process cannot do its work; nil means that it can. The text is
// for the public: no address, no driver's words.
type Ready func(context.Context) error

// Handler serves /metrics for Prometheus, /live and /ready for whoever starts and stops
// processes, and with profiles the standard library's /debug/pprof/.
func (m *Metrics) Handler(ready Ready, profiles bool, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	if profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{
		ErrorLog: promLog{log}, ErrorHandling: promhttp.ContinueOnError, Registry: m.Registry, MaxRequestsInFlight: 4,
	}))
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), lookFor)
		defer cancel()
		if err := ready(ctx); err != nil {
			say(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		say(w, http.StatusOK, "ready")
	})
	return mux
}

func say(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"ready": status == http.StatusOK, "message": message}) //nolint:errchkjson // the client may be gone
}

type promLog struct{ log *slog.Logger }

// Println logs what the library has to say of a scrape.
func (p promLog) Println(v ...any) { p.log.Warn("metrics", "problem", v) }

// Serve serves a handler at an address until ctx ends. It is the owner of the
// listener, which it takes before it returns to run.
func Serve(ctx context.Context, address string, handler http.Handler) (run func() error, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	return func() error {
		stop := context.AfterFunc(ctx, func() { _ = server.Close() })
		defer stop()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return errors.Join(err, server.Close())
		}
		return nil
	}, nil
}
