package ratelimit

import (
	"context"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/storetest"
)

// TestRetryAfterIsHonest checks, for any limits and history, that the same request
// passes after RetryAfter and not a microsecond sooner.
func TestRetryAfterIsHonest(t *testing.T) {
	t.Parallel()
	c := newCounter(t, storetest.Redis(t))
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		subject := Subject(fmt.Sprintf("%s-%d", c.subject, round))
		charges := rapid.SliceOfN(rapid.Custom(drawCharge), 1, 3).Draw(rt, "charges")
		for i := range charges {
			charges[i].Policy.Name = fmt.Sprintf("limit-%d", i)
		}
		take := func() Verdict {
			v, err := c.limiter.Take(context.Background(), Request{Subject: subject, Charges: charges})
			require.NoError(rt, err)
			return v
		}
		v := take()
		for v.Allowed {
			c.advance(time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(rt, "pause")).Truncate(time.Microsecond))
			v = take()
		}
		require.Positive(rt, v.RetryAfter)
		c.advance(v.RetryAfter - time.Microsecond)
		require.False(rt, take().Allowed, "a microsecond too early")
		c.advance(time.Microsecond)
		require.True(rt, take().Allowed)
	})
}

func drawCharge(t *rapid.T) Charge {
	c := Charge{Policy: Policy{
		Quota:  rapid.IntRange(1, 12).Draw(t, "quota"),
		Window: time.Duration(rapid.IntRange(60, 3600).Draw(t, "window")) * time.Second,
	}, Cost: rapid.IntRange(1, 15).Draw(t, "cost")}
	if rapid.Bool().Draw(t, "lock") {
		c.Policy.Lock = time.Duration(rapid.IntRange(60, 3600).Draw(t, "shut")) * time.Second
	}
	return c
}

// The two fields are structured lists (RFC 9651) of strings with integer parameters.
var (
	policyField = regexp.MustCompile(`^"[a-z-]+";q=\d+;w=\d+(, "[a-z-]+";q=\d+;w=\d+)*$`)
	limitField  = regexp.MustCompile(`^"[a-z-]+";r=\d+;t=\d+(, "[a-z-]+";r=\d+;t=\d+)*$`)
)

func TestFields(t *testing.T) {
	t.Parallel()
	states := []State{
		{perMinute(100), 50, 30 * time.Second},
		{failing().Policy, 0, 29*time.Minute + time.Microsecond},
	}
	policy, limit := Fields(states[:1])
	require.Equal(t, `"test";q=100;w=60`, policy)
	require.Equal(t, `"test";r=50;t=30`, limit)
	policy, limit = Fields(states)
	require.Equal(t, `"test";q=100;w=60, "failures";q=5;w=900`, policy)
	require.Equal(t, `"test";r=50;t=30, "failures";r=0;t=1741`, limit)
	require.Regexp(t, policyField, policy)
	require.Regexp(t, limitField, limit)
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Subject{
		"203.0.113.7":              "address:203.0.113.7",
		"::ffff:203.0.113.7":       "address:203.0.113.7",
		"2001:db8:1:2:3:4:5:6":     "address:2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1":     "address:2001:db8:1:2::/64",
		"2001:db8:1:3::1":          "address:2001:db8:1:3::/64",
		"fe80::1%eth0":             "address:fe80::/64",
		"":                         "address:unknown",
		"203.0.113.7, 10.0.0.1":    "address:unknown",
		"{user:1}:anything at all": "address:unknown",
	} {
		require.Equal(t, want, Address(text), text)
	}
}
