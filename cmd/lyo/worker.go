package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
	"github.com/lyoapp/lyo/workflows/payload"
)

// serveWorker runs workflows, activities and the outbox relay until ctx ends.
func (a *app) serveWorker(ctx context.Context) error {
	if err := a.awaitTemporal(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	relay := &outbox.Relay{
		Dispatcher: a.dispatcher, DatabaseURL: a.cfg.Database.Direct().Reveal(), Clock: clock, Log: a.log, Poll: time.Second,
	}
	reconciler := &outbox.Reconciler{
		Dispatcher: a.dispatcher, Clock: clock, Log: a.log,
		Timeouts: outbox.Timeouts{Deadline: a.cfg.Course.Deadline, Review: a.cfg.Course.ReviewFor},
		Every:    30 * time.Second, Stale: 2 * time.Minute, Namespace: a.cfg.Temporal.Namespace,
		Builds: outbox.Builds{Deployment: a.cfg.Versions.Deployment, MoveAfter: a.cfg.Versions.MoveAfter},
	}
	cleaner := &outbox.Cleaner{DB: a.dispatcher.DB, Clock: clock, Log: a.log, Every: 30 * time.Second}
	group.Go(func() error { return relay.Run(ctx) })
	group.Go(func() error { return reconciler.Run(ctx) })
	group.Go(func() error { return cleaner.Run(ctx) })
	group.Go(func() error { return a.leaderboards().Keep(ctx) })
	group.Go(func() error { return a.runWorkers(ctx) })
	return group.Wait()
}

// awaitTemporal waits until Temporal answers and has the search attributes and schedules.
func (a *app) awaitTemporal(ctx context.Context) error {
	for {
		trying, cancel := context.WithTimeout(ctx, 20*time.Second)
		err := workflows.RegisterSearchAttributes(trying, a.temporal, a.cfg.Temporal.Namespace)
		if err == nil {
			err = workflows.EnsureSchedules(trying, a.temporal)
		}
		cancel()
		if err == nil {
			return nil
		}
		if err := a.pauseForTemporal(ctx, err); err != nil {
			return err
		}
	}
}

// pauseForTemporal waits between two attempts.
func (a *app) pauseForTemporal(ctx context.Context, why error) error {
	a.log.WarnContext(ctx, "waiting for Temporal", "error", why)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second):
		return nil
	}
}

// runWorkers polls the queues. When ctx ends, database activities finish, and inference and pushes
// are returned to Temporal, within the stop timeout.
func (a *app) runWorkers(ctx context.Context) error {
	fatal := make(chan error, 4)
	base := a.workerOptions(func(err error) { fatal <- err })
	writing := a.writing()
	mailing, err := a.mailing()
	if err != nil {
		return err
	}
	pushing, err := a.pushing(ctx)
	if err != nil {
		return err
	}
	signer, err := a.signer(ctx)
	if err != nil {
		return err
	}
	material := a.material(ctx)
	database := activities.Database{
		Progress: &activities.ProgressActivities{DB: a.db, Enqueuer: outbox.NewEnqueuer(clock), Signer: signer, Log: a.log}, Quality: a.checking(),
		Sources: a.researching(), Material: material, Courses: writing,
		Accounts: &activities.AccountActivities{
			DB: a.db, Redis: a.redis, Boards: a.leaderboards(), Cancel: outbox.CancelSoon, EndPush: outbox.EndPush, Clock: clock,
		},
		Learning: &activities.LearningActivities{DB: a.db, Boards: a.leaderboards(), Enqueuer: outbox.NewEnqueuer(clock), Clock: clock},
		Exports:  &activities.ExportActivities{DB: a.db, Clock: clock}, Mail: mailing, Feeds: a.curating(),
		Push: pushing, Devices: &activities.DeviceActivities{DB: a.db, Clock: clock, SilentFor: a.cfg.Push.SilentFor},
		Moderation: &activities.ModerationActivities{DB: a.db, Clock: clock, Log: a.log, Enqueuer: outbox.NewEnqueuer(clock)},
	}

	slots := base
	slots.DisableWorkflowWorker = true
	slots.MaxConcurrentActivityExecutionSize = a.cfg.Gemma.Parallel
	stop, err := a.startWorkers(ctx, func() []worker.Worker {
		general := worker.New(a.temporal, workflows.Queue, base)
		workflows.Register(general)
		database.Register(general)
		background := worker.New(a.temporal, workflows.QueueBackground, backgroundOptions(base))
		workflows.RegisterBackground(background)
		database.Register(background)
		inference := worker.New(a.temporal, workflows.QueueGemma, slots)
		activities.Inference{Courses: writing, FeedOrder: a.ordering()}.Register(inference)
		pushes := worker.New(a.temporal, workflows.QueuePush, pushOptions(base))
		workflows.RegisterPush(pushes)
		activities.Pushes{Push: pushing}.Register(pushes)
		reading := worker.New(a.temporal, workflows.QueueReading, readingOptions(base))
		activities.Reading{Material: material}.Register(reading)
		return []worker.Worker{general, background, inference, pushes, reading}
	})
	if err != nil {
		return err
	}
	defer stop()
	a.log.InfoContext(ctx, "worker is polling", "queues", []string{
		workflows.Queue, workflows.QueueBackground, workflows.QueueGemma, workflows.QueuePush, workflows.QueueReading,
	})
	return a.stayAlive(ctx, fatal)
}

