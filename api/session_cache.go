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
	db    *gorm.DB
	redis *circuitbreaker.Guard
	clock func() time.Time
	stamp time.Duration // life of a revocation's stamp: that of an access token

	mu    sync.Mutex
	known map[uuid.UUID]cacheEntry
}

type cacheEntry struct {
	owner    uuid.UUID
	standing accounts.SessionState
	until    time.Time
}

// of returns the session's state for a user: ended when it belongs to another user.
func (b cacheEntry) of(user uuid.UUID) accounts.SessionState {
	if b.owner != user {
		return accounts.SessionEnded
	}
	return b.standing
}

func newSessionCache(d Deps) *sessionCache {
	return &sessionCache{
		db: d.DB, redis: guarded(d, redisWithin), clock: d.Clock,
		stamp: d.Config.Auth.AccessFor + time.Minute, known: map[uuid.UUID]cacheEntry{},
	}
}

func stampKey(session uuid.UUID) string { return "lyo:session:" + session.String() }

// of returns the session's current state for the user named in the token.
func (st *sessionCache) of(ctx context.Context, session, user uuid.UUID) (accounts.SessionState, error) {
	now := st.clock()
	if b, ok := st.recall(session, now); ok {
		return b.of(user), nil
	}
	if stamped, ok := st.ask(ctx, session); ok {
		st.remember(session, stamped, now)
		return stamped.of(user), nil
	}
	owner, standing, err := accounts.FindSessionState(ctx, st.db, session, now)
	if err != nil {
		return accounts.SessionEnded, err
	}
	b := cacheEntry{owner: owner, standing: standing}
	st.remember(session, b, now)
	if standing == accounts.SessionLive {
		// Only where there is no value: a concurrent revocation stays.
		_ = st.redis.Do(ctx, func(ctx context.Context) error {
			return st.redis.Client.SetNX(ctx, stampKey(session), liveStamp+owner.String(), redisTTL).Err()
		})
	}
	return b.of(user), nil
}

// liveStamp is the prefix of an open session's value. The owner follows it.
const liveStamp = string(accounts.SessionLive) + " "

// ended caches and publishes a revocation that Postgres has.
func (st *sessionCache) ended(ctx context.Context, session uuid.UUID) {
	now := st.clock()
	st.remember(session, cacheEntry{standing: accounts.SessionEnded}, now)
	_ = st.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return st.redis.Client.Set(ctx, stampKey(session), string(accounts.SessionEnded), st.stamp).Err()
	})
}

func (st *sessionCache) ask(ctx context.Context, session uuid.UUID) (found cacheEntry, ok bool) {
	_ = st.redis.Do(ctx, func(ctx context.Context) error {
		value, err := st.redis.Client.Get(ctx, stampKey(session)).Result()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		if err != nil {
			return err
		}
		if owner, live := strings.CutPrefix(value, liveStamp); live {
			found.standing = accounts.SessionLive
			found.owner, err = uuid.Parse(owner)
			ok = err == nil
			return nil // a stamp that cannot be read is as good as none
		}
		found.standing, ok = accounts.SessionEnded, value == string(accounts.SessionEnded)
		return nil
	})
	return found, ok
}

func (st *sessionCache) recall(session uuid.UUID, now time.Time) (cacheEntry, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	b, ok := st.known[session]
	return b, ok && now.Before(b.until)
}

func (st *sessionCache) remember(session uuid.UUID, b cacheEntry, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.known) >= maxCached {
		clear(st.known)
	}
	if old, ok := st.known[session]; ok && old.standing == accounts.SessionEnded && now.Before(old.until) {
		return // an answer that was on its way before the end does not bring it back
	}
	b.until = now.Add(localTTL)
	st.known[session] = b
}
