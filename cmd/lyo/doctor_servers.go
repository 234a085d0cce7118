package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/disk"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/circuitbreaker"
	"github.com/lyoapp/lyo/cmd/lyo/dev"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
)

// doctor holds the connections that earlier checks opened; nil where the server was unreachable.
type doctor struct {
	cfg      config.Config
	log      *slog.Logger
	db       *gorm.DB
	temporal client.Client
	health   map[string]component // as reported by the API; nil before that check
}

func (d *doctor) close() {
	if d.temporal != nil {
		d.temporal.Close()
	}
	if d.db != nil {
		_ = store.Close(d.db) // nothing was written
	}
}

// run returns how to start a server: in development make run does, else otherwise applies.
func (d *doctor) run(otherwise string) string {
	if d.cfg.Env == config.Development {
		return "make run starts it; or " + otherwise
	}
	return otherwise
}

const leastFree = 1 << 30 // bytes

func (d *doctor) state(ctx context.Context) finding {
	const name = "state"
	dir, err := filepath.Abs(d.cfg.StateDir)
	if err != nil {
		return finding{name, fault, "the state directory has no absolute path", "set LYO_STATE_DIR to an absolute path"}
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return finding{name, doubt, dir + " does not exist yet", d.run("create it, writable for Lyo")}
	}
	probe, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return finding{name, fault, dir + " is not writable", "make it writable, free space on its disk, or set LYO_STATE_DIR to another directory"}
	}
	_ = errors.Join(probe.Close(), os.Remove(probe.Name())) // an empty file that is left behind is harmless
	usage, err := disk.UsageWithContext(ctx, dir)
	if err == nil && usage.Free < leastFree {
		return finding{name, doubt, fmt.Sprintf("%d MB are free in %s", usage.Free>>20, dir), "free some space: weights, data and logs are stored there"}
	}
	return finding{name, fine, dir + " is writable", ""}
}

func (d *doctor) database(ctx context.Context) finding {
	const name = "postgres"
	url, err := databaseURL(d.cfg)
	if err != nil {
		return finding{name, fault, err.Error(), d.run("set DATABASE_URL to your server")}
	}
	db, err := store.Open(url, store.Pool{MaxOpen: 2})
	if err == nil {
		if err = store.Ping(ctx, db); err != nil {
			_ = store.Close(db)
		}
	}
	if err == nil && store.TryWrite(ctx, db) != nil {
		d.db = db
		return finding{name, fault, "Postgres answers but accepts no writes", "check that it is not a standby, that default_transaction_read_only is off, and that its disk has space"}
	}
	if err != nil {
		return finding{name, fault, "Postgres does not answer, or rejects this user or database", d.run("start it, and check host, port, user, password and database in DATABASE_URL")}
	}
	d.db = db
	return d.pooler(ctx)
}

// pooler reports how Postgres answers: itself, or through a pooler.
func (d *doctor) pooler(ctx context.Context) finding {
	const name = "postgres"
	pooled, err := store.CheckStatements(ctx, d.db)
	switch {
	case errors.Is(err, store.ErrPooler):
		return finding{
			name, fault, "a pooler such as PgBouncer, in transaction mode, is between Lyo and Postgres and loses prepared statements: " + err.Error(),
			"remove default_query_exec_mode from DATABASE_URL, so that Lyo adapts, or set default_query_exec_mode=cache_describe there",
		}
	case err != nil:
		return finding{name, fault, "Postgres answers, but does not run a statement twice", "look into the log of Postgres, or of the pooler before it"}
	case pooled && d.cfg.Database.DirectURL == "":
		return finding{
			name, doubt, "answers through a pooler: the outbox is read at intervals, and locks of pushes take connections of the pooler",
			"set DATABASE_DIRECT_URL to the server itself",
		}
	case pooled:
		return finding{name, fine, "answers through a pooler, and statements are not prepared", ""}
	}
	return finding{name, fine, "answers", ""}
}

func (d *doctor) schema(ctx context.Context) finding {
	const name = "migrations"
	if d.db == nil {
		return finding{name, unknown, "Postgres must answer first", ""}
	}
	raw, err := d.db.DB()
	if err == nil {
		err = migrations.Check(ctx, raw)
	}
	if err != nil {
		return finding{name, fault, "the schema is older than this program, or missing", "lyo migrate"}
	}
	return finding{name, fine, "the schema is current", ""}
}