// stayAlive gives signs of life until ctx ends or a worker fails.
func (a *app) stayAlive(ctx context.Context, fatal <-chan error) error {
	living, cease := context.WithCancel(ctx)
	defer cease()
	signs := &outbox.Signs{DB: a.dispatcher.DB, Identity: a.identity, Build: buildID(a.cfg), Log: a.log}
	alive := make(chan error, 1)
	go func() { alive <- signs.Run(living) }()
	select {
	case err := <-alive: // ctx has ended
		return err
	case err := <-fatal:
		cease()
		return errors.Join(fmt.Errorf("worker: %w", err), <-alive)
	}
}

// workerOptions returns what the workers of all queues have in common.
func (a *app) workerOptions(onFatal func(error)) worker.Options {
	options := worker.Options{
		WorkerStopTimeout:                  a.cfg.HTTP.StopWithin / 2,
		OnFatalError:                       onFatal,
		DisableRegistrationAliasing:        true,
		MaxHeartbeatThrottleInterval:       time.Second, // a heartbeat's response carries the cancellation
		DefaultHeartbeatThrottleInterval:   time.Second,
		MaxConcurrentWorkflowTaskPollers:   4,
		MaxConcurrentActivityTaskPollers:   4,
		MaxConcurrentActivityExecutionSize: 50,
		// They share the database with the activities.
		MaxConcurrentLocalActivityExecutionSize: 50,

		Interceptors:      []interceptor.WorkerInterceptor{a.metrics.Activities(), payload.Interceptor()},
		DeploymentOptions: a.deployment(),
	}
	if a.cfg.Versions.RunsAsBefore == "on" {
		options.PreferredVersionProvider = workflows.AsBefore
	}
	return options
}

// backgroundOptions limit background work to a few slots, so that work that users wait for comes
// first.
func backgroundOptions(base worker.Options) worker.Options {
	base.MaxConcurrentWorkflowTaskPollers = 2
	base.MaxConcurrentWorkflowTaskExecutionSize = 2
	base.MaxConcurrentLocalActivityExecutionSize = 2
	base.MaxConcurrentActivityTaskPollers = 2
	base.MaxConcurrentActivityExecutionSize = 4
	return base
}

// startWorkers starts workers that poll until stop. A worker can be started only once, so if Temporal
// became unreachable again, new workers are created for the next attempt.
func (a *app) startWorkers(ctx context.Context, newWorkers func() []worker.Worker) (stop func(), err error) {
	for {
		stop, err := startAll(newWorkers())
		if err == nil {
			return stop, nil
		}
		if err := a.pauseForTemporal(ctx, err); err != nil {
			return nil, err
		}
	}
}

func startAll(workers []worker.Worker) (stop func(), err error) {
	var started []worker.Worker
	stop = func() {
		for _, w := range slices.Backward(started) {
			w.Stop()
		}
	}
	for _, w := range workers {
		if err := w.Start(); err != nil {
			stop()
			return nil, fmt.Errorf("start worker: %w", err)
		}
		started = append(started, w)
	}
	return stop, nil
}
