package engine

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Server serves one model. It is safe for concurrent use.
type Server struct {
	o       Options
	host    *host
	line    *admissionQueue
	started time.Time

	open     context.Context // until stopping begins: then waiting requests end
	shut     context.CancelCauseFunc
	running  context.Context // until the time for running answers is over
	cutShort context.CancelCauseFunc
}

// New returns a server that has loaded nothing yet. Close must be called.
func New(o Options) *Server {
	s := &Server{o: o.withDefaults()}
	s.host, s.line, s.started = newHost(s.o), newAdmissionQueue(s.o.Slots, s.o.Queue), s.o.Now()
	s.open, s.shut = context.WithCancelCause(context.Background())
	s.running, s.cutShort = context.WithCancelCause(context.Background())
	return s
}

// Handler serves /v1/chat/completions, /v1/embeddings, /v1/models and /health. Web pages
// of other origins cannot use it.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.guarded(s.serveChat))
	mux.HandleFunc("POST /v1/embeddings", s.guarded(s.serveEmbeddings))
	mux.HandleFunc("GET /v1/models", s.guarded(s.serveModels))
	mux.HandleFunc("GET /v1/models/{name}", s.guarded(s.serveModel))
	mux.HandleFunc("GET /health", s.serveHealth)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { s.refuse(w, errNotFound) })
	strangers := http.NewCrossOriginProtection()
	strangers.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { s.refuse(w, errStranger) }))
	return strangers.Handler(mux)
}

var (
	errNotFound = &problem{status: http.StatusNotFound, message: "there is nothing here, or not by this method", kind: kindInvalid, code: "not_found"}
	errStranger = &problem{status: http.StatusForbidden, message: "pages of other origins are not served", kind: kindInvalid, code: "cross_origin"}
	errKey      = &problem{status: http.StatusUnauthorized, message: "the API key is missing or wrong", kind: kindInvalid, code: "invalid_api_key"}
)

// stopReserve is how much longer Close waits for answers that it cancelled.
const stopReserve = 5 * time.Second

// Close refuses new and waiting requests, lets running answers finish until ctx ends, then
// cancels them and unloads the model. It returns an error when a model does not stop within
// five seconds more; the process should then end.
func (s *Server) Close(ctx context.Context) error {
	s.shut(errStopping)
	left := s.line.close()
	select {
	case <-left:
	case <-ctx.Done():
	}
	s.cutShort(errStopping)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopReserve)
	defer cancel()
	select {
	case <-left:
	case <-last.Done():
	}
	return s.host.close(last)
}

// guarded requires the API key.
func (s *Server) guarded(next http.HandlerFunc) http.HandlerFunc {
	if s.o.APIKey == "" {
		return next
	}
	want := sha256.Sum256([]byte(s.o.APIKey))
	return func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if got := sha256.Sum256([]byte(token)); subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			s.refuse(w, errKey)
			return
		}
		next(w, r)
	}
}

// admit checks what can be known before waiting and takes a place in the queue. The
// returned function releases the place.
func (s *Server) admit() (leave func(), err error) {
	if err := s.ready(); err != nil {
		return nil, unavailable("model_not_ready", 30*time.Second, "%s", err.Error())
	}
	if err := s.line.enter(); err != nil {
		return nil, err
	}
	return s.line.leave, nil
}

// ready returns the error of Ready, which it does not call while the model is loaded.
func (s *Server) ready() error {
	if loaded, _, _, _ := s.host.state(); loaded {
		return nil
	}
	return s.o.Ready()
}

// work waits for a slot and the model and calls do with it. Its context ends when the
// client leaves or the server's stop time is over.
func (s *Server) work(ctx context.Context, do func(context.Context, Runner) error) error {
	waiting, stop := either(ctx, s.open)
	defer stop()
	if err := s.line.acquire(waiting); err != nil {
		return err
	}
	defer s.line.release()
	ctx, cancel := either(ctx, s.running)
	defer cancel()
	runner, err := s.host.acquire(ctx)
	if err != nil {
		return err
	}
	defer s.host.release()
	err = safely(func() error { return do(ctx, runner) })
	return s.judge(ctx, err)
}

// judge logs the server's own faults and returns the response's problem.
func (s *Server) judge(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*panicked](err); ok {
		s.host.discard()
		s.o.Log.Error("the model panicked", "error", err, "stack", string(p.stack))
		return errFailed
	}
	p := problemFor(ctx, err)
	if p == errFailed && ctx.Err() == nil {
		s.o.Log.Error("the model failed", "error", err)
	}
	return p
}

// either returns a context that ends with the first of two, with its cause.
func either(ctx, other context.Context) (context.Context, context.CancelFunc) {
	merged, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return merged, func() {
		stop()
		cancel(nil)
	}
}
