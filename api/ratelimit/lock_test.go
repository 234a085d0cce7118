package ratelimit

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func failing() Charge {
	return Charge{Policy: Policy{Name: "failures", Quota: 5, Window: 15 * time.Minute, Lock: 30 * time.Minute}, Cost: 1, Of: "account"}
}

func TestFailuresShutTheLock(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		for left := 4; left >= 0; left-- {
			v := c.take(failing())
			require.True(t, v.Allowed)
			require.Equal(t, left, v.States[0].Remaining)
			c.advance(time.Minute)
		}
		v := c.take(failing())
		require.False(t, v.Allowed)
		require.Equal(t, 29*time.Minute, v.RetryAfter)
		c.advance(v.RetryAfter - time.Microsecond)
		require.False(t, c.take(failing()).Allowed, "trying does not prolong it")
		c.advance(time.Microsecond)
		v = c.take(failing())
		require.True(t, v.Allowed)
		require.Equal(t, 4, v.States[0].Remaining, "afterwards all is forgotten")
	})
}

func TestFailuresGetOld(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		for range 4 {
			c.take(failing())
		}
		c.advance(15 * time.Minute)
		for range 4 {
			c.take(failing())
			c.advance(4 * time.Minute)
		}
		v := c.take(failing())
		require.True(t, v.Allowed, "the first of the five is older than the window")
		require.Equal(t, 1, v.States[0].Remaining)
		require.Equal(t, 3*time.Minute, v.States[0].Reset)
	})
}

func TestSuccessForgivesAndARefundOpens(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		var last Verdict
		for range 5 {
			last = c.take(failing())
			c.advance(time.Second)
		}
		require.False(t, c.take(failing()).Allowed)
		require.NoError(t, c.limiter.Refund(t.Context(), c.subject, failing(), last))
		v := c.take(failing())
		require.True(t, v.Allowed)
		require.Zero(t, v.States[0].Remaining)
		require.NoError(t, c.limiter.Forgive(t.Context(), c.subject, failing()))
		require.Equal(t, 4, c.take(failing()).States[0].Remaining)
	})
}

func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c *counter) {
		var guesses atomic.Int32
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				v, err := c.limiter.Take(t.Context(), Request{Subject: c.subject, Charges: []Charge{failing()}})
				if err == nil && v.Allowed {
					guesses.Add(1)
				}
			})
		}
		all.Wait()
		require.Equal(t, int32(5), guesses.Load())
	})
}
