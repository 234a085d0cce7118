package store

import (
	"context"
	"database/sql"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
)

// WakeChannel is the channel of Postgres on which relays hear of new messages in the outbox.
const WakeChannel = "lyo_outbox"

// wakeWithin is how long a process waits before it wakes the relays, so that many messages cost one notice. Commits
// that carry a notice go one after the other in the whole server, so transactions have none of their own.
const wakeWithin = 50 * time.Millisecond

// wake wakes the relays for the messages of a pool. A notice may be lost, or come before its message is committed:
// relays look by themselves every second.
type wake struct {
	pool  *sql.DB
	armed atomic.Bool
}

// Name and Initialize make it a plugin of GORM, which transactions of the pool know.
func (w *wake) Name() string { return "lyo:wake" }

// Initialize keeps the pool.
func (w *wake) Initialize(db *gorm.DB) (err error) {
	w.pool, err = db.DB()
	return err
}

func (w *wake) soon() {
	if w.armed.CompareAndSwap(false, true) {
		time.AfterFunc(wakeWithin, w.now)
	}
}

func (w *wake) now() {
	w.armed.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, _ = w.pool.ExecContext(ctx, "NOTIFY "+WakeChannel) // what is lost here the relays find by themselves
}

// WakeRelays has the relays look at the outbox soon. Enqueue calls it.
func WakeRelays(db *gorm.DB) {
	if w, ok := db.Plugins[(&wake{}).Name()].(*wake); ok {
		w.soon()
	}
}
