package api

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func TestRedisIsLeftAloneAfterAFailure(t *testing.T) {
	t.Parallel()
	clock, logs := &testClock{at: time.Unix(1e9, 0)}, &lockedBuffer{}
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	g := newRedisGuard(Deps{Redis: client, Clock: clock.now, Log: slog.New(slog.NewTextHandler(logs, nil))}, 20*time.Millisecond)
	broken := errors.New("broken")
	works := func(context.Context) error { return nil }
	fails := func(context.Context) error { return broken }
	silent := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

	require.ErrorIs(t, g.do(t.Context(), silent), context.DeadlineExceeded)
	require.Contains(t, logs.String(), "left alone")
	clock.advance(redisRest - 1)
	require.ErrorIs(t, g.do(t.Context(), works), errRedisAway)
	clock.advance(1)
	require.NoError(t, g.do(t.Context(), works))

	gone, leave := context.WithCancel(t.Context())
	require.Error(t, g.do(gone, func(ctx context.Context) error { leave(); return silent(ctx) }))
	require.NoError(t, g.do(t.Context(), works), "a client that left says nothing about Redis")
	require.ErrorIs(t, g.do(t.Context(), func(ctx context.Context) error {
		require.NoError(t, g.do(ctx, works))
		return broken
	}), broken)
	require.NoError(t, g.do(t.Context(), works), "nor does a failure while others succeed")
	require.ErrorIs(t, g.do(t.Context(), fails), broken)
	require.ErrorIs(t, g.do(t.Context(), works), errRedisAway)
	require.ErrorIs(t, newRedisGuard(Deps{Clock: clock.now}, time.Second).do(t.Context(), works), errRedisAway)
}
