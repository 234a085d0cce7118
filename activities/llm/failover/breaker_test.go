package failover_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/failover"
)

func TestBreakerOpensAndCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		first, second := fails("first", fault(llm.Unavailable)), works("second")
		c := failover.New(of(first, second), failover.Options{Log: log.log()})
		for range 10 {
			by, _, err := ask(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, "second", by)
		}
		require.Equal(t, 3, first.count(), "after three failures in a row it is left alone")
		require.Equal(t, []failover.State{{Name: "first", Breaker: "open", RetryIn: 15 * time.Second}, {Name: "second", Breaker: "closed"}}, c.State())
		require.Contains(t, log.String(), "from=closed to=open")

		// Half-open, and it fails again: another full wait.
		time.Sleep(15*time.Second + 1)
		require.Equal(t, "half-open", c.State()[0].Breaker)
		for range 5 {
			_, _, err := ask(t.Context(), c)
			require.NoError(t, err)
		}
		require.Equal(t, 4, first.count())
		require.Equal(t, 15*time.Second, c.State()[0].RetryIn)

		first.now(nil)
		time.Sleep(15*time.Second + 1)
		for range 5 {
			by, _, err := ask(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, "first", by)
		}
		require.Equal(t, "closed", c.State()[0].Breaker)
		require.Contains(t, log.String(), "from=half-open to=closed")
	})
}

func TestWhenAllArePassedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := fails("a", fault(llm.Unavailable)), fails("b", fault(llm.Unavailable))
		c := failover.New(of(a, b), failover.Options{Failures: 1, Cooldown: 8 * time.Second})
		_, _, err := ask(t.Context(), c)
		require.Equal(t, llm.Unavailable, llm.KindOf(err))
		time.Sleep(3 * time.Second)
		_, usage, err := ask(t.Context(), c)
		var e *llm.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, llm.Unavailable, e.Kind)
		require.Equal(t, 5*time.Second, e.RetryAfter, "the caller learns when the next try makes sense")
		require.Zero(t, usage)
		require.Equal(t, []int{1, 1}, []int{a.count(), b.count()})
	})
}

func TestOneCallTriesAHalfOpenEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		first, second := fails("first", fault(llm.Unavailable)), works("second")
		c := failover.New(of(first, second), failover.Options{Failures: 1})
		_, _, _ = ask(t.Context(), c)
		first.mu.Lock()
		first.do = func(context.Context, *llm.Session) error { <-let; return nil }
		first.mu.Unlock()
		time.Sleep(15*time.Second + 1)
		var wg sync.WaitGroup
		wg.Go(func() {
			by, _, err := ask(t.Context(), c)
			if by != "first" || err != nil {
				t.Errorf("the trying call: %v by %q", err, by)
			}
		})
		synctest.Wait()
		for range 5 {
			by, _, err := ask(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, "second", by)
		}
		close(let)
		wg.Wait()
		require.Equal(t, 2, first.count())
		require.Equal(t, "closed", c.State()[0].Breaker)
	})
}

func TestWhatNeverOpensABreaker(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"overloaded": fault(llm.Overloaded), "misconfigured": fault(llm.Misconfigured),
		"bad answer": fault(llm.BadAnswer), "unforeseen": errors.New("x"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := fails("first", err)
			c := failover.New(of(first, works("second")), failover.Options{})
			for range 50 {
				_, _, _ = ask(t.Context(), c)
			}
			require.Equal(t, 50, first.count())
			require.Equal(t, "closed", c.State()[0].Breaker)
		})
	}
}

// TestRefusalsDoNotHideFailures checks that a refusal between failures is no sign of health: three still open.
func TestRefusalsDoNotHideFailures(t *testing.T) {
	t.Parallel()
	first := works("first")
	c := failover.New(of(first, works("second")), failover.Options{})
	for _, kind := range []llm.Kind{llm.Unavailable, llm.Overloaded, llm.Unavailable, llm.Misconfigured, llm.Unavailable} {
		first.now(fault(kind))
		_, _, _ = ask(t.Context(), c)
	}
	require.Equal(t, "open", c.State()[0].Breaker)

	// A bad answer is one: the server generated it.
	first = works("first")
	c = failover.New(of(first, works("second")), failover.Options{})
	for _, kind := range []llm.Kind{llm.Unavailable, llm.Unavailable, llm.BadAnswer, llm.Unavailable, llm.Unavailable} {
		first.now(fault(kind))
		_, _, _ = ask(t.Context(), c)
	}
	require.Equal(t, "closed", c.State()[0].Breaker)
}

func TestTheCallersCancelNeverCounts(t *testing.T) {
	t.Parallel()
	for name, as := range map[string]error{"as itself": nil, "as a failure": fault(llm.Unavailable)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := does("first", func(ctx context.Context, _ *llm.Session) error {
				<-ctx.Done()
				if as != nil {
					return as
				}
				return ctx.Err()
			})
			second := works("second")
			c := failover.New(of(first, second), failover.Options{Failures: 1})
			for range 10 {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Millisecond, cancel)
				_, _, err := ask(ctx, c)
				require.ErrorIs(t, err, context.Canceled)
				require.Empty(t, llm.KindOf(err))
			}
			require.Equal(t, []int{10, 0}, []int{first.count(), second.count()})
			require.Equal(t, "closed", c.State()[0].Breaker)
		})
	}
}

func TestAPanicIsNotSwallowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := fails("first", fault(llm.Unavailable))
		c := failover.New(of(first), failover.Options{Failures: 1})
		_, _, _ = ask(t.Context(), c)
		time.Sleep(15*time.Second + 1)
		first.mu.Lock()
		first.do = func(context.Context, *llm.Session) error { panic("broken") }
		first.mu.Unlock()
		require.PanicsWithValue(t, "broken", func() { _, _, _ = ask(t.Context(), c) })
		first.now(nil)
		_, _, err := ask(t.Context(), c)
		require.NoError(t, err, "the half-open breaker does not wait for a call that is gone")
	})
}

func TestManyCallersAtOnce(t *testing.T) {
	t.Parallel()
	var log logBuffer
	first, second := works("first"), works("second")
	c := failover.New(of(first, second), failover.Options{Cooldown: time.Millisecond, Log: log.log()})
	kinds := []error{nil, fault(llm.Unavailable), fault(llm.Overloaded), fault(llm.Unavailable), fault(llm.Unavailable)}
	var wg sync.WaitGroup
	for g := range 32 {
		wg.Go(func() {
			for i := range 100 {
				first.now(kinds[(g+i)%len(kinds)])
				reported := 0
				_, usage, err := c.Outline(t.Context(), llm.OutlineRequest{}, &llm.Session{Heartbeat: func(n int) { reported = n }})
				if err != nil || usage.Endpoint == "" || reported != 0 {
					t.Errorf("call %d.%d: %v by %q", g, i, err, usage.Endpoint)
				}
				_ = c.State()
			}
		})
	}
	wg.Wait()
	require.GreaterOrEqual(t, first.count()+second.count(), 3200)
	require.Less(t, first.count(), 3200, "an open breaker kept some away")
	require.Contains(t, log.String(), "to=open")
}
