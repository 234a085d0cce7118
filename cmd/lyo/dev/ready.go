package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"golang.org/x/sync/errgroup"
)

const (
	readyLimit = 90 * time.Second
	probeLimit = 2 * time.Second
	probeEvery = 50 * time.Millisecond
)

// errReady ends the supervision during the start when everything is ready.
var errReady = errors.New("ready")

// awaitReady waits until the API is ready and the worker polls its queues. It fails if a part ends.
func (s *supervisor) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	watch, ctx := errgroup.WithContext(ctx)
	for _, k := range s.running() {
		watch.Go(func() error { return k.death(ctx) })
	}
	watch.Go(func() error {
		probes, ctx := errgroup.WithContext(ctx)
		probes.Go(func() error { return s.until(ctx, "api", s.probeAPI) })
		if s.engine != nil {
			probes.Go(func() error { return s.until(ctx, "engine", s.probeEngine) })
		}
		probes.Go(func() error { return s.untilPolled(ctx) })
		if err := probes.Wait(); err != nil {
			return err
		}
		return errReady
	})
	if err := watch.Wait(); !errors.Is(err, errReady) {
		return err
	}
	return nil
}

// until repeats a probe until it succeeds; the error contains the probe's last error.
func (s *supervisor) until(ctx context.Context, name string, probe func(context.Context) error) error {
	for {
		err := try(ctx, probe)
		if err == nil {
			return nil
		}
		if !wait(ctx, probeEvery) {
			return fmt.Errorf("%s is not ready (%w): %w", name, ctx.Err(), err)
		}
	}
}

func try(ctx context.Context, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	return probe(ctx)
}

func (s *supervisor) probeAPI(ctx context.Context) error {
	return probeHTTP(ctx, apiURL(s.o)+"/v1/health/ready")
}

// probeEngine succeeds when the model server answers, which loads its weights at the first request.
func (s *supervisor) probeEngine(ctx context.Context) error {
	return probeHTTP(ctx, engineURL(s.o)+"/health")
}

func probeHTTP(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 500))
		return fmt.Errorf("GET %s: %s %s", address, answer.Status, body)
	}
	return nil
}

// untilPolled waits until a worker polls the queues that courses use.
func (s *supervisor) untilPolled(ctx context.Context) error {
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: environ(s.childEnviron())})
	if err != nil {
		return fmt.Errorf("read the settings for Temporal: %w", err)
	}
	options.Logger = slog.New(slog.DiscardHandler)
	temporal, err := client.NewLazyClient(options)
	if err != nil {
		return fmt.Errorf("make a client for Temporal: %w", err)
	}
	defer temporal.Close()
	for _, queue := range []string{"lyo", "lyo-gemma"} {
		err := s.until(ctx, "worker", func(ctx context.Context) error { return probeQueue(ctx, temporal, queue) })
		if err != nil {
			return err
		}
	}
	return nil
}

// probeQueue succeeds with a poller of either kind, since a queue may have only workflows or only
// activities.
func probeQueue(ctx context.Context, temporal client.Client, queue string) error {
	for _, kind := range []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_ACTIVITY, enums.TASK_QUEUE_TYPE_WORKFLOW} {
		answer, err := temporal.DescribeTaskQueue(ctx, queue, kind)
		if err != nil {
			return fmt.Errorf("look at queue %s: %w", queue, err)
		}
		if len(answer.GetPollers()) > 0 {
			return nil
		}
	}
	return fmt.Errorf("no worker polls queue %s", queue)
}
