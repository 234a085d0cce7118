package observe

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// lookFor bounds the checks of one scrape.
const lookFor = 3 * time.Second

// Outbox counts the messages that are not dispatched yet. Oldest is the age of the oldest one that is due.
type Outbox struct {
	Due, Waiting int64 // Waiting: in their user's queue
	Oldest       time.Duration
}

// QueueStats describes one kind of task of a task queue.
type QueueStats struct {
	Queue, Kind string // Kind is workflow or activity
	Backlog     int64
	Oldest      time.Duration // age of the oldest task in the backlog
	Pollers     int
}

// Looks are the sources read at each scrape. A nil source is left out. A source that fails
// is counted, and its series are missing from that scrape.
type Looks struct {
	Writable func(context.Context) map[string]bool // by server
	Outbox   func(context.Context) (Outbox, error)
	Queues   func(context.Context) ([]QueueStats, error)
	Runs     func(context.Context) (map[string]int, error)  // those that do not go on, by reason
	Pushes   func(context.Context) (map[string]bool, error) // the push services to which sending is stopped
	Sockets  func() (sockets, watched int)
	Database func() sql.DBStats
	Redis    func() *redis.PoolStats
	Log      *slog.Logger
}

// Watch registers the sources for every scrape.
func (m *Metrics) Watch(l Looks) { m.Registry.MustRegister(&lookout{Looks: l}) }

type lookout struct{ Looks }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	writable       = desc("lyo_writable", "1 when the server accepted a test write, made every few seconds at most; 0 when it did not.", "at")
	outboxMessages = desc("lyo_outbox_messages", "Outbox messages not dispatched yet (starts and cancels of workflows): due, or waiting (state held) in their user's queue.", "state")
	outboxOldest   = desc("lyo_outbox_oldest_seconds", "Age of the oldest due outbox message in seconds; 0 without any.")
	queueBacklog   = desc("lyo_queue_backlog", "Approximate number of tasks in a task queue that wait for a worker.", "queue", "kind")
	queueOldest    = desc("lyo_queue_oldest_seconds", "Approximate age of the oldest waiting task of a task queue in seconds.", "queue", "kind")
	queuePollers   = desc("lyo_queue_pollers", "Workers that poll a task queue; one that is gone is left out within 15 seconds.", "queue", "kind")
	stuckRuns      = desc("lyo_stuck_runs", "Open workflow runs that do not go on, of those looked at: failing (their workflow task keeps failing) or late (open after their deadline).", "reason")
	pushStopped    = desc("lyo_push_stopped", "1 while sending to a push service is stopped because it rejects the operator's credentials.", "provider")
	sockets        = desc("lyo_sockets", "Open sockets of this process.")
	watched        = desc("lyo_watched_tasks", "Tasks whose progress this process watches.")
	poolSize       = desc("lyo_pool_connections", "Connections of this process by state.", "pool", "state")
	poolMost       = desc("lyo_pool_connections_most", "Maximum number of connections of this process; 0 is unlimited.", "pool")
	poolWaits      = desc("lyo_pool_waits_total", "Number of waits for a connection.", "pool")
	poolWaited     = desc("lyo_pool_wait_seconds_total", "Time spent waiting for connections.", "pool")
	poolTimeouts   = desc("lyo_pool_timeouts_total", "Number of waits for a connection that timed out.", "pool")
	lookFailed     = desc("lyo_look_failed", "1 when this scrape could not read the source; its series are missing then.", "at")
)

// Describe sends the descriptions of the metrics.
func (l *lookout) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		writable, outboxMessages, outboxOldest, queueBacklog, queueOldest, queuePollers, stuckRuns, pushStopped, sockets, watched,
		poolSize, poolMost, poolWaits, poolWaited, poolTimeouts, lookFailed,
	} {
		to <- d
	}
}

// Collect reads every source and sends its metrics.
func (l *lookout) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookFor)
	defer cancel()
	at := gauges{to}
	if l.Writable != nil {
		for server, takes := range l.Writable(ctx) {
			at.set(writable, map[bool]float64{true: 1}[takes], server)
		}
	}
	if l.Outbox != nil {
		found, err := l.Outbox(ctx)
		if l.asked(ctx, at, "outbox", err) {
			at.set(outboxMessages, float64(found.Due), "due")
			at.set(outboxMessages, float64(found.Waiting), "held")
			at.set(outboxOldest, found.Oldest.Seconds())
		}
	}
	l.collectTemporal(ctx, at)
	if l.Pushes != nil {
		stopped, err := l.Pushes(ctx)
		if l.asked(ctx, at, "pushes", err) {
			for _, provider := range pushProviders {
				at.set(pushStopped, float64(map[bool]int{true: 1}[stopped[provider]]), provider)
			}
		}
	}
	if l.Sockets != nil {
		open, tasks := l.Sockets()
		at.set(sockets, float64(open))
		at.set(watched, float64(tasks))
	}
	l.pools(at)
}

// collectTemporal sends the metrics of queues and runs.
func (l *lookout) collectTemporal(ctx context.Context, at gauges) {
	if l.Queues != nil {
		queues, err := l.Queues(ctx)
		if l.asked(ctx, at, "queues", err) {
			for _, q := range queues {
				at.set(queueBacklog, float64(q.Backlog), q.Queue, q.Kind)
				at.set(queueOldest, q.Oldest.Seconds(), q.Queue, q.Kind)
				at.set(queuePollers, float64(q.Pollers), q.Queue, q.Kind)
			}
		}
	}
	if l.Runs != nil {
		runs, err := l.Runs(ctx)
		if l.asked(ctx, at, "runs", err) {
			for reason, n := range runs {
				at.set(stuckRuns, float64(n), reason)
			}
		}
	}
}

// pushProviders are the push services to which sending can be stopped.
var pushProviders = []string{"apns", "apns-sandbox", "fcm", "webpush-google", "webpush-mozilla", "webpush-apple", "webpush-microsoft", "webpush-other"}

func (l *lookout) asked(ctx context.Context, at gauges, what string, err error) bool {
	failed := 0.0
	if err != nil {
		failed = 1
		l.Log.WarnContext(ctx, "a source of metrics cannot be read", "at", what, "error", err)
	}
	at.set(lookFailed, failed, what)
	return err == nil
}

func (l *lookout) pools(at gauges) {
	if l.Database != nil {
		s := l.Database()
		at.pool("postgres", s.InUse, s.Idle, s.MaxOpenConnections, s.WaitCount, s.WaitDuration)
	}
	if l.Redis != nil {
		s := l.Redis()
		at.pool("redis", int(s.TotalConns)-int(s.IdleConns), int(s.IdleConns), 0, int64(s.WaitCount), time.Duration(s.WaitDurationNs))
		at.count(poolTimeouts, float64(s.Timeouts), "redis")
	}
}

type gauges struct{ to chan<- prometheus.Metric }

func (g gauges) set(d *prometheus.Desc, value float64, labels ...string) {
	g.to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (g gauges) count(d *prometheus.Desc, value float64, labels ...string) {
	g.to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, labels...)
}

func (g gauges) pool(name string, busy, idle, most int, waits int64, waited time.Duration) {
	g.set(poolSize, float64(busy), name, "busy")
	g.set(poolSize, float64(idle), name, "idle")
	g.set(poolMost, float64(most), name)
	g.count(poolWaits, float64(waits), name)
	g.count(poolWaited, waited.Seconds(), name)
}
