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
	db    *gorm.DB
	clock func() time.Time
	mu    sync.Mutex // held by the one that asks
	known atomic.Pointer[datedName]
}

// NewKnownIdentity returns one that has not asked yet.
func NewKnownIdentity(db *gorm.DB, clock func() time.Time) *KnownIdentity {
	return &KnownIdentity{db: db, clock: clock}
}

type datedName struct {
	name  string
	until time.Time
}

// Of returns the name, at most a second old, and "" while it was never known.
func (i *KnownIdentity) Of(ctx context.Context) string {
	now, known := i.clock(), i.known.Load()
	if known != nil && now.Before(known.until) {
		return known.name
	}
	if known != nil && !i.mu.TryLock() {
		return known.name
	}
	if known == nil {
		i.mu.Lock()
	}
	defer i.mu.Unlock()
	if latest := i.known.Load(); latest != nil && now.Before(latest.until) { // while this one waited
		return latest.name
	}
	next := datedName{until: now.Add(identityTTL)}
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
