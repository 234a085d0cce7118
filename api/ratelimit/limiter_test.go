package ratelimit

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBurstAndRefill(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		charge := one(perMinute(6))
		for left := 5; left >= 0; left-- {
			v := c.take(charge)
			require.True(t, v.Allowed)
			require.Equal(t, left, v.States[0].Remaining)
			require.Equal(t, time.Duration(6-left)*10*time.Second, v.States[0].Reset)
		}
		v := c.take(charge)
		require.False(t, v.Allowed)
		require.Equal(t, 10*time.Second, v.RetryAfter)
		require.Equal(t, "test", v.Limit.Name)
		require.Equal(t, v.RetryAfter, v.States[0].Reset)
		c.advance(10*time.Second - time.Microsecond)
		require.False(t, c.take(charge).Allowed, "refusals cost nothing, and a microsecond is missing")
		c.advance(time.Microsecond)
		require.True(t, c.take(charge).Allowed)
		require.False(t, c.take(charge).Allowed)
		c.advance(time.Hour)
		require.Equal(t, 5, c.take(charge).States[0].Remaining, "it never holds more than the quota")
		left := c.redis.PTTL(t.Context(), charge.key(c.subject)).Val()
		require.Positive(t, left)
		require.LessOrEqual(t, left, time.Minute)
	})
}

func TestParallelRequestsGetExactlyTheQuota(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		var passed atomic.Int32
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				v, err := c.limiter.Take(t.Context(), Request{Subject: c.subject, Charges: []Charge{one(perMinute(37))}})
				if err != nil {
					t.Error(err)
				}
				if v.Allowed {
					passed.Add(1)
				}
			})
		}
		all.Wait()
		require.Equal(t, int32(37), passed.Load())
	})
}

func TestAllLimitsAreChargedOrNone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		wide, narrow := perMinute(10), Policy{Name: "narrow", Quota: 2, Window: time.Hour}
		both := []Charge{one(wide), one(narrow)}
		c.take(both...)
		c.take(both...)
		v := c.take(both...)
		require.False(t, v.Allowed)
		require.Equal(t, narrow, v.Limit)
		require.Equal(t, 30*time.Minute, v.RetryAfter)
		require.Equal(t, 8, v.States[0].Remaining, "the wide one was not charged")
		require.Equal(t, 7, c.take(one(wide)).States[0].Remaining)
	})
}

func TestCosts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		p := perMinute(10)
		cost := func(n int) Charge { return Charge{Policy: p, Cost: n} }
		require.Equal(t, 3, c.take(cost(7)).States[0].Remaining)
		v := c.take(cost(4))
		require.False(t, v.Allowed)
		require.Equal(t, 6*time.Second, v.RetryAfter, "one unit is missing")
		require.True(t, c.take(cost(3)).Allowed)
		require.True(t, c.take(cost(0)).Allowed, "what is free passes always")
		c.advance(time.Minute)
		require.True(t, c.take(cost(1000)).Allowed, "nothing is too dear for a full bucket")
		require.Equal(t, time.Minute, c.take(cost(1000)).RetryAfter)
	})
}

func TestRepetitionsCostLess(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		dear, rare := Charge{Policy: perMinute(100), Cost: 10, Again: 1}, Charge{Policy: Policy{Name: "rare", Quota: 1, Window: time.Hour}, Cost: 1}
		again := func(id string) Verdict {
			return c.request(Request{Subject: c.subject, ID: id, Charges: []Charge{dear, rare}})
		}
		require.Equal(t, 90, again("a").States[0].Remaining)
		v := again("a")
		require.True(t, v.Allowed)
		require.Equal(t, 89, v.States[0].Remaining)
		require.False(t, again("b").Allowed)
		require.False(t, again("b").Allowed, "what was refused is no repetition")
		require.True(t, again("a").Allowed)
	})
}

func TestAClockThatWasAheadHarmsForAWindowAtMost(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		c.advance(24 * time.Hour)
		c.take(one(perMinute(1)))
		c.advance(-24 * time.Hour)
		v := c.take(one(perMinute(1)))
		require.False(t, v.Allowed)
		require.Equal(t, time.Minute, v.RetryAfter)
	})
}

func TestSubjectsAndNamesAreApart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		p := perMinute(1)
		other := Policy{Name: "other", Quota: 1, Window: time.Minute}
		require.True(t, c.take(one(p)).Allowed)
		require.False(t, c.take(one(p)).Allowed)
		require.True(t, c.take(one(other)).Allowed)
		require.True(t, c.take(Charge{Policy: p, Cost: 1, Of: "x"}).Allowed)
		c.subject += "-second"
		require.True(t, c.take(one(p)).Allowed)
	})
}
