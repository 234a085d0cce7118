package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/lyoapp/lyo/deploy/local"
)

const (
	settleWithin = 10 * time.Minute
	settleEvery  = 20 * time.Millisecond
)

// system is a whole Lyo: an API and a worker, each a process of its own, the benchmark's Postgres, which
// waits for the disk, Redis, and a Temporal that keeps its histories in a file.
type system struct {
	api, worker *target
	temporal    *local.Temporal
	runs        client.Client
	rows        *pgx.Conn
	processes   meter
	stops       []func()
}

// startSystem starts it on a database, with the limits of production but for one user's own quota. extra
// overrides.
func startSystem(ctx context.Context, o options, dir, database string, extra ...string) (s *system, err error) {
	if o.temporal == "" {
		return nil, errors.New("TEST_TEMPORAL_BIN is not set: run it by make bench")
	}
	s = &system{}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	s.temporal, err = local.StartTemporal(ctx, local.TemporalOptions{Binary: o.temporal, DBFile: filepath.Join(dir, "temporal.db")})
	if err != nil {
		return s, err
	}
	s.stops = append(s.stops, func() { _ = s.temporal.Stop(context.WithoutCancel(ctx)) })
	extra = append([]string{"TEMPORAL_ADDRESS=" + s.temporal.Address(), "LYO_LOG_LEVEL=error", fmt.Sprint("LYO_BCRYPT_COST=", quickCost)}, extra...)
	if s.worker, err = startWriter(o, dir, database, extra...); err != nil {
		return s, err
	}
	s.stops = append(s.stops, s.worker.stop)
	if s.api, err = startAPI(ctx, o, dir, database, extra...); err != nil {
		return s, err
	}
	s.stops = append(s.stops, s.api.stop)
	if s.runs, err = client.DialContext(ctx, quietly(s.temporal.Address())); err != nil {
		return s, err
	}
	s.stops = append(s.stops, s.runs.Close)
	if s.rows, err = pgx.Connect(ctx, database); err != nil {
		return s, err
	}
	s.stops = append(s.stops, func() { _ = s.rows.Close(context.WithoutCancel(ctx)) })
	s.processes = append(meter{{"api", s.api.process.PID()}, {"worker", s.worker.process.PID()}, {"temporal", s.temporal.PID()}}, o.servers...)
	if err := s.settle(ctx); err != nil {
		return s, err
	}
	return s, s.calm(ctx)
}

// calm waits until what a worker does once at its start, such as compiling what reads PDFs, is over: until it
// uses less than a tenth of a core.
func (s *system) calm(ctx context.Context) error {
	const look = time.Second
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	worker := meter{{"worker", s.worker.process.PID()}}
	before, err := worker.read()
	for err == nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the worker is still busy: %w", ctx.Err())
		case <-time.After(look):
		}
		var after map[string]time.Duration
		if after, err = worker.read(); err == nil && after["worker"]-before["worker"] < look/10 {
			return nil
		}
		before = after
	}
	return err
}

// startWriter runs `lyo worker`.
func startWriter(o options, dir, database string, extra ...string) (*target, error) {
	seen, profiles, err := profiling()
	if err != nil {
		return nil, err
	}
	env := append(append(append(environ(o, dir, database, 1), "GOMEMLIMIT="+workerMemory), extra...), seen...)
	p, err := local.Start(local.Spec{Name: "worker", Path: o.program, Args: []string{"worker"}, Env: env})
	return &target{process: p, profiles: profiles}, err
}

func (s *system) stop() {
	for i := range s.stops {
		s.stops[len(s.stops)-1-i]()
	}
}

// contend is target.contend of the API, with all processes counted until nothing is left to do.
func (s *system) contend(name string, next func(client int) call) contender {
	c := s.api.contend(name, next)
	c.settle, c.processes = s.settle, s.processes
	return c
}

// settle waits until no message waits in the outbox, no change waits for the boards and no run is open in
// Temporal, twice in a row: Temporal counts a run a little after it was started.
func (s *system) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	for quiet := 0; quiet < 2; {
		waiting, err := s.waiting(ctx)
		if err != nil {
			return fmt.Errorf("wait until nothing is left to do: %w", err)
		}
		quiet++
		if waiting {
			quiet = 0
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("something is left to do after %v: %w", settleWithin, ctx.Err())
		case <-time.After(settleEvery):
		}
	}
	return nil
}

// waiting reports whether something is left to do. Temporal, whose counts are dear, is asked last.
func (s *system) waiting(ctx context.Context) (bool, error) {
	var rows bool
	err := s.rows.QueryRow(ctx, `SELECT EXISTS (SELECT FROM outbox WHERE due_at < now() + interval '1 minute') OR EXISTS (SELECT FROM board_changes)`).Scan(&rows)
	if err != nil || rows {
		return rows, err
	}
	counted, err := s.runs.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: "ExecutionStatus = 'Running'"})
	return counted.GetCount() > 0, err
}
