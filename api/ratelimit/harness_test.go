package ratelimit

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/storetest"
)

// counter is a limiter with a subject of its own and a clock that the test moves.
type counter struct {
	t       testing.TB
	limiter *Limiter
	redis   *redis.Client
	subject Subject

	mu sync.Mutex
	at time.Time
}

func (c *counter) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *counter) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *counter) take(charges ...Charge) Verdict {
	c.t.Helper()
	return c.request(Request{Subject: c.subject, Charges: charges})
}

func (c *counter) request(r Request) Verdict {
	c.t.Helper()
	v, err := c.limiter.Take(context.Background(), r)
	require.NoError(c.t, err)
	return v
}

// onBoth runs a test on the stand-in that lyo dev falls back to, and on a real Redis.
func onBoth(t *testing.T, test func(*testing.T, *counter)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, newCounter(t, storetest.RedisAt(t, storetest.EmbeddedRedis(t).URL())))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, newCounter(t, storetest.Redis(t)))
	})
}

func newCounter(t testing.TB, client *redis.Client) *counter {
	c := &counter{t: t, redis: client, subject: User(uuid.New()), at: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	c.limiter = New(client, c.now)
	return c
}

func perMinute(quota int) Policy { return Policy{Name: "test", Quota: quota, Window: time.Minute} }

func one(p Policy) Charge { return Charge{Policy: p, Cost: 1, Again: 1} }
