package dev

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/deploy/local"
)

// supervisor is the state of a run.
type supervisor struct {
	o       Options
	out     *output
	status  func(text string) // shows how far long work is; nil: not on a terminal
	servers servers
	api     *keeper
	worker  *keeper
	engine  *keeper // nil if it is not run
}

func newSupervisor(o Options) *supervisor {
	s := &supervisor{o: o, out: &output{to: o.Out, color: o.Color}}
	if o.Color {
		line := local.NewStatusLine(o.Out)
		s.out.to, s.status = line, line.Set
	}
	return s
}

// run starts everything and returns when ctx ends or a part keeps failing.
func (s *supervisor) run(ctx context.Context, begin time.Time) error {
	if err := errors.Join(endLeftovers(ctx, s.o), preflight(s.o)); err != nil {
		return err
	}
	if err := s.startServers(ctx); err != nil {
		return diskFull(s.o.StateDir, err)
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if err := s.startChildren(ctx); err != nil {
		return err
	}
	s.out.plain(banner(s.o, s.servers, time.Since(begin)))
	return s.keep(ctx)
}

// startChildren starts the API, the worker and the model server together and
// waits until all answer.
func (s *supervisor) startChildren(ctx context.Context) error {
	if s.o.EnginePort != 0 {
		s.engine = s.child("engine")
		if err := s.engine.begin(ctx); err != nil {
			return err
		}
	}
	s.api, s.worker = s.child("api"), s.child("worker")
	if err := errors.Join(s.api.begin(ctx), s.worker.begin(ctx)); err != nil {
		return err
	}
	return s.awaitReady(ctx)
}

// keep supervises all parts; the first that keeps failing ends the run.
func (s *supervisor) keep(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, k := range s.running() {
		group.Go(func() error { return k.keep(ctx) })
	}
	return group.Wait()
}

// running returns the parts in the order in which they were started.
func (s *supervisor) running() []*keeper {
	var parts []*keeper
	for _, k := range []*keeper{s.servers.postgres, s.servers.redis, s.servers.temporal, s.engine, s.worker, s.api} {
		if k != nil && k.part != nil {
			parts = append(parts, k)
		}
	}
	return parts
}

// stop stops the API and the worker together, then the model server and the others in reverse order.
// When hard ends, or after the timeout, the rest is killed.
func (s *supervisor) stop(hard context.Context) error {
	ctx, cancel := context.WithTimeout(hard, stopLimit)
	defer cancel()
	if len(s.running()) > 0 {
		s.sayf("stopping (a second Ctrl-C kills)")
	}
	var children errgroup.Group
	children.Go(func() error { return s.worker.stop(ctx) })
	children.Go(func() error { return s.api.stop(ctx) })
	return errors.Join(
		children.Wait(), s.engine.stop(ctx),
		s.servers.temporal.stop(ctx), s.servers.redis.stop(ctx), s.servers.postgres.stop(ctx),
	)
}

func (s *supervisor) sayf(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out.named("lyo"), format+"\n", args...)
}

func (s *supervisor) keeper(name string, start func(context.Context) (part, error)) *keeper {
	return &keeper{name: name, start: start, out: s.out.named("lyo"), pace: s.o.pace}
}

func (s *supervisor) finder() local.Finder {
	return local.Finder{StateDir: s.o.StateDir, Getenv: s.o.getenv, Out: s.out.named("lyo"), Status: s.status}
}
