package store

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"gorm.io/gorm"
)

const traceParent = "traceparent"

// BeforeCreate records the trace of the request that enqueues the message.
func (e *OutboxMessage) BeforeCreate(tx *gorm.DB) error {
	if e.Trace == "" {
		carrier := propagation.MapCarrier{}
		propagation.TraceContext{}.Inject(tx.Statement.Context, carrier)
		e.Trace = carrier[traceParent]
	}
	return nil
}

// Traced returns a context that belongs to the trace in which the message was enqueued.
func (e OutboxMessage) Traced(ctx context.Context) context.Context {
	if e.Trace == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceParent: e.Trace})
}
