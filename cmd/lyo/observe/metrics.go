package observe

import (
	"cmp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics holds the metrics of one process. No label has a value from a user, such as an id,
// an address or a topic, so the number of series is bounded.
type Metrics struct {
	Registry *prometheus.Registry

	requests     *prometheus.CounterVec
	requestTimes *prometheus.HistogramVec
	activities   *prometheus.CounterVec
	activityTime *prometheus.HistogramVec
	modelCalls   *prometheus.CounterVec
	modelTokens  *prometheus.CounterVec
	modelTime    *prometheus.HistogramVec
	push         *prometheus.CounterVec
	sdk          *sdkMetrics // of every Temporal client of the process
}

// Buckets in seconds: quick for requests, long for activities and model calls.
var (
	quick = []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	long  = []float64{.005, .025, .1, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600}
)

// New returns the metrics of a process; process is its kind, such as api.
func New(process, version, build string) *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: counter("lyo_http_requests_total", "HTTP requests answered. The route is a pattern, such as /v1/tasks/:id.", "method", "route", "status"),
		requestTimes: histogram("lyo_http_request_seconds", "Duration of HTTP requests in seconds, without sockets.", quick,
			"method", "route"),
		activities:   counter("lyo_activities_total", "Activity attempts by outcome: ok, cancelled, or the type of the failure.", "queue", "activity", "outcome"),
		activityTime: histogram("lyo_activity_seconds", "Duration of activity attempts in seconds.", long, "queue", "activity"),
		modelCalls:   counter("lyo_model_calls_total", "Model calls by outcome: ok, cancelled, or the type of the failure.", "endpoint", "kind", "outcome"),
		modelTokens:  counter("lyo_model_tokens_total", "Tokens sent to models (input) and received from them (output).", "endpoint", "direction"),
		modelTime:    histogram("lyo_model_seconds", "Duration of model calls in seconds.", long, "endpoint", "kind"),
		push:         counter("lyo_push_total", "Push messages by platform and verdict.", "platform", "verdict"),
	}
	m.sdk = &sdkMetrics{registry: m.Registry, vectors: map[string]prometheus.Collector{}}
	about := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "lyo_build_info", Help: "Always 1; the labels identify the running build."}, []string{"process", "version", "build"})
	about.WithLabelValues(process, version, build).Set(1)
	m.Registry.MustRegister(
		about, m.requests, m.requestTimes, m.activities, m.activityTime, m.modelCalls, m.modelTokens, m.modelTime, m.push,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	for _, platform := range []string{"ios", "android", "web"} { // so that the first failure is an increase from 0
		for _, verdict := range []string{"sent", "dry_run", "dead", "unregistered", "doubtful", "mismatch", "refused", "retry", "misconfigured", "unknown"} {
			m.push.WithLabelValues(platform, verdict)
		}
	}
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// Request records an answered request. The duration of a socket (status 101) is not recorded,
// since it depends on the client.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(known(method), route, strconv.Itoa(status)).Inc()
	if status != 101 {
		m.requestTimes.WithLabelValues(known(method), route).Observe(took.Seconds())
	}
}

// known maps unknown methods to "other", so that clients cannot create series.
func known(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "other"
}

// Conversation describes a finished model call.
type Conversation struct {
	Endpoint, Kind, Outcome   string
	InputTokens, OutputTokens int
	Seconds                   float64
}

// Model records a model call.
func (m *Metrics) Model(c Conversation) {
	m.modelCalls.WithLabelValues(c.Endpoint, c.Kind, c.Outcome).Inc()
	m.modelTokens.WithLabelValues(c.Endpoint, "input").Add(float64(c.InputTokens))
	m.modelTokens.WithLabelValues(c.Endpoint, "output").Add(float64(c.OutputTokens))
	m.modelTime.WithLabelValues(c.Endpoint, c.Kind).Observe(c.Seconds)
}

// Push records the verdict on a message to a device; "" is recorded as unknown.
func (m *Metrics) Push(platform, verdict string) {
	m.push.WithLabelValues(platform, cmp.Or(verdict, "unknown")).Inc()
}