// skew is the tolerated clock difference: leases and due times are in seconds.
const skew = 2 * time.Second

func (d *doctor) clock(ctx context.Context) finding {
	const name = "clock"
	if d.db == nil {
		return finding{name, unknown, "Postgres must answer first", ""}
	}
	var there time.Time
	began := time.Now()
	if err := d.db.WithContext(ctx).Raw("SELECT clock_timestamp()").Scan(&there).Error; err != nil {
		return finding{name, unknown, "Postgres did not report its time", ""}
	}
	if apart := there.Sub(began.Add(time.Since(began) / 2)).Abs(); apart > skew {
		return finding{name, fault, fmt.Sprintf("the clocks of this machine and Postgres differ by %s", apart.Round(time.Second)), "synchronize both by NTP"}
	}
	return finding{name, fine, "agrees with the clock of Postgres", ""}
}

func (d *doctor) redisServer(ctx context.Context) finding {
	const name = "redis"
	cfg := d.cfg.Redis
	if url, err := os.ReadFile(filepath.Join(d.cfg.StateDir, dev.RedisURLFile)); err == nil && cfg.URL == "" && d.cfg.Env == config.Development && dev.Runs(d.cfg.StateDir) {
		cfg.URL = config.Secret(url)
	}
	server, err := openRedis(cfg, d.log)
	switch {
	case err != nil:
		return finding{name, fault, err.Error(), "correct REDIS_URL"}
	case server == nil:
		return finding{name, doubt, "none is configured: API processes do not share progress, and rate limits are off", d.run("set REDIS_URL")}
	}
	defer func() { _ = server.Close() }()
	if err := server.Ping(ctx).Err(); errors.Is(err, errCluster) {
		return finding{name, fault, errCluster.Error(), "correct REDIS_URL"}
	} else if err != nil {
		return finding{name, fault, "Redis does not answer: users cannot sign in, and live progress is slow", d.run("start it, and check host, port and password in REDIS_URL")}
	}
	if circuitbreaker.TryWrite(ctx, server) != nil {
		return finding{name, fault, "Redis answers but accepts no writes: users cannot sign in", "check that it is not a replica, is below its maxmemory and can save its data"}
	}
	return finding{name, fine, "answers", ""}
}

func (d *doctor) temporalServer(ctx context.Context) finding {
	const name = "temporal"
	cfg := d.cfg
	cfg.Temporal.Address = temporalAddress(cfg)
	c, err := openTemporal(cfg, telemetry{identity: identity()}, d.log)
	if err != nil {
		return finding{name, fault, err.Error(), "correct the TEMPORAL_ variables and LYO_PAYLOAD_KEYS"}
	}
	_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: cfg.Temporal.Namespace})
	if err != nil {
		c.Close()
		says := "Temporal does not answer at " + cfg.Temporal.Address + ": accepted work waits"
		if strings.Contains(err.Error(), "not found") {
			return finding{name, fault, "Temporal has no namespace " + cfg.Temporal.Namespace, "temporal operator namespace create " + cfg.Temporal.Namespace + ", or set TEMPORAL_NAMESPACE"}
		}
		return finding{name, fault, says, d.run("start it, and check TEMPORAL_ADDRESS and its TLS or API key")}
	}
	d.temporal = c
	return finding{name, fine, "answers at " + cfg.Temporal.Address, ""}
}

func (d *doctor) workers(ctx context.Context) finding {
	const name = "workers"
	if d.temporal == nil {
		return finding{name, unknown, "Temporal must answer first", ""}
	}
	var gone map[string]time.Time
	if d.db != nil {
		gone, _ = store.GoneWorkers(ctx, d.db) // an older schema has none
	}
	stats, err := workflows.ReadQueueStats(ctx, d.temporal, d.cfg.Temporal.Namespace, gone)
	if err != nil {
		return finding{name, unknown, "Temporal did not report its pollers", ""}
	}
	var idle []string
	for _, queue := range stats {
		if len(queue.Pollers) == 0 {
			idle = append(idle, queue.Queue+" ("+queue.Name()+")")
		}
	}
	if len(idle) > 0 {
		return finding{name, fault, "no worker polls " + strings.Join(idle, ", "), d.run("start lyo worker with the same TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE")}
	}
	return finding{name, fine, "every queue has a worker", ""}
}
