package config

import "time"

// Observe configures metrics, profiles and traces.
type Observe struct {
	// MetricsPort is the port of /metrics, /live and /ready on LYO_HTTP_HOST; 0: not served.
	// Under lyo dev it is the API's, and the worker uses the next one.
	MetricsPort int `env:"LYO_METRICS_PORT" envDefault:"0"`
	// Profiles serves /debug/pprof beside /metrics, for profiles of time and memory; on or off.
	Profiles string `env:"LYO_PROFILES" envDefault:"off"`
	// TraceEndpoint receives traces by OTLP over HTTP, such as http://127.0.0.1:4318; empty: tracing is off.
	// The exporter's other OTEL_EXPORTER_OTLP_ variables apply as well.
	TraceEndpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	// TraceHeaders are sent with traces, as name=value, comma separated.
	TraceHeaders Secret `env:"OTEL_EXPORTER_OTLP_HEADERS"`
	// TraceShare is the share of requests without a trace of their own that are traced, from 0 to 1.
	TraceShare float64 `env:"LYO_TRACE_SHARE" envDefault:"1"`
}

// Versions is about workers of several builds at the same time.
type Versions struct {
	// Versioning keeps a workflow without waits on the build of the worker that started it; on or off. lyo dev
	// always has it off.
	Versioning string `env:"LYO_WORKER_VERSIONING" envDefault:"off"`
	// Deployment is the name of the worker deployment in Temporal.
	Deployment string `env:"LYO_WORKER_DEPLOYMENT" envDefault:"lyo"`
	// BuildID names this build; empty: the commit it was built from.
	BuildID string `env:"LYO_BUILD_ID"`
	// MoveAfter is how long no worker of a build may have polled before its runs move to the current one.
	MoveAfter time.Duration `env:"LYO_WORKER_MOVE_AFTER" envDefault:"10m"`
	// RunsAsBefore begins runs as the version before does, which can then go on with them: for as long as an upgrade may
	// still be taken back; on or off.
	RunsAsBefore string `env:"LYO_RUNS_AS_BEFORE" envDefault:"off"`
}

// On reports whether workers are versioned.
func (v Versions) On() bool { return v.Versioning == "on" }

// Payload is about the encryption of inputs and results in Temporal's histories.
type Payload struct {
	// Keys encrypt them with AES-GCM: id:base64 of 32 bytes, comma separated. The first encrypts, the others
	// only decrypt. Empty: nothing is encrypted.
	Keys Secret `env:"LYO_PAYLOAD_KEYS"`
	// CodecHost is the address on which lyo codec, which decrypts payloads for Temporal's UI, listens.
	CodecHost string `env:"LYO_CODEC_HOST" envDefault:"127.0.0.1"`
	// CodecPort is the port of lyo codec.
	CodecPort    int      `env:"LYO_CODEC_PORT" envDefault:"8234"`
	CodecOrigins []string `env:"LYO_CODEC_ORIGINS"` // origins of the UI; empty: that of lyo dev
	// CodecToken is required as a bearer token; empty: not required, which suits a listener on the loopback.
	CodecToken Secret `env:"LYO_CODEC_TOKEN"`
}

func (f *faults) operations(c Config) {
	f.between("LYO_METRICS_PORT", c.Observe.MetricsPort, 0, 65535)
	f.oneOf("LYO_PROFILES", c.Observe.Profiles, "on", "off")
	f.webURL("OTEL_EXPORTER_OTLP_ENDPOINT", c.Observe.TraceEndpoint)
	if c.Observe.TraceShare < 0 || c.Observe.TraceShare > 1 {
		f.addf("LYO_TRACE_SHARE is %v, not between 0 and 1", c.Observe.TraceShare)
	}
	f.oneOf("LYO_WORKER_VERSIONING", c.Versions.Versioning, "on", "off")
	f.oneOf("LYO_RUNS_AS_BEFORE", c.Versions.RunsAsBefore, "on", "off")
	f.positive("LYO_WORKER_MOVE_AFTER", int64(c.Versions.MoveAfter))
	f.between("LYO_CODEC_PORT", c.Payload.CodecPort, 1, 65535)
	for _, origin := range c.Payload.CodecOrigins {
		f.webURL("LYO_CODEC_ORIGINS", origin)
	}
	if c.Observe.MetricsPort != 0 && c.Observe.MetricsPort == c.HTTP.Port {
		f.addf("LYO_METRICS_PORT and LYO_HTTP_PORT are the same")
	}
}
