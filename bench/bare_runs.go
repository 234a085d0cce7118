package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const (
	bareQueue = "bare"
	bareWide  = 3  // concurrent activities, as for lessons
	slots     = 50 // concurrent activities in one worker, bare or not
)

// bareRun runs so many empty activities: a quarter one after another, as a course is
// prepared and planned, the rest a few at a time, like its lessons.
func bareRun(ctx workflow.Context, activities int) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	run := func(ctx workflow.Context) error { return workflow.ExecuteActivity(ctx, "nothing").Get(ctx, nil) }
	inLine := activities / 4
	for range inLine {
		if err := run(ctx); err != nil {
			return err
		}
	}
	places := workflow.NewSemaphore(ctx, bareWide)
	group := workflow.NewWaitGroup(ctx)
	var failed error
	for range activities - inLine {
		if err := places.Acquire(ctx, 1); err != nil {
			return err
		}
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			defer places.Release(1)
			failed = errors.Join(failed, run(ctx))
		})
	}
	group.Wait(ctx)
	return failed
}

// quietly returns options without a log, which would cost a line for each activity.
func quietly(address string) client.Options {
	return client.Options{HostPort: address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))}
}

// bareActivities runs a worker for bareRun, with Lyo's options.
func bareActivities(ctx context.Context, f bareFlags) (http.Handler, error) {
	c, err := client.DialContext(ctx, quietly(f.temporal))
	if err != nil {
		return nil, fmt.Errorf("connect to Temporal: %w", err)
	}
	w := worker.New(c, bareQueue, worker.Options{
		MaxConcurrentWorkflowTaskPollers: 4, MaxConcurrentActivityTaskPollers: 4, MaxConcurrentActivityExecutionSize: slots,
	})
	w.RegisterWorkflow(bareRun)
	w.RegisterActivityWithOptions(func(context.Context) error { return nil }, activity.RegisterOptions{Name: "nothing"})
	if err := w.Start(); err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	context.AfterFunc(ctx, w.Stop)
	return bareHTTP(ctx, f)
}
