package api

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
)

// How long what a process knows of sessions is valid. A revocation takes effect within accessTrusted, whoever
// made it, and at once when word of it comes over Redis.
const (
	accessEvery   = 400 * time.Millisecond // between two looks at what has changed
	accessTrusted = 700 * time.Millisecond // since the last look began
	accessWithin  = 300 * time.Millisecond // for a look
	statusTTL     = time.Minute            // of one entry, whatever the looks say
	maxCached     = 10_000                 // maximum number of entries
	redisWithin   = 200 * time.Millisecond // for a call of Redis whose answer Postgres has too
)

// sessionCache reports whether sessions are still valid. Postgres has the truth. Entries are valid while this
// process knows what has changed in Postgres: every accessEvery one of the requests asks for that first, and
// drops the entries of the users it finds. When no such look has succeeded within accessTrusted, nothing is
// believed and each request asks for its session itself.
type sessionCache struct {
	db    *gorm.DB
	clock func() time.Time

	mu      sync.Mutex
	known   map[uuid.UUID]cacheEntry
	looked  time.Time // when the last look that succeeded began
	tried   time.Time // when the last look began
	looking bool
	seen    accounts.AccessChanges // by the last look that succeeded
	// drops counts the events that entries were dropped for. An answer that was on its way at one may be older
	// than it, and is not kept.
	drops uint64
}

type cacheEntry struct {
	accounts.SessionStatus
	at time.Time
}

// fresh reports whether the entry is valid, by a clock that may have stepped since.
func (e cacheEntry) fresh(now time.Time) bool {
	return now.Sub(e.at).Abs() < statusTTL && (e.State == accounts.SessionEnded || now.Before(e.ExpiresAt))
}

func newSessionCache(d Deps) *sessionCache {
	return &sessionCache{db: d.DB, clock: d.Clock, known: map[uuid.UUID]cacheEntry{}}
}

// of returns the session's current state for the user named in the token: ended when it belongs to another.
func (c *sessionCache) of(ctx context.Context, session, user uuid.UUID) (accounts.SessionState, error) {
	now := c.clock()
	c.look(ctx, now)
	e, ok, drops := c.recall(session, now)
	if !ok {
		status, err := accounts.FindSessionStatus(ctx, c.db, session, now)
		if err != nil {
			return accounts.SessionEnded, err
		}
		e = cacheEntry{status, now}
		c.remember(session, e, drops)
	}
	if e.UserID != user {
		return accounts.SessionEnded, nil
	}
	return e.State, nil
}

// look drops what has changed in Postgres, unless it was done a moment ago or another request is at it. A
// failure is no error: entries are just not believed for long.
func (c *sessionCache) look(ctx context.Context, now time.Time) {
	c.mu.Lock()
	due := !c.looking && now.Sub(c.tried).Abs() >= accessEvery
	since := c.seen
	if due {
		c.looking, c.tried = true, now
	}
	c.mu.Unlock()
	if !due {
		return
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), accessWithin)
	defer cancel()
	changes, err := accounts.ReadAccessChanges(bounded, c.db, since.Snapshot)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looking = false
	if err == nil {
		c.apply(changes)
		c.looked = now
	}
}

// apply drops the entries of users with changes, and all when anybody may be meant or the database is another.
// The mutex is locked.
func (c *sessionCache) apply(changes accounts.AccessChanges) {
	all := changes.All || changes.Database != c.seen.Database
	if all || len(changes.Users) > 0 {
		c.drops++
		maps.DeleteFunc(c.known, func(_ uuid.UUID, e cacheEntry) bool { return all || slices.Contains(changes.Users, e.UserID) })
	}
	c.seen = changes
}

// ended drops a session that has ended in Postgres.
func (c *sessionCache) ended(session uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, session)
	c.drops++
}

// recall returns what is known of a session, and the number of drops so far.
func (c *sessionCache) recall(session uuid.UUID, now time.Time) (e cacheEntry, ok bool, drops uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok = c.known[session]
	return e, ok && e.fresh(now) && now.Sub(c.looked).Abs() < accessTrusted, c.drops
}

// remember keeps an answer of Postgres that was asked for after so many drops, in place of any other when there
// are too many.
func (c *sessionCache) remember(session uuid.UUID, e cacheEntry, drops uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if drops != c.drops {
		return
	}
	if len(c.known) >= maxCached {
		for other := range c.known {
			delete(c.known, other)
			break
		}
	}
	c.known[session] = e
}
