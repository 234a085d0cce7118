package observe

import (
	"cmp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are one process's. No label holds what a user brings: neither ids nor
// addresses nor topics, so the number of series is bounded by the program.
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
	sdk          *sdkMetrics // of every client of the process
}

// The buckets in seconds: of what a client waits for, and of what takes its time.
var (
	quick = []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	long  = []float64{.005, .025, .1, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600}
)

// New makes the metrics of a process of a kind, such as api.
func New(process, version, build string) *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: counter("lyo_http_requests_total", "Requests answered. The route is a pattern, such as /v1/tasks/:id.", "method", "route", "status"),
		requestTimes: histogram("lyo_http_request_seconds", "Time until a request was answered; sockets are left out.", quick,
			"method", "route"),
		activities:   counter("lyo_activities_total", "Tries of activities that ended: ok, cancelled, or the type of the failure.", "queue", "activity", "outcome"),
		activityTime: histogram("lyo_activity_seconds", "Time a try of an activity took.", long, "queue", "activity"),
		modelCalls:   counter("lyo_model_calls_total", "Conversations with a model that ended: ok, cancelled, or the type of the failure.", "endpoint", "kind", "outcome"),
		modelTokens:  counter("lyo_model_tokens_total", "Tokens sent to models (input) and received from them (output).", "endpoint", "direction"),
		modelTime:    histogram("lyo_model_seconds", "Time a conversation with a model took.", long, "endpoint", "kind"),
		push:         counter("lyo_push_total", "Messages to devices by what came of them.", "platform", "verdict"),
	}
	m.sdk = &sdkMetrics{registry: m.Registry, vectors: map[string]prometheus.Collector{}}
	about := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "lyo_build_info", Help: "1, with what is running in the labels."}, []string{"process", "version", "build"})
	about.WithLabelValues(process, version, build).Set(1)
	m.Registry.MustRegister(
		about, m.requests, m.requestTimes, m.activities, m.activityTime, m.modelCalls, m.modelTokens, m.modelTime, m.push,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	for _, platform := range []string{"ios", "android", "web"} { // so that the first failure is a rise from 0
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

// Request counts an answered request. A socket (101) lasts as long as its client
// likes, which is no time to answer.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(known(method), route, strconv.Itoa(status)).Inc()
	if status != 101 {
		m.requestTimes.WithLabelValues(known(method), route).Observe(took.Seconds())
	}
}

// known keeps a method that a client made up from becoming a series.
func known(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "other"
}

// Conversation is one with a model, as it ended.
type Conversation struct {
	Endpoint, Kind, Outcome   string
	InputTokens, OutputTokens int
	Seconds                   float64
}

// Model counts a conversation with a model.
func (m *Metrics) Model(c Conversation) {
	m.modelCalls.WithLabelValues(c.Endpoint, c.Kind, c.Outcome).Inc()
	m.modelTokens.WithLabelValues(c.Endpoint, "input").Add(float64(c.InputTokens))
	m.modelTokens.WithLabelValues(c.Endpoint, "output").Add(float64(c.OutputTokens))
	m.modelTime.WithLabelValues(c.Endpoint, c.Kind).Observe(c.Seconds)
}

// Push counts what came of a message to a device; "" is that nobody can tell.
func (m *Metrics) Push(platform, verdict string) {
	m.push.WithLabelValues(platform, cmp.Or(verdict, "unknown")).Inc()
}
