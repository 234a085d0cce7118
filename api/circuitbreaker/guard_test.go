package circuitbreaker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/circuitbreaker"
	"github.com/lyoapp/lyo/models/storetest"
)

var errDown = errors.New("down")

func fails(context.Context) error { return errDown }
func works(context.Context) error { return nil }

// guard returns a guard and the clock that the test moves.
func guard(t *testing.T) (*circuitbreaker.Guard, *time.Time) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return &circuitbreaker.Guard{
		Client: storetest.GoneRedis(t), Clock: func() time.Time { return now },
		Log: slog.New(slog.DiscardHandler), Within: time.Second, Rest: time.Second,
	}, &now
}

func TestAfterAFailureOneCallerTriesEachRest(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	g, now := guard(t)
	require.NoError(t, g.Do(ctx, works))
	require.ErrorIs(t, g.Do(ctx, fails), errDown)
	require.ErrorIs(t, g.Do(ctx, works), circuitbreaker.ErrAway)
	*now = now.Add(time.Second)
	err := g.Do(ctx, func(context.Context) error {
		require.ErrorIs(t, g.Do(ctx, works), circuitbreaker.ErrAway, "while one tries the others wait")
		return errDown
	})
	require.ErrorIs(t, err, errDown)
	require.ErrorIs(t, g.Do(ctx, works), circuitbreaker.ErrAway)
	*now = now.Add(time.Second)
	require.NoError(t, g.Do(ctx, works))
	require.NoError(t, g.Do(ctx, works), "it is back for all")
}

// TestAClockThatWentBackKeepsNobodyAway has the failure an hour ahead of the clock.
func TestAClockThatWentBackKeepsNobodyAway(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	g, now := guard(t)
	require.ErrorIs(t, g.Do(ctx, fails), errDown)
	*now = now.Add(-time.Hour)
	require.NoError(t, g.Do(ctx, works))
}

func TestAFailureWhileOthersSucceedChangesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	g, _ := guard(t)
	err := g.Do(ctx, func(context.Context) error {
		require.NoError(t, g.Do(ctx, works))
		return errDown
	})
	require.ErrorIs(t, err, errDown)
	require.NoError(t, g.Do(ctx, works))
}

func TestACallerThatLeavesSaysNothingAboutRedis(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(context.Background())
	g, _ := guard(t)
	require.Error(t, g.Do(ctx, func(context.Context) error { leave(); return errDown }))
	require.NoError(t, g.Do(context.Background(), works))
}

func TestASilentRedisIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	g, _ := guard(t)
	g.Within = 20 * time.Millisecond
	var logs bytes.Buffer
	g.Log = slog.New(slog.NewTextHandler(&logs, nil))
	silent := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	require.ErrorIs(t, g.Do(context.Background(), silent), context.DeadlineExceeded)
	require.ErrorIs(t, g.Do(context.Background(), silent), circuitbreaker.ErrAway)
	require.Contains(t, logs.String(), "left alone")
}

func TestNoRedisIsAlwaysAway(t *testing.T) {
	t.Parallel()
	g, _ := guard(t)
	g.Client = nil
	require.ErrorIs(t, g.Do(context.Background(), works), circuitbreaker.ErrAway)
}
