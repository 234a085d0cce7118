package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
)

// How long the name of the database is not asked for again, and how long Postgres may take for it.
const (
	identityTTL    = time.Second
	identityWithin = 200 * time.Millisecond
)

// KnownIdentity remembers the Identity of a database, which is part of every key in Redis whose value is believed in place of a
// row. While Postgres does not answer, the last known name stays.
type KnownIdentity struct {
	db      *gorm.DB
	clock   func() time.Time
	unknown string     // a name that nobody else has
	mu      sync.Mutex // held by the one that asks
	known   atomic.Pointer[datedName]
}

// NewKnownIdentity returns one that has not asked yet.
func NewKnownIdentity(db *gorm.DB, clock func() time.Time) *KnownIdentity {
	return &KnownIdentity{db: db, clock: clock, unknown: NewID().String()}
}

type datedName struct {
	name string
	at   time.Time
}

// fresh reports whether the name was asked for within the last second, by a clock that may have stepped.
func (d *datedName) fresh(now time.Time) bool { return d != nil && now.Sub(d.at).Abs() < identityTTL }

// Of returns the name, at most a second old, and while it was never known one that nobody else has.
func (i *KnownIdentity) Of(ctx context.Context) string {
	now, known := i.clock(), i.known.Load()
	if known.fresh(now) {
		return known.name
	}
	if known != nil && !i.mu.TryLock() {
		return known.name
	}
	if known == nil {
		i.mu.Lock()
	}
	defer i.mu.Unlock()
	if latest := i.known.Load(); latest.fresh(now) { // while this one waited
		return latest.name
	}
	next := datedName{name: i.unknown, at: now}
	if known != nil {
		next.name = known.name
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), identityWithin)
	defer cancel()
	if name, err := Identity(ctx, i.db); err == nil {
		next.name = name
	}
	i.known.Store(&next)
	return next.name
}
