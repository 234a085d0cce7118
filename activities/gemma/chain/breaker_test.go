package chain_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/gemma"
	"github.com/lyoapp/lyo/activities/gemma/chain"
)

func TestBreakerOpensAndCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log book
		first, second := fails("first", fault(gemma.Unavailable)), works("second")
		c := chain.New(of(first, second), chain.Options{Log: log.log()})
		for range 10 {
			by, _, err := ask(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, "second", by)
		}
		require.Equal(t, 3, first.count(), "after three failures in a row it is left alone")
		require.Equal(t, []chain.State{{Name: "first", Breaker: "open", RetryIn: 15 * time.Second}, {Name: "second", Breaker: "closed"}}, c.State())
		require.Contains(t, log.String(), "from=closed to=open")

		// Half-open, and it fails once more: another full wait.
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
		a, b := fails("a", fault(gemma.Unavailable)), fails("b", fault(gemma.Unavailable))
		c := chain.New(of(a, b), chain.Options{Failures: 1, Cooldown: 8 * time.Second})
		_, _, err := ask(t.Context(), c)
		require.Equal(t, gemma.Unavailable, gemma.KindOf(err))
		time.Sleep(3 * time.Second)
		_, usage, err := ask(t.Context(), c)
		var e *gemma.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, gemma.Unavailable, e.Kind)
		require.Equal(t, 5*time.Second, e.RetryAfter, "the caller learns when the next try makes sense")
		require.Zero(t, usage)
		require.Equal(t, []int{1, 1}, []int{a.count(), b.count()})
	})
}

func TestOneCallTriesAHalfOpenEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		first, second := fails("first", fault(gemma.Unavailable)), works("second")
		c := chain.New(of(first, second), chain.Options{Failures: 1})
		_, _, _ = ask(t.Context(), c)
		first.mu.Lock()
		first.do = func(context.Context, gemma.Beat) error { <-let; return nil }
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
		"overloaded": fault(gemma.Overloaded), "misconfigured": fault(gemma.Misconfigured),
		"bad answer": fault(gemma.BadAnswer), "unforeseen": errors.New("x"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := fails("first", err)
			c := chain.New(of(first, works("second")), chain.Options{})
			for range 50 {
				_, _, _ = ask(t.Context(), c)
			}
			require.Equal(t, 50, first.count())
			require.Equal(t, "closed", c.State()[0].Breaker)
		})
	}
}

// A refusal between failures is no sign of health: three failures still open.
func TestRefusalsDoNotHideFailures(t *testing.T) {
	t.Parallel()
	first := works("first")
	c := chain.New(of(first, works("second")), chain.Options{})
	for _, kind := range []gemma.Kind{gemma.Unavailable, gemma.Overloaded, gemma.Unavailable, gemma.Misconfigured, gemma.Unavailable} {
		first.now(fault(kind))
		_, _, _ = ask(t.Context(), c)
	}
	require.Equal(t, "open", c.State()[0].Breaker)

	// A bad answer is one: the server generated it.
	first = works("first")
	c = chain.New(of(first, works("second")), chain.Options{})
	for _, kind := range []gemma.Kind{gemma.Unavailable, gemma.Unavailable, gemma.BadAnswer, gemma.Unavailable, gemma.Unavailable} {
		first.now(fault(kind))
		_, _, _ = ask(t.Context(), c)
	}
	require.Equal(t, "closed", c.State()[0].Breaker)
}

func TestTheCallersCancelNeverCounts(t *testing.T) {
	t.Parallel()
	for name, as := range map[string]error{"as itself": nil, "as a failure": fault(gemma.Unavailable)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := does("first", func(ctx context.Context, _ gemma.Beat) error {
				<-ctx.Done()
				if as != nil {
					return as
				}
				return ctx.Err()
			})
			second := works("second")
			c := chain.New(of(first, second), chain.Options{Failures: 1})
			for range 10 {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Millisecond, cancel)
				_, _, err := ask(ctx, c)
				require.ErrorIs(t, err, context.Canceled)
				require.Empty(t, gemma.KindOf(err))
			}
			require.Equal(t, []int{10, 0}, []int{first.count(), second.count()})
			require.Equal(t, "closed", c.State()[0].Breaker)
		})
	}
}

func TestAPanicIsNotSwallowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := fails("first", fault(gemma.Unavailable))
		c := chain.New(of(first), chain.Options{Failures: 1})
		_, _, _ = ask(t.Context(), c)
		time.Sleep(15*time.Second + 1)
		first.mu.Lock()
		first.do = func(context.Context, gemma.Beat) error { panic("broken") }
		first.mu.Unlock()
		require.PanicsWithValue(t, "broken", func() { _, _, _ = ask(t.Context(), c) })
		first.now(nil)
		_, _, err := ask(t.Context(), c)
		require.NoError(t, err, "the half-open breaker does not wait for a call that is gone")
	})
}

func TestManyCallersAtOnce(t *testing.T) {
	t.Parallel()
	var log book
	first, second := works("first"), works("second")
	c := chain.New(of(first, second), chain.Options{Cooldown: time.Millisecond, Log: log.log()})
	kinds := []error{nil, fault(gemma.Unavailable), fault(gemma.Overloaded), fault(gemma.Unavailable), fault(gemma.Unavailable)}
	var wg sync.WaitGroup
	for g := range 32 {
		wg.Go(func() {
			for i := range 100 {
				first.now(kinds[(g+i)%len(kinds)])
				told := 0
				_, usage, err := c.Outline(t.Context(), gemma.OutlineRequest{}, func(n int) { told = n })
				if err != nil || usage.Endpoint == "" || told != 0 {
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
