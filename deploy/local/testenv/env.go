package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/lyoapp/lyo/deploy/local"
)

// env holds the servers, their data and the variables for the command.
type env struct {
	finder   local.Finder
	dir      string
	lock     io.Closer // of a folder in memory
	postgres *local.Postgres
	redis    *local.Redis
	environ  []string
}

func (e *env) start(ctx context.Context, temporal bool) error {
	state, err := filepath.Abs(e.finder.StateDir)
	if err != nil {
		return fmt.Errorf("make the state directory absolute: %w", err)
	}
	e.environ = append(os.Environ(), "TEST_STATE_DIR="+state)
	if err := e.placeData(memory, room); err != nil {
		return err
	}
	if err := e.startPostgres(ctx); err != nil {
		return err
	}
	if err := e.startRedis(ctx); err != nil {
		return err
	}
	return e.findTemporal(ctx, temporal)
}

func (e *env) startPostgres(ctx context.Context) error {
	bin, err := local.FindPostgres(ctx, e.finder)
	if err != nil {
		return err
	}
	e.postgres, err = local.StartPostgres(ctx, local.PostgresOptions{
		BinDir: bin, DataDir: filepath.Join(e.dir, "postgres"), Out: os.Stderr,
	})
	if err != nil {
		return err
	}
	e.environ = append(e.environ, "TEST_DATABASE_URL="+e.postgres.URL("postgres"))
	return nil
}

func (e *env) startRedis(ctx context.Context) error {
	binary, err := local.FindRedis(ctx, e.finder)
	if errors.Is(err, local.ErrNotFound) {
		fmt.Fprintln(os.Stderr, "no real Redis for the tests, TEST_REDIS_URL stays unset:", err)
		return nil
	}
	if err != nil {
		return err
	}
	e.redis, err = local.StartRedis(ctx, local.RedisOptions{Binary: binary, Out: os.Stderr})
	if err != nil {
		return err
	}
	e.environ = append(e.environ, "TEST_REDIS_URL="+e.redis.URL())
	return nil
}

func (e *env) findTemporal(ctx context.Context, fetch bool) error {
	f := e.finder
	f.Offline = !fetch
	binary, err := local.FindTemporal(ctx, f)
	if err == nil {
		e.environ = append(e.environ, "TEST_TEMPORAL_BIN="+binary)
	}
	if fetch || !errors.Is(err, local.ErrNotFound) {
		return err
	}
	return nil
}

// stop stops the servers and deletes their data.
func (e *env) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	var errs []error
	if e.redis != nil {
		errs = append(errs, e.redis.Stop(ctx))
	}
	if e.postgres != nil {
		errs = append(errs, e.postgres.Erase(ctx))
	}
	if e.dir != "" {
		errs = append(errs, os.RemoveAll(e.dir))
	}
	if e.lock != nil {
		errs = append(errs, e.lock.Close())
	}
	return errors.Join(errs...)
}
