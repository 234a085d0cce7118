package api

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/circuitbreaker"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// How long a cached session state is valid. localTTL and redisWithin together stay below the second
// within which a revocation must take effect, as long as the revoking process reaches Redis. When it
// does not, redisTTL is the bound.
const (
	localTTL    = 500 * time.Millisecond // in this process
	redisTTL    = 10 * time.Second       // a stamp "live" in Redis, overwritten by a revocation
	redisWithin = 200 * time.Millisecond
	maxCached   = 10_000 // maximum number of local entries
)

// sessionCache reports whether sessions are still valid. Postgres has the truth. Redis shares
// revocations between processes, and a short local cache saves calls to both. Whenever an entry is
// missing or a call fails, Postgres is asked.
type sessionCache struct {
	db       *gorm.DB
	redis    *circuitbreaker.Guard
	clock    func() time.Time
	database *store.KnownIdentity
	stamp    time.Duration // life of a revocation's stamp: that of an access token

	mu    sync.Mutex
	known map[uuid.UUID]cacheEntry
}

type cacheEntry struct {
	owner uuid.UUID
	state accounts.SessionState
	at    time.Time
}

// fresh reports whether the entry is valid, by a clock that may have stepped since.
func (e cacheEntry) fresh(now time.Time) bool { return now.Sub(e.at).Abs() < localTTL }

// of returns the session's state for a user: ended when it belongs to another user.
func (e cacheEntry) of(user uuid.UUID) accounts.SessionState {
	if e.owner != user {
		return accounts.SessionEnded
	}
	return e.state
}

func newSessionCache(d Deps, database *store.KnownIdentity) *sessionCache {
	return &sessionCache{
		db: d.DB, redis: guarded(d, redisWithin), clock: d.Clock, database: database,
		stamp: d.Config.Auth.AccessFor + time.Minute, known: map[uuid.UUID]cacheEntry{},
	}
}

// stampKey names the database, since a copy has sessions of the same ids.
func (c *sessionCache) stampKey(ctx context.Context, session uuid.UUID) string {
	return "lyo:session:" + c.database.Of(ctx) + ":" + session.String()
}

// of returns the session's current state for the user named in the token.
func (c *sessionCache) of(ctx context.Context, session, user uuid.UUID) (accounts.SessionState, error) {
	now := c.clock()
	if e, ok := c.recall(session, now); ok {
		return e.of(user), nil
	}
	if stamped, ok := c.ask(ctx, session); ok {
		c.remember(session, stamped, now)
		return stamped.of(user), nil
	}
	owner, state, err := accounts.FindSessionState(ctx, c.db, session, now)
	if err != nil {
		return accounts.SessionEnded, err
	}
	e := cacheEntry{owner: owner, state: state}
	c.remember(session, e, now)
	if state == accounts.SessionLive {
		key := c.stampKey(ctx, session)
		// Only where there is no value: a concurrent revocation stays.
		_ = c.redis.Do(ctx, func(ctx context.Context) error {
			return c.redis.Client.SetNX(ctx, key, liveStamp+owner.String(), redisTTL).Err()
		})
	}
	return e.of(user), nil
}

// liveStamp is the prefix of an open session's value. The owner follows it.
const liveStamp = string(accounts.SessionLive) + " "

// ended caches and publishes a revocation that Postgres has.
func (c *sessionCache) ended(ctx context.Context, session uuid.UUID) {
	now := c.clock()
	c.remember(session, cacheEntry{state: accounts.SessionEnded}, now)
	key := c.stampKey(ctx, session)
	_ = c.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return c.redis.Client.Set(ctx, key, string(accounts.SessionEnded), c.stamp).Err()
	})
}

func (c *sessionCache) ask(ctx context.Context, session uuid.UUID) (found cacheEntry, ok bool) {
	key := c.stampKey(ctx, session)
	_ = c.redis.Do(ctx, func(ctx context.Context) error {
		value, err := c.redis.Client.Get(ctx, key).Result()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		if err != nil {
			return err
		}
		if owner, live := strings.CutPrefix(value, liveStamp); live {
			found.state = accounts.SessionLive
			found.owner, err = uuid.Parse(owner)
			ok = err == nil
			return nil // a stamp that cannot be read is as good as none
		}
		found.state, ok = accounts.SessionEnded, value == string(accounts.SessionEnded)
		return nil
	})
	return found, ok
}

func (c *sessionCache) recall(session uuid.UUID, now time.Time) (cacheEntry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.known[session]
	return e, ok && e.fresh(now)
}

func (c *sessionCache) remember(session uuid.UUID, e cacheEntry, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxCached {
		clear(c.known)
	}
	if old, ok := c.known[session]; ok && old.state == accounts.SessionEnded && old.fresh(now) {
		return // an answer that was on its way before the end does not bring it back
	}
	e.at = now
	c.known[session] = e
}
