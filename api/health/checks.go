package health

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/lyoapp/lyo/api/circuitbreaker"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
)

const (
	probeWithin = time.Second     // how long a part may take to answer
	writeWithin = 2 * time.Second // how long it may take to write
	probeFor    = time.Second     // how long its answer is passed on
)

// probes check each component at most once per probeFor, however many clients ask.
type probes struct {
	database, redis, temporal, websocket, push, schema *probe
	model                                              *probe
	lastModel                                          func() ModelHealth
}

// probe checks one component. Its answer contains no address and no driver error.
type probe struct {
	clock  func() time.Time
	ask    func(context.Context) rest.Component
	within time.Duration

	mu   sync.Mutex
	last rest.Component
	at   time.Time
}

func newProbes(h *handlers) *probes {
	asking := func(ask func(context.Context) rest.Component, within time.Duration) *probe {
		return &probe{clock: h.Now, ask: ask, within: within}
	}
	p := &probes{
		database: asking(h.askDatabase, writeWithin), redis: asking(h.askRedis, writeWithin), temporal: asking(h.askTemporal, probeWithin),
		websocket: asking(h.askSockets, probeWithin), schema: asking(h.askSchema, probeWithin),
		push: asking(h.askPush, probeWithin),
	}
	p.watchModel(h)
	return p
}

// look returns the component's health, at most probeFor old. It takes no longer than within, and a
// caller that cancels does not affect the others.
func (p *probe) look(ctx context.Context) rest.Component {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.clock().Sub(p.at).Abs() < probeFor { // by a clock that may have stepped back
		return p.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.within)
	defer cancel()
	began := p.clock()
	p.last = p.ask(ctx)
	p.last.LatencyMS = float64(p.clock().Sub(began).Microseconds()) / 1000
	p.at = p.clock()
	return p.last
}

func healthy(message string) rest.Component {
	return rest.Component{Status: StatusHealthy, Message: message}
}

func unhealthy(message string) rest.Component {
	return rest.Component{Status: StatusUnhealthy, Message: message}
}

func (h *handlers) askDatabase(ctx context.Context) rest.Component {
	err := store.TryWrite(ctx, h.DB)
	switch {
	case err == nil:
		return healthy("Postgres answers and takes writes")
	case errors.Is(err, store.ErrReadOnly):
		return unhealthy("Postgres is read-only: nothing can be written")
	case errors.Is(err, store.ErrDiskFull):
		return unhealthy("The disk of Postgres is full: nothing can be written")
	}
	return unhealthy("Postgres does not answer, or does not take writes")
}

func (h *handlers) askSchema(ctx context.Context) rest.Component {
	raw, err := h.DB.DB()
	if err == nil {
		err = migrations.Check(ctx, raw)
	}
	if err != nil {
		return unhealthy("The schema is not current, or cannot be read")
	}
	return healthy("The schema is current")
}

func (h *handlers) askRedis(ctx context.Context) rest.Component {
	if h.Redis == nil {
		return healthy("not configured")
	}
	err := circuitbreaker.TryWrite(ctx, h.Redis)
	switch {
	case err == nil:
		return healthy("Redis answers and takes writes")
	case errors.Is(err, circuitbreaker.ErrFull):
		return unhealthy("Redis is full and takes no writes; the service goes on without it")
	case errors.Is(err, circuitbreaker.ErrReplica):
		return unhealthy("Redis is a replica and takes no writes; the service goes on without it")
	case errors.Is(err, circuitbreaker.ErrUnsaved):
		return unhealthy("Redis cannot save its data and takes no writes; the service goes on without it")
	}
	return unhealthy("Redis does not answer; the service goes on without it")
}

func (h *handlers) askTemporal(ctx context.Context) rest.Component {
	if h.Temporal == nil {
		return healthy("not configured")
	}
	if _, err := h.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return unhealthy("Temporal does not answer; accepted work starts when it does")
	}
	stats, err := workflows.ReadQueueStats(ctx, h.Temporal, h.Namespace, h.goneWorkers(ctx))
	if err != nil {
		return rest.Component{Status: StatusDegraded, Message: "Temporal answers, but does not say who works"}
	}
	for _, queue := range stats {
		if len(queue.Pollers) == 0 {
			return rest.Component{Status: StatusDegraded, Message: "Temporal answers, but no worker polls " + queue.Queue + "; accepted work waits for one"}
		}
	}
	if words := h.stuckRuns(ctx); words != "" {
		return rest.Component{Status: StatusDegraded, Message: words}
	}
	return healthy("Temporal answers, and every queue has a worker")
}

// goneWithin bounds how long the workers' signs of life are waited for: without them Temporal's own, later knowledge has to do.
const goneWithin = 300 * time.Millisecond

func (h *handlers) goneWorkers(ctx context.Context) map[string]time.Time {
	ctx, cancel := context.WithTimeout(ctx, goneWithin)
	defer cancel()
	gone, err := store.GoneWorkers(ctx, h.DB)
	if err != nil {
		return nil
	}
	return gone
}

