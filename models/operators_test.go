package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func TestTheOutboxReportsItsState(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	state, err := store.LookAtOutbox(t.Context(), db, now)
	require.NoError(t, err)
	require.Zero(t, state)
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{7}, SpanID: trace.SpanID{8}}))
	message := func(id string, age time.Duration, waiting bool) store.OutboxMessage {
		return store.OutboxMessage{
			ID: store.NewID(), Action: store.OutboxStart, WorkflowID: id, Input: []byte("null"), SearchAttributes: map[string]string{},
			CreatedAt: now.Add(-age), DueAt: now, Waiting: waiting,
		}
	}
	for _, p := range []store.OutboxMessage{message("a", time.Minute, false), message("b", time.Hour, true), message("c", time.Second, false)} {
		require.NoError(t, store.Enqueue(ctx, db, p))
	}
	state, err = store.LookAtOutbox(t.Context(), db, now)
	require.NoError(t, err)
	require.Equal(t, store.OutboxState{Due: 2, Waiting: 1, Oldest: time.Minute}, state)

	kept, err := store.MessagesFor(t.Context(), db, "a")
	require.NoError(t, err)
	require.Len(t, kept, 1)
	span := trace.SpanContextFromContext(kept[0].Traced(t.Context()))
	require.Equal(t, trace.TraceID{7}, span.TraceID(), "a message belongs to the trace of its request")
	require.Equal(t, t.Context(), store.OutboxMessage{}.Traced(t.Context()))
}

func TestALocalOperatorIsMadeOnce(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	one, err := accounts.LocalOperator(t.Context(), db, time.Now())
	require.NoError(t, err)
	two, err := accounts.LocalOperator(t.Context(), db, time.Now())
	require.NoError(t, err)
	require.Equal(t, one.ID, two.ID)
}
