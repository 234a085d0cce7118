package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lyoapp/lyo/deploy/local"
)

// onDisk makes a folder on the disk of the state directory, since /tmp may be memory; clean removes it.
func (o *options) onDisk() (clean func(), err error) {
	place := filepath.Join(o.state, "bench")
	if err := os.MkdirAll(place, 0o755); err != nil { //nolint:gosec // Postgres may run as another user, who has to traverse it
		return nil, fmt.Errorf("make the folder for results: %w", err)
	}
	if o.disk, err = os.MkdirTemp(place, "run-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	return func() { _ = os.RemoveAll(o.disk) }, os.Chmod(o.disk, 0o711) //nolint:gosec // as above
}

// startDurable starts a Postgres whose commits wait for the disk, and counts it and Redis among the servers.
func (o *options) startDurable(ctx context.Context) (stop func(), err error) {
	bin, err := local.FindPostgres(ctx, local.Finder{StateDir: o.state, Offline: true})
	if err != nil {
		return nil, err
	}
	server, err := local.StartPostgres(ctx, local.PostgresOptions{BinDir: bin, DataDir: filepath.Join(o.disk, "postgres"), Durable: true, Out: o.errs})
	if err != nil {
		return nil, err
	}
	stop = func() { _ = server.Erase(context.WithoutCancel(ctx)) }
	redis, err := redisProcess(ctx, o.redis)
	if err != nil {
		stop()
		return nil, fmt.Errorf("look for Redis: %w", err)
	}
	o.database, o.servers = server.URL("postgres"), meter{{"postgres", server.PID()}, {"redis", redis}}
	return stop, nil
}

// syncTime returns how long the disk takes for a page of 8 kB that has to stay, the median of a second of them.
func (o options) syncTime() (time.Duration, error) {
	file, err := os.CreateTemp(o.disk, "sync-")
	if err != nil {
		return 0, fmt.Errorf("write to the disk: %w", err)
	}
	defer os.Remove(file.Name())
	defer file.Close()
	var took []time.Duration
	for began := time.Now(); time.Since(began) < time.Second; {
		start := time.Now()
		if _, err := file.WriteAt(make([]byte, 8192), 0); err != nil {
			return 0, fmt.Errorf("write to the disk: %w", err)
		}
		if err := file.Sync(); err != nil {
			return 0, fmt.Errorf("write to the disk: %w", err)
		}
		took = append(took, time.Since(start))
	}
	return percentile(took, 50), nil
}
