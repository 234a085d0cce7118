package learning

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// Award is points that an administrator gives.
type Award struct {
	AdminID uuid.UUID
	UserID  uuid.UUID
	Points  int
	Reason  string
	At      time.Time
	Key     IdempotencyKey
	Entry   store.AuditEntry
}

// Awarded is the result of an award.
type Awarded struct {
	OldPoints int64  `json:"old_points"`
	NewPoints int64  `json:"new_points"`
	LevelUp   bool   `json:"level_up"`
	NewLevel  int    `json:"new_level"`
	Source    string `json:"source"`
}

// AwardPoints gives a user points, with an entry in the audit log, and enqueues the
// unlocking of what they have reached by them. A request with a key gives them once: a repeated one returns
// the first result.
func AwardPoints(ctx context.Context, db *gorm.DB, a Award, f notify.Enqueuer) (result Awarded, replayed bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		replayed, err = once(tx, a.AdminID, a.Key, a.At, &result, func() error {
			result, err = a.give(tx, f)
			return err
		})
		return err
	})
	return result, replayed, err
}

func (a Award) give(tx *gorm.DB, f notify.Enqueuer) (Awarded, error) {
	g := gain{gamification.RuleAward, store.NewID().String()}
	var known []gain
	if a.Key.Value != "" { // for ever, whatever becomes of the note of the request
		g.source = store.DerivedID(awardSpace, a.AdminID.String(), a.Key.Value).String()
		known = append(known, g)
	}
	b, err := beginLedger(tx, a.UserID, a.At, known...)
	if err == nil && !b.active {
		err = store.Missing("user", a.UserID)
	}
	if err != nil {
		return Awarded{}, err
	}
	if len(known) == 0 {
		b.given[g] = false // nobody else has this source
	}
	before := b.total
	entry, err := b.earn(g.rule, g.source, a.Points, a.At, &a.Reason)
	if err != nil {
		return Awarded{}, err
	}
	result := Awarded{
		OldPoints: before.Points, NewPoints: b.total.Points, NewLevel: b.total.Level, Source: g.source,
		LevelUp: b.total.Level > gamification.Level(before.Points),
	}
	if entry == nil {
		return result, nil
	}
	a.Entry.Details = map[string]any{"points": a.Points, "reason": a.Reason}
	a.Entry.Queue(&b.changes)
	return result, b.finish(entry.ID, f)
}

var awardSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d14")
