package observe

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
)

// Traces are where a process's spans go.
type Traces struct {
	Provider trace.TracerProvider
	on       bool
	close    func(context.Context) error
}

// TraceOptions say where spans go, and whose they are.
type TraceOptions struct {
	Endpoint, Headers string  // of OTLP over HTTP; without an endpoint nothing is traced
	Share             float64 // of the requests that bring no trace of their own
	Process, Version  string
}

// NewTraces sends spans in batches while the process does its work. A receiver
// that is away costs spans and nothing else. It contacts nobody yet.
func NewTraces(ctx context.Context, o TraceOptions) (*Traces, error) {
	if o.Endpoint == "" {
		return &Traces{Provider: noop.NewTracerProvider(), close: func(context.Context) error { return nil }}, nil
	}
	exporter, err := otlptracehttp.New(ctx,
		otlptracehttp.WithEndpointURL(strings.TrimRight(o.Endpoint, "/")+"/v1/traces"), otlptracehttp.WithHeaders(pairs(o.Headers)))
	if err != nil {
		return nil, fmt.Errorf("send traces: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithBatchTimeout(time.Second)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Share))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "lyo-"+o.Process), attribute.String("service.version", o.Version),
		)),
	)
	return &Traces{Provider: provider, on: true, close: provider.Shutdown}, nil
}

func pairs(text string) map[string]string {
	out := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			out[name] = value
		}
	}
	return out
}

// Tracer makes the process's own spans.
func (t *Traces) Tracer() trace.Tracer { return t.Provider.Tracer("lyo") }

// Temporal carries traces through workflows and activities. Queries are left out:
// watchers ask them all the time.
func (t *Traces) Temporal() ([]interceptor.ClientInterceptor, error) {
	if !t.on {
		return nil, nil
	}
	tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer: t.Tracer(), DisableQueryTracing: true, AllowInvalidParentSpans: true, TextMapPropagator: propagation.TraceContext{},
	})
	if err != nil {
		return nil, fmt.Errorf("trace workflows: %w", err)
	}
	return []interceptor.ClientInterceptor{tracing}, nil
}

// Client is an HTTP client whose requests belong to the trace of their context, and
// tell the server so. Streams may be as long as they like: it has no time-out.
func (t *Traces) Client() *http.Client {
	if !t.on {
		return http.DefaultClient
	}
	return &http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport,
		otelhttp.WithTracerProvider(t.Provider), otelhttp.WithPropagators(propagation.TraceContext{}),
	)}
}

// Close sends what is left.
func (t *Traces) Close(ctx context.Context) error { return t.close(ctx) }
