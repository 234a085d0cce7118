// Package circuitbreaker keeps an unreachable or unresponsive Redis from slowing requests down.
package circuitbreaker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrAway reports that Redis was not called: none is configured, or a call failed within the last Rest.
var ErrAway = errors.New("redis is away")

// Guard bounds each call to Redis. After a failure it lets one caller try each Rest,
// so an unresponsive server costs the process one timeout per Rest, not one per
// request. A failure while other calls succeed changes nothing.
type Guard struct {
	Client redis.UniversalClient // nil: always away
	Clock  func() time.Time
	Log    *slog.Logger
	Within time.Duration // of one call
	Rest   time.Duration

	mu        sync.Mutex
	tried     time.Time // the last attempt that failed or is under way; zero while Redis works
	successes uint64
}

// Do runs one call to Redis, bounded by Within, and returns its error. A call cut
// short by the caller's own context says nothing about Redis.
func (g *Guard) Do(ctx context.Context, exchange func(context.Context) error) error {
	successes, ok := g.enter()
	if !ok {
		return ErrAway
	}
	bounded, cancel := context.WithTimeout(ctx, g.Within)
	defer cancel()
	err := exchange(bounded)
	if err == nil || ctx.Err() == nil {
		g.note(ctx, err, successes)
	}
	return err
}

func (g *Guard) enter() (successes uint64, ok bool) {
	if g.Client == nil {
		return 0, false
	}
	now := g.Clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.tried.IsZero() {
		if now.Sub(g.tried).Abs() < g.Rest { // by a clock that may have stepped back
			return 0, false
		}
		g.tried = now // this caller tries, the others wait for its result
	}
	return g.successes, true
}

func (g *Guard) note(ctx context.Context, err error, before uint64) {
	now := g.Clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	away := !g.tried.IsZero()
	switch {
	case err == nil:
		g.successes++
		g.tried = time.Time{}
		if away {
			g.Log.InfoContext(ctx, "redis is back")
		}
	case away || g.successes == before:
		g.tried = now
		if !away {
			g.Log.WarnContext(ctx, "redis does not answer and is left alone for a moment", "error", err)
		}
	}
}
