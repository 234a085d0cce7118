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

	"github.com/lyoapp/lyo/api/redisguard"
	"github.com/lyoapp/lyo/cmd/lyo/dev"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/workflows"
)

// doctor holds what the checks so far have opened; nil is what they could not reach.
type doctor struct {
	cfg      config.Config
	log      *slog.Logger
	db       *gorm.DB
	temporal client.Client
	health   map[string]component // as the API tells it, once it was asked
}

func (d *doctor) close() {
	if d.temporal != nil {
		d.temporal.Close()
	}
	if d.db != nil {
		_ = models.Close(d.db) // nothing was written
	}
}

// run is how the servers of this place are started.
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
		return finding{name, fault, "the state directory has no absolute path", "set LYO_STATE_DIR to one"}
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return finding{name, doubt, dir + " is not there yet", d.run("make it, and let Lyo write to it")}
	}
	probe, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return finding{name, fault, "nothing can be written to " + dir, "give its owner the right to write, or free space on its disk, or set LYO_STATE_DIR to another"}
	}
	_ = errors.Join(probe.Close(), os.Remove(probe.Name())) // an empty file that stays harms nobody
	usage, err := disk.UsageWithContext(ctx, dir)
	if err == nil && usage.Free < leastFree {
		return finding{name, doubt, fmt.Sprintf("%d MB are free for %s", usage.Free>>20, dir), "free some space: weights, data and logs go there"}
	}
	return finding{name, fine, "can be written to: " + dir, ""}
}

func (d *doctor) database(ctx context.Context) finding {
	const name = "postgres"
	url, err := databaseURL(d.cfg)
	if err != nil {
		return finding{name, fault, err.Error(), d.run("set DATABASE_URL to your server")}
	}
	db, err := models.Open(url, models.Pool{MaxOpen: 2})
	if err == nil {
		if err = models.Ping(ctx, db); err != nil {
			_ = models.Close(db)
		}
	}
	if err == nil && models.TryWrite(ctx, db) != nil {
		d.db = db
		return finding{name, fault, "Postgres answers and takes no writes", "see that it is no standby, that default_transaction_read_only is off, and that its disk has room"}
	}
	if err != nil {
		return finding{name, fault, "Postgres does not answer, or refuses this user or database", d.run("start it, and see that DATABASE_URL names its host, port, user, password and database")}
	}
	d.db = db
	return finding{name, fine, "answers", ""}
}

func (d *doctor) schema(ctx context.Context) finding {
	const name = "migrations"
	if d.db == nil {
		return finding{name, unknown, "Postgres has to answer first", ""}
	}
	raw, err := d.db.DB()
	if err == nil {
		err = migrations.Check(ctx, raw)
	}
	if err != nil {
		return finding{name, fault, "the schema is behind this program, or was never made", "lyo migrate"}
	}
	return finding{name, fine, "the schema is current", ""}
}

// skew is how far clocks may be apart: leases and due times are in seconds.
const skew = 2 * time.Second

func (d *doctor) clock(ctx context.Context) finding {
	const name = "clock"
	if d.db == nil {
		return finding{name, unknown, "Postgres has to answer first", ""}
	}
	var there time.Time
	began := time.Now()
	if err := d.db.WithContext(ctx).Raw("SELECT clock_timestamp()").Scan(&there).Error; err != nil {
		return finding{name, unknown, "Postgres did not tell the time", ""}
	}
	if apart := there.Sub(began.Add(time.Since(began) / 2)).Abs(); apart > skew {
		return finding{name, fault, fmt.Sprintf("this machine and Postgres are %s apart", apart.Round(time.Second)), "let both keep time by NTP"}
	}
	return finding{name, fine, "agrees with that of Postgres", ""}
}

func (d *doctor) redisServer(ctx context.Context) finding {
	const name = "redis"
	cfg := d.cfg.Redis
	if url, err := os.ReadFile(filepath.Join(d.cfg.StateDir, dev.RedisURLFile)); cfg.URL == "" && d.cfg.Env == config.Development && err == nil {
		cfg.URL = config.Secret(url)
	}
	server, err := openRedis(cfg, d.log)
	switch {
	case err != nil:
		return finding{name, fault, err.Error(), "correct REDIS_URL, such as redis://user:password@host:6379/0"}
	case server == nil:
		return finding{name, doubt, "none is configured: each API process goes by itself and limits nobody", d.run("set REDIS_URL")}
	}
	defer func() { _ = server.Close() }()
	if err := server.Ping(ctx).Err(); err != nil {
		return finding{name, fault, "Redis does not answer: nobody can sign in, and news travel slowly", d.run("start it, and see that REDIS_URL names its host, port and password")}
	}
	if redisguard.TryWrite(ctx, server) != nil {
		return finding{name, fault, "Redis answers and takes no writes: nobody can sign in", "see that it is no replica, and that it is below its maxmemory and can save its data"}
	}
	return finding{name, fine, "answers", ""}
}

func (d *doctor) temporalServer(ctx context.Context) finding {
	const name = "temporal"
	cfg := d.cfg
	cfg.Temporal.Address = temporalAddress(cfg)
	c, err := openTemporal(cfg, telling{identity: identity()}, d.log)
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
		return finding{name, fault, says, d.run("start it, and see that TEMPORAL_ADDRESS and its TLS or API key are right")}
	}
	d.temporal = c
	return finding{name, fine, "answers at " + cfg.Temporal.Address, ""}
}

func (d *doctor) workers(ctx context.Context) finding {
	const name = "workers"
	if d.temporal == nil {
		return finding{name, unknown, "Temporal has to answer first", ""}
	}
	lanes, err := workflows.LookAtLanes(ctx, d.temporal, d.cfg.Temporal.Namespace)
	if err != nil {
		return finding{name, unknown, "Temporal did not say who works", ""}
	}
	var idle []string
	for _, lane := range lanes {
		if len(lane.Pollers) == 0 {
			idle = append(idle, lane.Queue+" ("+lane.Name()+")")
		}
	}
	if len(idle) > 0 {
		return finding{name, fault, "nobody polls " + strings.Join(idle, ", "), d.run("start lyo worker with the same TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE")}
	}
	return finding{name, fine, "every queue has one", ""}
}
