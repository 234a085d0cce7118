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

// Traces sends the spans of a process.
type Traces struct {
	Provider trace.TracerProvider
	on       bool
	close    func(context.Context) error
}

// TraceOptions configures Traces.
type TraceOptions struct {
	Endpoint, Headers string  // of OTLP over HTTP; without an endpoint tracing is off
	Share             float64 // sampled share of the requests without a trace of their own
	Process, Version  string
}

// NewTraces returns Traces that send spans in batches. While the receiver is unreachable spans
// are lost and nothing else is affected. NewTraces itself opens no connection.
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

// Tracer returns the tracer for the process's own spans.
func (t *Traces) Tracer() trace.Tracer { return t.Provider.Tracer("lyo") }

// Temporal returns interceptors that propagate traces through workflows and activities.
// Queries are not traced, since watchers send them continuously.
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

// Client returns an HTTP client that propagates the trace of the request's context. It has no
// timeout, so that streams can be long.
func (t *Traces) Client() *http.Client {
	if !t.on {
		return http.DefaultClient
	}
	return &http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport,
		otelhttp.WithTracerProvider(t.Provider), otelhttp.WithPropagators(propagation.TraceContext{}),
	)}
}

// Close sends the remaining spans.
func (t *Traces) Close(ctx context.Context) error { return t.close(ctx) }
