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

// Server serves a model that answers chats, and maybe one that makes embeddings. It is safe for
// concurrent use.
type Server struct {
	o          Options
	chats      *served
	embeddings *served // nil: none are made
	started    time.Time

	open     context.Context // until stopping begins: then waiting requests end
	shut     context.CancelCauseFunc
	running  context.Context // until the time for running answers is over
	cutShort context.CancelCauseFunc
}

// New returns a server that has loaded nothing yet. Close must be called.
func New(o Options) *Server {
	s := &Server{o: o.withDefaults()}
	shared := &memory{}
	s.chats, s.started = newServed(s.o.Model, s.o, s.o.Slots, shared), s.o.Now()
	if s.o.Embeddings != nil {
		s.embeddings = newServed(*s.o.Embeddings, s.o, 1, shared)
	}
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
// cancels them and unloads the models. It returns an error when a model does not stop within
// five seconds more; the process should then end.
func (s *Server) Close(ctx context.Context) error {
	s.shut(errStopping)
	for _, m := range s.models() {
		m.line.close()
	}
	s.awaitEmpty(ctx)
	s.cutShort(errStopping)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopReserve)
	defer cancel()
	s.awaitEmpty(last)
	var errs []error
	for _, m := range s.models() {
		errs = append(errs, m.host.close(last))
	}
	return errors.Join(errs...)
}

// awaitEmpty returns when no model has a request any more, or when ctx ends. The queues are closed.
func (s *Server) awaitEmpty(ctx context.Context) {
	for _, m := range s.models() {
		select {
		case <-m.line.close():
		case <-ctx.Done():
		}
	}
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

// work waits for a slot of m and for its weights and calls do with them. Its context ends when the
// client leaves or the server's stop time is over.
func (s *Server) work(ctx context.Context, m *served, do func(context.Context, Runner) error) error {
	waiting, stop := either(ctx, s.open)
	defer stop()
	if err := m.line.acquire(waiting); err != nil {
		return err
	}
	defer m.line.release()
	ctx, cancel := either(ctx, s.running)
	defer cancel()
	runner, err := m.host.acquire(ctx)
	if err != nil {
		return err
	}
	defer m.host.release()
	err = safely(func() error { return do(ctx, runner) })
	return s.judge(ctx, m, err)
}

// judge logs the server's own faults and returns the response's problem.
func (s *Server) judge(ctx context.Context, m *served, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*panicked](err); ok {
		m.host.discard()
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
