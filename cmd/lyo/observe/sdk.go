package observe

import (
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// sdkLabels are the tags of the Temporal SDK that become labels. A tag that is not set
// gives an empty label, which Prometheus treats as absent.
var sdkLabels = []string{
	"task_queue", "worker_type", "poller_type", "workflow_type", "activity_type", "operation", "status_code", "failure_reason",
}

// SDK returns a handler that records the Temporal SDK's measurements as Prometheus metrics:
// counters end in _total, timers are histograms in seconds.
func (m *Metrics) SDK() client.MetricsHandler {
	h := sdkHandler{m.sdk, nil}
	h.Counter("temporal_workflow_task_execution_failed") // so that the first failure is an increase from 0
	return h
}

// sdkMetrics creates each metric when the SDK first uses it.
type sdkMetrics struct {
	registry *prometheus.Registry
	mu       sync.Mutex
	vectors  map[string]prometheus.Collector
}

// sdkVector returns the vector with a name, and creates it at the first call.
func sdkVector[V prometheus.Collector](s *sdkMetrics, name string, create func() V) V {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.vectors[name].(V); ok {
		return v
	}
	v := create()
	s.registry.MustRegister(v)
	s.vectors[name] = v
	return v
}

type sdkHandler struct {
	metrics *sdkMetrics
	tags    map[string]string
}

// WithTags returns a handler with more tags.
func (h sdkHandler) WithTags(tags map[string]string) client.MetricsHandler {
	all := maps.Clone(h.tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	return sdkHandler{h.metrics, all}
}

func (h sdkHandler) values() []string {
	values := make([]string, len(sdkLabels))
	for i, label := range sdkLabels {
		if value := h.tags[label]; value != "none" {
			values[i] = value
		}
	}
	return values
}

const sdkHelp = "Measured by the Temporal SDK."

// Counter returns a counter of the SDK.
func (h sdkHandler) Counter(name string) client.MetricsCounter {
	return sdkCounter{sdkVector(h.metrics, name+"_total", func() *prometheus.CounterVec {
		return counter(name+"_total", sdkHelp, sdkLabels...)
	}).WithLabelValues(h.values()...)}
}

// Gauge returns a gauge of the SDK.
func (h sdkHandler) Gauge(name string) client.MetricsGauge {
	return sdkGauge{sdkVector(h.metrics, name, func() *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: sdkHelp}, sdkLabels)
	}).WithLabelValues(h.values()...)}
}

// Timer returns a timer of the SDK.
func (h sdkHandler) Timer(name string) client.MetricsTimer {
	return sdkTimer{sdkVector(h.metrics, name+"_seconds", func() *prometheus.HistogramVec {
		return histogram(name+"_seconds", sdkHelp, long, sdkLabels...)
	}).WithLabelValues(h.values()...)}
}

type (
	sdkCounter struct{ to prometheus.Counter }
	sdkGauge   struct{ to prometheus.Gauge }
	sdkTimer   struct{ to prometheus.Observer }
)

// Inc adds to the counter.
func (c sdkCounter) Inc(n int64) { c.to.Add(float64(n)) }

// Update sets the gauge.
func (g sdkGauge) Update(value float64) { g.to.Set(value) }

// Record adds a time.
func (t sdkTimer) Record(took time.Duration) { t.to.Observe(took.Seconds()) }