// stuckRuns says which runs do not go on; empty: none is known. The first look may take longer than a health check may.
func (h *handlers) stuckRuns(ctx context.Context) string {
	if h.Runs == nil {
		return ""
	}
	runs, err := h.Runs.Stuck(ctx)
	if err != nil {
		return ""
	}
	failing, late := workflows.CountStuck(runs)
	switch {
	case failing > 0:
		return fmt.Sprintf("Temporal answers, but %d runs are stuck: their workflow tasks keep failing", failing)
	case late > 0:
		return fmt.Sprintf("Temporal answers, but %d runs are open after their deadline", late)
	}
	return ""
}

func (h *handlers) askSockets(context.Context) rest.Component {
	return healthy("Sockets are open for clients")
}

// askPush reports which push services are configured, and which of them get nothing because they
// refuse the credentials.
func (h *handlers) askPush(ctx context.Context) rest.Component {
	stopped, err := notify.StoppedPushes(ctx, h.DB)
	if err != nil {
		return rest.Component{Status: StatusDegraded, Message: "Postgres has to answer first"}
	}
	var words []string
	for _, c := range stopped {
		if h.Push.Uses(c.Provider) {
			words = append(words, fmt.Sprintf("%s refuses the credentials of this server (%s)", pushServices[c.Provider], c.Reason))
		}
	}
	if len(words) > 0 {
		return rest.Component{Status: StatusDegraded, Message: strings.Join(words, "; ") + ": sending has stopped, devices stay registered, and one message at a time is tried until it is accepted"}
	}
	return healthy(h.pushSettings())
}

// pushServices are the display names of push providers.
var pushServices = map[string]string{
	"apns": "APNs", "apns-sandbox": "APNs (sandbox)", "fcm": "FCM", "webpush-google": "Google's web push", "webpush-mozilla": "Mozilla's web push",
	"webpush-apple": "Apple's web push", "webpush-microsoft": "Microsoft's web push", "webpush-other": "The web push service",
}

func (h *handlers) pushSettings() string {
	c := h.Push
	var have, dry []string
	for _, part := range []struct {
		there         bool
		name, devices string
	}{
		{c.APNSKey != "", "APNs", "Apple's devices"}, {c.FCMCredentials != "", "FCM", "Android and the web"}, {c.WebPushKey != "", "Web Push", "browsers' subscriptions"},
	} {
		if part.there {
			have = append(have, part.name)
		} else {
			dry = append(dry, part.devices)
		}
	}
	switch {
	case len(have) == 0:
		return "not configured: pushes are dry runs"
	case len(dry) == 0:
		return strings.Join(have, ", ") + " are configured"
	}
	return "configured: " + strings.Join(have, ", ") + "; pushes to " + strings.Join(dry, " and ") + " are dry runs"
}

// watchModel keeps the model's detailed health beside the component's.
func (p *probes) watchModel(h *handlers) {
	var mu sync.Mutex
	last := ModelHealth{Status: StatusHealthy, Message: "not configured"}
	p.lastModel = func() ModelHealth {
		mu.Lock()
		defer mu.Unlock()
		return last
	}
	p.model = &probe{clock: h.Now, within: probeWithin, ask: func(ctx context.Context) rest.Component {
		if h.Model == nil {
			return healthy("not configured")
		}
		found := h.Model(ctx)
		mu.Lock()
		defer mu.Unlock()
		last = found
		return rest.Component{Status: found.Status, Message: found.Message}
	}}
}

func (p *probes) modelHealth(ctx context.Context) (ModelHealth, rest.Component) {
	component := p.model.look(ctx)
	return p.lastModel(), component
}

// overview checks all components at once.
func (h *handlers) overview(ctx context.Context, p *probes) overview {
	o := overview{Status: StatusHealthy, Timestamp: h.Now(), Version: h.Version, Environment: h.Environment}
	c := &o.Components
	var all sync.WaitGroup
	for target, from := range map[*rest.Component]*probe{
		&c.Database: p.database, &c.Redis: p.redis, &c.Temporal: p.temporal,
		&c.WebSocket: p.websocket, &c.Model: p.model, &c.Push: p.push,
	} {
		all.Go(func() { *target = from.look(ctx) })
	}
	all.Wait()
	for _, component := range []rest.Component{c.Database, c.Redis, c.Temporal, c.WebSocket, c.Model, c.Push} {
		if component.Status != StatusHealthy {
			o.Status = StatusDegraded
		}
	}
	return o
}

// readiness requires a writable Postgres with the current schema. The other components are optional.
func (h *handlers) readiness(ctx context.Context, p *probes) (*rest.Body[readiness], error) {
	r := readiness{Ready: true, Timestamp: h.Now()}
	check := func(name string, found rest.Component) {
		r.Ready = r.Ready && found.Status == StatusHealthy
		r.Checks = append(r.Checks, rest.Check{Name: name, Status: found.Status, Message: found.Message})
	}
	check("database", p.database.look(ctx))
	check("migrations", p.schema.look(ctx))
	if r.Ready {
		return rest.Answer(r), nil
	}
	problem := rest.NewProblem(rest.SlugDependency, "Requests should not be sent here now.")
	problem.Ready, problem.Timestamp, problem.Checks = &r.Ready, &r.Timestamp, r.Checks
	return nil, problem
}
