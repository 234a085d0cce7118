package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// ranker works River's jobs.
type ranker struct {
	river.WorkerDefaults[rank]
	on servers
}

func (w *ranker) Work(ctx context.Context, job *river.Job[rank]) error {
	return w.on.bring(ctx, job.Args)
}

// startRiver asks for the job in the transaction that writes the award.
func startRiver(ctx context.Context, on servers) (q queue, err error) {
	driver := riverpgxv5.New(on.pool)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return q, fmt.Errorf("prepare River's tables: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return q, fmt.Errorf("make River's tables: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &ranker{on: on})
	client, err := river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 100}}, Workers: workers, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return q, err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return q, err
	}
	q.stop = func() { _ = client.StopAndCancel(context.WithoutCancel(ctx)) }
	q.award = func(ctx context.Context, a award) (total int64, err error) {
		err = pgx.BeginFunc(ctx, on.pool, func(tx pgx.Tx) error {
			if total, err = write(ctx, tx, a); err != nil {
				return err
			}
			_, err = client.InsertTx(ctx, tx, rank{a.UserID}, nil)
			return err
		})
		return total, err
	}
	q.left = func(ctx context.Context) (n int, err error) {
		return n, on.pool.QueryRow(ctx, "SELECT count(*) FROM river_job WHERE state NOT IN ('completed', 'discarded', 'cancelled')").Scan(&n)
	}
	return q, nil
}
