package observe

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// lookFor bounds what one scrape asks of the world.
const lookFor = 3 * time.Second

// Outbox is how many promises wait, and since when the oldest that is due.
type Outbox struct {
	Due, Held int64
	Oldest    time.Duration
}

// Line is how a kind of work of a task queue stands.
type Line struct {
	Queue, Kind string // Kind is workflow or activity
	Backlog     int64
	Oldest      time.Duration // of what waits
	Pollers     int
}

// Looks are asked at each scrape. Those that are nil are left out; one that fails
// leaves its series out of that scrape and is counted.
type Looks struct {
	Writable func(context.Context) map[string]bool // by server
	Outbox   func(context.Context) (Outbox, error)
	Queues   func(context.Context) ([]Line, error)
	Pushes   func(context.Context) (map[string]bool, error) // the push services to which sending has stopped
	Sockets  func() (sockets, watched int)
	Database func() sql.DBStats
	Redis    func() *redis.PoolStats
	Log      *slog.Logger
}

// Watch has every scrape look.
func (m *Metrics) Watch(l Looks) { m.Registry.MustRegister(&lookout{Looks: l}) }

type lookout struct{ Looks }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	writable       = desc("lyo_writable", "1 when a server took a write, made every few seconds at most; 0 when it did not.", "at")
	outboxPromises = desc("lyo_outbox_promises", "Workflows still to be started or cancelled: due, or held in their user's line.", "state")
	outboxOldest   = desc("lyo_outbox_oldest_seconds", "How long the oldest promise that is not held has waited; 0 with none.")
	queueBacklog   = desc("lyo_queue_backlog", "Tasks that wait in a queue for a worker, about.", "queue", "kind")
	queueOldest    = desc("lyo_queue_oldest_seconds", "How long the oldest of them has waited, about.", "queue", "kind")
	queuePollers   = desc("lyo_queue_pollers", "Workers that asked a queue for work within the last two minutes.", "queue", "kind")
	pushStopped    = desc("lyo_push_stopped", "1 while sending to a push service has stopped because it refuses the operator's credentials.", "provider")
	sockets        = desc("lyo_sockets", "Open sockets of this process.")
	watched        = desc("lyo_watched_tasks", "Tasks whose progress this process follows.")
	poolSize       = desc("lyo_pool_connections", "Connections of this process, by what they do.", "pool", "state")
	poolMost       = desc("lyo_pool_connections_most", "Connections this process may open; 0 where nothing bounds them.", "pool")
	poolWaits      = desc("lyo_pool_waits_total", "Times somebody waited for a connection.", "pool")
	poolWaited     = desc("lyo_pool_wait_seconds_total", "Time spent waiting for connections.", "pool")
	poolTimeouts   = desc("lyo_pool_timeouts_total", "Times the wait was given up.", "pool")
	lookFailed     = desc("lyo_look_failed", "1 when this scrape could not ask that, which its series are missing for.", "at")
)

// Describe names them.
func (l *lookout) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		writable, outboxPromises, outboxOldest, queueBacklog, queueOldest, queuePollers, pushStopped, sockets, watched,
		poolSize, poolMost, poolWaits, poolWaited, poolTimeouts, lookFailed,
	} {
		to <- d
	}
}

// Collect looks.
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
			at.set(outboxPromises, float64(found.Due), "due")
			at.set(outboxPromises, float64(found.Held), "held")
			at.set(outboxOldest, found.Oldest.Seconds())
		}
	}
	if l.Queues != nil {
		lines, err := l.Queues(ctx)
		if l.asked(ctx, at, "queues", err) {
			for _, q := range lines {
				at.set(queueBacklog, float64(q.Backlog), q.Queue, q.Kind)
				at.set(queueOldest, q.Oldest.Seconds(), q.Queue, q.Kind)
				at.set(queuePollers, float64(q.Pollers), q.Queue, q.Kind)
			}
		}
	}
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

// pushProviders are those that sending can stop to.
var pushProviders = []string{"apns", "apns-sandbox", "fcm", "webpush-google", "webpush-mozilla", "webpush-apple", "webpush-microsoft", "webpush-other"}

func (l *lookout) asked(ctx context.Context, at gauges, what string, err error) bool {
	failed := 0.0
	if err != nil {
		failed = 1
		l.Log.WarnContext(ctx, "a scrape could not look", "at", what, "error", err)
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
