package models

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/game"
)

// LedgerEntry is points a user got by a rule for a source. It never changes.
type LedgerEntry struct {
	ID     uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID uuid.UUID `gorm:"type:uuid"`
	Rule   game.Rule
	Source string // what for: the same one counts once
	Points int
	At     time.Time
}

// TableName is singular: there is one ledger.
func (LedgerEntry) TableName() string { return "ledger" }

// Total is what a user's part of the ledger adds up to.
type Total struct {
	UserID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	Points    int64
	UpdatedAt time.Time // when the points were reached
}

// Earn gives a user the points of a rule for a source, in the transaction of the deed,
// and promises to look at their achievements. The same rule and source again earns
// nothing. It tells the total after that.
func Earn(tx *gorm.DB, user uuid.UUID, rule game.Rule, source string, at time.Time, f Followups) (Total, error) {
	total := Total{UserID: user, UpdatedAt: at}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&total).Error; err != nil {
		return total, err
	}
	// The row is the lock under which a user's points are counted.
	if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).First(&total, "user_id = ?", user).Error; err != nil {
		return total, err
	}
	entry := LedgerEntry{ID: NewID(), UserID: user, Rule: rule, Source: source, Points: game.PointsFor(rule), At: at}
	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&entry)
	if made.Error != nil || made.RowsAffected == 0 {
		return total, made.Error
	}
	total.Points, total.UpdatedAt = total.Points+int64(entry.Points), at
	if err := tx.Save(&total).Error; err != nil {
		return total, err
	}
	return total, f.unlock(tx, user, entry.ID)
}
