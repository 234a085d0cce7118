package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/llm/failover"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/cmd/lyo/observe"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// app holds what every kind of process uses.
type app struct {
	cfg        config.Config
	log        *slog.Logger
	db         *gorm.DB
	locks      *gorm.DB              // for locks that are held long; db without a direct address
	redis      redis.UniversalClient // nil when none is configured
	temporal   client.Client
	runs       *workflows.RunWatch
	model      *failover.Chain // nil when none is configured
	dispatcher *outbox.Dispatcher
	telemetry  // metrics, traces and identity
}

// serviceCommand returns a command that runs until it is signalled to stop.
func serviceCommand(name, short string, environ []string, run func(*app, context.Context) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := wholeSettings(cmd, environ)
			if err != nil {
				return err
			}
			collectSeldom(environ)
			a, err := open(cmd.Context(), cfg, name, cmd.OutOrStdout())
			if err != nil {
				return err
			}
			return errors.Join(a.observed(cmd.Context(), run), a.close())
		},
	}
}

// open creates the clients. None of them waits for its server: a process starts while servers
// are unreachable, and its health reports that. A Redis that answers within a second is asked whether it is
// a cluster, which is refused.
func open(ctx context.Context, cfg config.Config, process string, out io.Writer) (*app, error) {
	a := &app{cfg: cfg, log: logger(cfg, out)}
	if cfg.Database.URL == "" {
		return nil, errors.New("DATABASE_URL is not set")
	}
	var err error
	if a.telemetry, err = newTelemetry(ctx, cfg, process); err != nil {
		return nil, err
	}
	pool := store.Pool{MaxOpen: cfg.Database.MaxOpen, MaxLifetime: 30 * time.Minute, MaxIdleTime: 5 * time.Minute}
	if process != "worker" { // nobody waits for one, and Temporal repeats what it does
		pool.Watch = a.log
	}
	if a.db, err = store.Open(cfg.Database.URL.Reveal(), pool); err != nil {
		return nil, err
	}
	a.locks = a.db
	if cfg.Database.DirectURL != "" {
		pool.MaxOpen = pushesAtOnce
		if a.locks, err = store.Open(cfg.Database.DirectURL.Reveal(), pool); err != nil {
			return nil, errors.Join(err, a.close())
		}
	}
	if a.redis, err = openRedis(cfg.Redis, a.log); err == nil {
		err = checkCluster(ctx, a.redis)
	}
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	if a.temporal, err = openTemporal(cfg, a.telemetry, a.log); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if a.model, err = modelOf(cfg.Gemma, a.traces.Client(), a.log); err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.runs = &workflows.RunWatch{Client: a.temporal, Namespace: cfg.Temporal.Namespace, Clock: clock}
	a.dispatcher = &outbox.Dispatcher{DB: a.db, Temporal: a.temporal, Clock: clock, Log: a.log, Titles: cfg.Temporal.TitlesOn()}
	return a, a.watch()
}

func (a *app) close() error {
	var errs []error
	if a.temporal != nil {
		a.temporal.Close()
	}
	if a.redis != nil {
		errs = append(errs, a.redis.Close())
	}
	if a.locks != nil && a.locks != a.db {
		errs = append(errs, store.Close(a.locks))
	}
	return errors.Join(append(errs, store.Close(a.db), a.finish())...)
}

// logger returns a logger that writes text in development and JSON elsewhere.
func logger(cfg config.Config, out io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.LogLevel)) // checked by config
	options := &slog.HandlerOptions{Level: level}
	var lines slog.Handler = slog.NewJSONHandler(out, options)
	if cfg.Env == config.Development {
		lines = slog.NewTextHandler(out, options)
	}
	return slog.New(rest.RequestLog(observe.Log(lines, cfg.Secrets())))
}

// leaderboards returns the leaderboards that the worker and commands maintain.
func (a *app) leaderboards() *boards.Boards {
	return &boards.Boards{
		DB: a.db, Redis: a.redis, Clock: clock, Log: a.log,
		Rebuild: func(ctx context.Context, stamp uuid.UUID) error {
			return store.Enqueue(ctx, a.db, outbox.RebuildBoards(stamp, clock()))
		},
	}
}

func clock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
