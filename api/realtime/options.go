package realtime

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/lyoapp/lyo/models/tasks"
)

// Source reads a task's events where they originate. All methods are called from
// many goroutines and must end soon after their context does.
type Source interface {
	// Query queries the workflow for every event after since, in order. An error means
	// no answer: no worker, no Temporal, or no open run.
	Query(ctx context.Context, task uuid.UUID, since int64) ([]tasks.TaskEvent, error)
	// Rows reads the events that Postgres has after since, in order.
	Rows(ctx context.Context, task uuid.UUID, since int64) ([]tasks.TaskEvent, error)
	// Database names the database whose tasks these are, so that events of a copy's in Redis are not taken for them. ""
	// is a name too.
	Database(ctx context.Context) string
}

// Options are a hub's collaborators and times. Only Source is needed; a zero
// time or number stands for the default beside it.
type Options struct {
	Source Source
	// Redis carries events between processes; nil: this process is the only one. It must
	// honour deadlines (ContextTimeoutEnabled). The hub does not close it.
	Redis redis.UniversalClient
	Log   *slog.Logger     // nil: silent
	Clock func() time.Time // time.Now; it must move on

	Poll             time.Duration // 250ms, between two queries of one task
	Lease            time.Duration // 3s, how long a dead holder keeps others from querying
	QueryTimeout     time.Duration // 500ms
	RowsTimeout      time.Duration // 2s
	RedisTimeout     time.Duration // 500ms, then Redis counts as away
	RedisRetry       time.Duration // 1s, between two attempts while it is
	CatchUp          time.Duration // 1s, between two reads of the shared events without a message
	LookAtRows       time.Duration // 3s without events, then the rows are read as well
	Linger           time.Duration // 5s, how long a topic outlives its last reader
	Keep             time.Duration // 10m, how long shared events outlive their holder
	QueriesPerSecond int           // 200 by this process; with more tasks each is queried less often

	Heartbeat      time.Duration // 25s at most, less a tenth by chance
	WriteTimeout   time.Duration // 5s
	CloseWait      time.Duration // 1s for a client to answer a close
	MaxBehind      int           // 1000 events
	SocketsPerUser int           // 10
}

func (o Options) withDefaults() Options {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if o.Clock == nil {
		o.Clock = time.Now
	}
	o.Poll = cmp.Or(o.Poll, 250*time.Millisecond)
	o.Lease = cmp.Or(o.Lease, 3*time.Second)
	o.QueryTimeout = cmp.Or(o.QueryTimeout, 500*time.Millisecond)
	o.RowsTimeout = cmp.Or(o.RowsTimeout, 2*time.Second)
	o.RedisTimeout = cmp.Or(o.RedisTimeout, 500*time.Millisecond)
	o.RedisRetry = cmp.Or(o.RedisRetry, time.Second)
	o.CatchUp = cmp.Or(o.CatchUp, time.Second)
	o.LookAtRows = cmp.Or(o.LookAtRows, 3*time.Second)
	o.Linger = cmp.Or(o.Linger, 5*time.Second)
	o.Keep = cmp.Or(o.Keep, 10*time.Minute)
	o.QueriesPerSecond = cmp.Or(o.QueriesPerSecond, 200)
	return o.withSocketDefaults()
}

func (o Options) withSocketDefaults() Options {
	o.Heartbeat = cmp.Or(o.Heartbeat, 25*time.Second)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 5*time.Second)
	o.CloseWait = cmp.Or(o.CloseWait, time.Second)
	o.MaxBehind = cmp.Or(o.MaxBehind, 1000)
	o.SocketsPerUser = cmp.Or(o.SocketsPerUser, 10)
	return o
}
