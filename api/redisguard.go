package api

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisRest is how long Redis is left alone after a failure.
const redisRest = time.Second

// errRedisAway tells that Redis was not asked: there is none, or it failed a moment ago.
var errRedisAway = errors.New("redis is away")

// redisGuard talks to Redis briefly, and after a failure not at all for a
// moment, so that a silent server costs one wait a second and not one a request.
// A failure while others succeed is a busy moment and changes nothing for them.
type redisGuard struct {
	client redis.UniversalClient // may be nil
	clock  func() time.Time
	log    *slog.Logger
	within time.Duration

	mu        sync.Mutex
	until     time.Time // no Redis before this
	successes uint64
}

func newRedisGuard(d Deps, within time.Duration) *redisGuard {
	return &redisGuard{client: d.Redis, clock: d.Clock, log: d.Log, within: within}
}

// do runs one exchange with Redis and gives back its error. An exchange cut
// short by the caller's own context says nothing about Redis.
func (g *redisGuard) do(ctx context.Context, exchange func(context.Context) error) error {
	successes, resting := g.look()
	if g.client == nil || resting {
		return errRedisAway
	}
	bounded, cancel := context.WithTimeout(ctx, g.within)
	defer cancel()
	err := exchange(bounded)
	if err != nil && ctx.Err() != nil {
		return err
	}
	if g.note(err, successes) {
		g.log.WarnContext(ctx, "redis does not answer and is left alone for a moment", "error", err)
	}
	return err
}

func (g *redisGuard) look() (successes uint64, resting bool) {
	now := g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.successes, now.Before(g.until)
}

// note tells whether a rest begins: of many that fail together one logs.
func (g *redisGuard) note(err error, before uint64) bool {
	now := g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		g.successes++
		return false
	}
	if g.successes != before || now.Before(g.until) {
		return false
	}
	g.until = now.Add(redisRest)
	return true
}
