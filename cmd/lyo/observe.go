package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/api/circuitbreaker"
	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/cmd/lyo/observe"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
)

// telemetry holds the metrics, the traces and the identity of a process.
type telemetry struct {
	process  string // api, worker or serve
	identity string // among the pollers of a queue
	metrics  *observe.Metrics
	traces   *observe.Traces
	hub      *atomic.Pointer[realtime.Hub] // set once there is one
}

func newTelemetry(ctx context.Context, cfg config.Config, process string) (telemetry, error) {
	t := telemetry{
		process: process, identity: identity(), hub: &atomic.Pointer[realtime.Hub]{},
		metrics: observe.New(process, version(), buildID(cfg)),
	}
	if err := versionable(cfg); err != nil {
		return t, err
	}
	var err error
	t.traces, err = observe.NewTraces(ctx, observe.TraceOptions{
		Endpoint: cfg.Observe.TraceEndpoint, Headers: cfg.Observe.TraceHeaders.Reveal(), Share: cfg.Observe.TraceShare,
		Process: process, Version: version(),
	})
	return t, err
}

// finish sends the remaining traces.
func (t telemetry) finish() error {
	if t.traces == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := t.traces.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}

// watch registers the sources that every scrape reads. The backlog is the same for all
// processes, and each of them reports it; alerts take the maximum.
func (a *app) watch() error {
	raw, err := a.db.DB()
	if err != nil {
		return err
	}
	looks := observe.Looks{
		Writable: a.lookAtWrites, Outbox: a.lookAtOutbox, Queues: a.lookAtQueues, Runs: a.lookAtRuns, Pushes: a.stoppedPushes, Log: a.log,
		Database: func() sql.DBStats { return raw.Stats() },
		Sockets: func() (int, int) {
			if hub := a.hub.Load(); hub != nil {
				return hub.Connections(), hub.ActiveTasks()
			}
			return 0, 0
		},
	}
	if a.redis != nil {
		looks.Redis = a.redis.PoolStats
	}
	a.metrics.Watch(looks)
	return nil
}

func (a *app) lookAtOutbox(ctx context.Context) (observe.Outbox, error) {
	found, err := store.LookAtOutbox(ctx, a.db, clock())
	return observe.Outbox{Due: found.Due, Waiting: found.Waiting, Oldest: found.Oldest}, err
}

// writesWithin bounds the test writes of a scrape, so that time is left for the other sources.
const writesWithin = 2 * time.Second

// lookAtWrites reports which servers accept writes.
func (a *app) lookAtWrites(ctx context.Context) map[string]bool {
	ctx, cancel := context.WithTimeout(ctx, writesWithin)
	defer cancel()
	takes := map[string]bool{"postgres": store.TryWrite(ctx, a.db) == nil}
	if a.redis != nil {
		takes["redis"] = circuitbreaker.TryWrite(ctx, a.redis) == nil
	}
	return takes
}

func (a *app) lookAtQueues(ctx context.Context) ([]observe.QueueStats, error) {
	gone, err := store.GoneWorkers(ctx, a.db)
	if err != nil {
		a.log.DebugContext(ctx, "workers' signs of life cannot be read", "error", err)
	}
	stats, err := workflows.ReadQueueStats(ctx, a.temporal, a.cfg.Temporal.Namespace, gone)
	queues := make([]observe.QueueStats, 0, len(stats))
	for _, l := range stats {
		queues = append(queues, observe.QueueStats{Queue: l.Queue, Kind: l.Name(), Backlog: l.Backlog, Oldest: l.Oldest, Pollers: len(l.Pollers)})
	}
	return queues, err
}

// lookAtRuns counts the runs that do not go on.
func (a *app) lookAtRuns(ctx context.Context) (map[string]int, error) {
	runs, err := a.runs.Stuck(ctx)
	failing, late := workflows.CountStuck(runs)
	return map[string]int{"failing": failing, "late": late}, err
}

// spent logs a model call and records its metrics.
func (a *app) spent(ctx context.Context, c courses.ModelCall) {
	a.log.InfoContext(ctx, "model call", "kind", c.Kind, "endpoint", c.Endpoint, "outcome", c.Outcome,
		"input_tokens", c.InputTokens, "output_tokens", c.OutputTokens, "seconds", c.Seconds)
	a.metrics.Model(observe.Conversation{
		Endpoint: c.Endpoint, Kind: c.Kind, Outcome: c.Outcome,
		InputTokens: c.InputTokens, OutputTokens: c.OutputTokens, Seconds: c.Seconds,
	})
}

// observed runs a service beside the metrics listener, if that is configured.
func (a *app) observed(ctx context.Context, run func(*app, context.Context) error) error {
	if a.cfg.Observe.MetricsPort == 0 {
		return run(a, ctx)
	}
	listening, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	address := net.JoinHostPort(a.cfg.HTTP.Host, strconv.Itoa(a.cfg.Observe.MetricsPort))
	serve, err := observe.Serve(listening, address, a.metrics.Handler(a.ready, a.cfg.Observe.Profiles == "on", a.log))
	if err != nil {
		return fmt.Errorf("listen for metrics: %w", err)
	}
	a.log.InfoContext(ctx, "metrics are served", "address", address)
	group, running := errgroup.WithContext(ctx)
	group.Go(serve)
	group.Go(func() error {
		defer stop()
		return run(a, running)
	})
	return group.Wait()
}

var (
	errSchema   = errors.New("the database does not answer, or its schema is not current")
	errWrites   = errors.New("the database does not take writes")
	errTemporal = errors.New("the workflow engine does not answer")
	errUnpolled = errors.New("this worker does not poll every queue")
)

// ready reports why the process is not ready. Every process needs a database that accepts
// writes; the API also needs the current schema, and a worker polls every queue.
func (a *app) ready(ctx context.Context) error {
	if err := store.TryWrite(ctx, a.db); err != nil {
		return errWrites
	}
	if a.process != "worker" {
		raw, err := a.db.DB()
		if err == nil {
			err = migrations.Check(ctx, raw)
		}
		if err != nil {
			return errSchema
		}
	}
	if a.process == "api" {
		return nil
	}
	stats, err := workflows.ReadQueueStats(ctx, a.temporal, a.cfg.Temporal.Namespace, nil)
	if err != nil {
		return errTemporal
	}
	for _, queue := range stats {
		if !slices.Contains(queue.Pollers, a.identity) {
			return errUnpolled
		}
	}
	return nil
}
