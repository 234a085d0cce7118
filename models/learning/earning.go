package learning

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// Earning is the points of a rule that a user may get for a source. What it is decided by is read, and what follows is
// written, in the round trips in which the event itself reads and writes.
type Earning struct {
	ledger *ledgerTx
	own    gain
	at     time.Time
}

// NewEarning returns the earning of an event in its transaction.
func NewEarning(tx *gorm.DB, user uuid.UUID, rule gamification.Rule, source string, at time.Time) *Earning {
	return &Earning{newLedger(tx, user), gain{rule, source}, at}
}

// Queue adds to a batch, to be sent before Earn, what is read. The user's totals stay locked until the transaction ends.
func (e *Earning) Queue(batch *pgx.Batch) { e.ledger.queue(batch, e.at, gainsOn(e.at, e.own)) }

// Earn gives the points, sends what else is written with them, and enqueues the unlocking of what the user has reached
// by these points and by the facts that the event has raised. The same rule and source again earns nothing. Some rules
// have a daily limit. The first event of a day earns a bonus.
func (e *Earning) Earn(others *pgx.Batch, f notify.Enqueuer, raised ...gamification.Fact) error {
	b := e.ledger
	if err := b.open(e.at, gainsOn(e.at, e.own)); err != nil {
		return err
	}
	made, err := b.earn(e.own.rule, e.own.source, gamification.PointsFor(e.own.rule), e.at, nil)
	if err != nil {
		return err
	}
	if made == nil {
		return store.Batch(b.tx, others)
	}
	if err := b.firstOfDay(e.at); err != nil {
		return err
	}
	b.changes.QueuedQueries = others.QueuedQueries
	return b.finish(made.ID, f, raised...)
}

// Earn is an Earning of an event that reads and writes by itself.
func Earn(
	tx *gorm.DB, user uuid.UUID, rule gamification.Rule, source string, at time.Time, f notify.Enqueuer, raised ...gamification.Fact,
) error {
	e, batch := NewEarning(tx, user, rule, source, at), &pgx.Batch{}
	e.Queue(batch)
	if err := store.Batch(tx, batch); err != nil {
		return err
	}
	return e.Earn(&pgx.Batch{}, f, raised...)
}
