package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

func TestTheOutboxTellsHowItStands(t *testing.T) {
	t.Parallel()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	state, err := models.LookAtOutbox(t.Context(), db, now)
	require.NoError(t, err)
	require.Zero(t, state)
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{7}, SpanID: trace.SpanID{8}}))
	promise := func(id string, age time.Duration, held bool) models.OutboxEntry {
		return models.OutboxEntry{
			ID: models.NewID(), Action: models.OutboxStart, WorkflowID: id, Input: []byte("null"), Labels: map[string]string{},
			CreatedAt: now.Add(-age), DueAt: now, Held: held,
		}
	}
	for _, p := range []models.OutboxEntry{promise("a", time.Minute, false), promise("b", time.Hour, true), promise("c", time.Second, false)} {
		require.NoError(t, models.Promise(ctx, db, p))
	}
	state, err = models.LookAtOutbox(t.Context(), db, now)
	require.NoError(t, err)
	require.Equal(t, models.OutboxState{Due: 2, Held: 1, Oldest: time.Minute}, state)

	kept, err := models.PromisesFor(t.Context(), db, "a")
	require.NoError(t, err)
	require.Len(t, kept, 1)
	span := trace.SpanContextFromContext(kept[0].Traced(t.Context()))
	require.Equal(t, trace.TraceID{7}, span.TraceID(), "a promise belongs to the trace of its request")
	require.Equal(t, t.Context(), models.OutboxEntry{}.Traced(t.Context()))
}

func TestALocalOperatorIsMadeOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	one, err := models.LocalOperator(t.Context(), db, time.Now())
	require.NoError(t, err)
	two, err := models.LocalOperator(t.Context(), db, time.Now())
	require.NoError(t, err)
	require.Equal(t, one.ID, two.ID)
}
