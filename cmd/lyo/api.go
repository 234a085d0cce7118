package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/api"
	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/api/health"
	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
)

// serveAPI serves HTTP until ctx ends. Then it stops accepting, closes sockets with a code that
// asks clients to reconnect, and lets requests finish within the stop timeout.
func (a *app) serveAPI(ctx context.Context) error {
	keys, err := a.keys()
	if err != nil {
		return err
	}
	hub := realtime.NewHub(realtime.Options{
		Source: progressSource{a, store.NewKnownIdentity(a.db, clock)}, Redis: a.redis, Log: a.log,
	})
	a.hub.Store(hub)
	server, err := api.New(api.Deps{
		Config: a.cfg, DB: a.db, Redis: a.redis, Temporal: a.temporal, Runs: a.runs, Keys: keys, Clock: clock, Log: a.log,
		Version: version(), Model: a.modelHealth(), Hub: hub, Dispatcher: a.dispatcher,
		Tickets: realtime.NewTickets(a.redis), HashSlots: makeRoomForHashes(),
		Tracer: a.traces.Tracer(), Seen: a.metrics.Request,
	})
	if err != nil {
		return err
	}
	address := net.JoinHostPort(a.cfg.HTTP.Host, strconv.Itoa(a.cfg.HTTP.Port))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	a.log.InfoContext(ctx, "API is listening", "address", listener.Addr().String())
	return a.serve(ctx, hub, &http.Server{
		Handler:           server.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}, server.Listener(listener))
}

// makeRoomForHashes returns how many passwords are hashed at once: the number of cores less one,
// which is left for requests. It raises GOMAXPROCS by the same number, so that the kernel, which
// knows the priority of the hashing threads, schedules them; otherwise a hash would delay the
// goroutines that wait for its scheduler slot.
// docs/benchmarks/logins.md has the figures.
func makeRoomForHashes() int {
	cores := runtime.GOMAXPROCS(0)
	slots := max(1, cores-1)
	runtime.GOMAXPROCS(cores + slots)
	return slots
}

func (a *app) serve(ctx context.Context, hub *realtime.Hub, server *http.Server, listener net.Listener) error {
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-running.Done()
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.HTTP.StopWithin)
		defer cancel()
		// Shutdown does not wait for sockets, which are hijacked connections; the hub does.
		var both errgroup.Group
		both.Go(func() error { return hub.Close(stopping) })
		both.Go(func() error { return server.Shutdown(stopping) })
		return errors.Join(both.Wait(), server.Close())
	})
	return group.Wait()
}

// keys returns the configured signing keys, or in development those in the state directory.
func (a *app) keys() (*auth.Keys, error) {
	if text := a.cfg.Auth.JWTKey.Reveal(); text != "" {
		return auth.ParseKeys(text)
	}
	return auth.LoadOrCreate(a.cfg.StateDir)
}

// progressSource is the source from which the hub reads the progress of tasks.
type progressSource struct {
	*app
	database *store.KnownIdentity
}

// Query reads events from the workflow.
func (s progressSource) Query(ctx context.Context, task uuid.UUID, since int64) ([]tasks.TaskEvent, error) {
	workflow, err := tasks.WorkflowOf(ctx, s.db, task)
	if err != nil {
		return nil, err
	}
	return workflows.ProgressOf(ctx, s.temporal, workflow, since)
}

// Rows reads events from Postgres.
func (s progressSource) Rows(ctx context.Context, task uuid.UUID, since int64) ([]tasks.TaskEvent, error) {
	return tasks.EventsAfter(ctx, s.db, task, since)
}

// Database names the database.
func (s progressSource) Database(ctx context.Context) string { return s.database.Of(ctx) }

// modelHealth probes the model server. The result says what courses are made of without one.
func (a *app) modelHealth() health.ModelProbe {
	if a.model != nil {
		return a.healthOf
	}
	found := health.ModelHealth{
		Status: "degraded", Message: "No model is configured: courses quote their sources, and without any there is none.", Provider: courses.WriterExtractive,
	}
	if a.cfg.Gemma.FallbackOn() {
		found = health.ModelHealth{Status: "healthy", Message: "No model is configured: courses quote their sources, or are study plans.", Provider: courses.ProviderBuiltin}
	}
	return func(context.Context) health.ModelHealth { return found }
}

func (a *app) healthOf(ctx context.Context) health.ModelHealth {
	info, err := a.model.Probe(ctx)
	found := health.ModelHealth{
		Status: "healthy", Message: "The model answers.", ModelName: info.Model, ModelVersion: info.Version, Provider: info.Provider,
		ChecksumVerified: info.Weights.Verified, SizeMB: info.Weights.SizeMB,
	}
	if at := info.Weights.LoadedAt; !at.IsZero() {
		found.LastLoadedAt = &at
	}
	switch {
	case err == nil:
	case llm.KindOf(err) == llm.Misconfigured:
		found.Status, found.Message = "unhealthy", "The model's server refuses requests: its name or key is wrong."
	case a.cfg.Gemma.FallbackOn():
		found.Status, found.Message = "degraded", "The model cannot be reached: courses quote their sources, or are study plans."
	default:
		found.Status, found.Message = "unhealthy", "The model cannot be reached."
	}
	if found.ModelName == "" {
		found.ModelName = a.cfg.Gemma.Model
	}
	return found
}

// serveBoth runs the API and the worker in one process. The API stops first.
func (a *app) serveBoth(ctx context.Context) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, serving := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer stop()
		return a.serveAPI(serving)
	})
	group.Go(func() error { return a.serveWorker(working) })
	return group.Wait()
}
