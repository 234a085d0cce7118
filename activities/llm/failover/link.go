package failover

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/lyoapp/lyo/activities/llm"
)

// link is an endpoint with its breaker. openUntil is the time, in nanoseconds of Unix time,
// when an open breaker allows a trial call; the library does not expose it.
type link struct {
	name      string
	writer    Writer
	breaker   *gobreaker.CircuitBreaker[struct{}]
	openUntil atomic.Int64
}

func newLink(e Endpoint, o Options) *link {
	l := &link{name: e.Name, writer: e.Client}
	l.breaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:          e.Name,
		MaxRequests:   1, // while half-open
		Timeout:       o.Cooldown,
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= o.Failures },
		IsSuccessful:  func(err error) bool { return llm.KindOf(err) != llm.Unavailable },
		IsExcluded:    saysNothing,
		OnStateChange: l.changed(o.Cooldown, o.Log),
	})
	return l
}

// saysNothing reports results that prove neither health nor failure: the caller's cancel,
// and refusals, which a proxy may send for a server that is down.
func saysNothing(err error) bool {
	kind := llm.KindOf(err)
	return err != nil && kind != llm.Unavailable && kind != llm.BadAnswer
}

// changed returns a callback that runs under the breaker's lock, so it must not call the breaker.
func (l *link) changed(cooldown time.Duration, log *slog.Logger) func(string, gobreaker.State, gobreaker.State) {
	return func(name string, from, to gobreaker.State) {
		level := slog.LevelInfo
		if to == gobreaker.StateOpen {
			level = slog.LevelWarn
			l.openUntil.Store(time.Now().Add(cooldown).UnixNano())
		}
		log.Log(context.Background(), level, "model endpoint's breaker changed", "endpoint", name, "from", from.String(), "to", to.String())
	}
}

// opensIn returns how long an open breaker stays open; 0 for any other.
func (l *link) opensIn() time.Duration {
	if l.breaker.State() != gobreaker.StateOpen {
		return 0
	}
	return max(time.Until(time.Unix(0, l.openUntil.Load())), 0)
}

// State is an endpoint's health according to its breaker.
type State struct {
	Name    string
	Breaker string        // closed (called), half-open (one trial call) or open (skipped)
	RetryIn time.Duration // until an open breaker allows a trial call
}

// State returns every endpoint's state, in the chain's order.
func (c *Chain) State() []State {
	states := make([]State, len(c.links))
	for i, l := range c.links {
		states[i] = State{Name: l.name, Breaker: l.breaker.State().String(), RetryIn: l.opensIn()}
	}
	return states
}
