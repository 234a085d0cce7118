package accounts

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
)

// ZoneOf returns a time zone by its name. An unknown one counts as UTC.
func ZoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// CalendarOf returns the calendar of a user, by the zones they have lived in.
func CalendarOf(tx *gorm.DB, user uuid.UUID) (gamification.Calendar, error) {
	var rows []struct {
		Timezone      string
		At            *time.Time
		Before, After *string
	}
	err := tx.Raw(`SELECT u.timezone, m.at, m.before, m.after FROM users u LEFT JOIN zone_moves m ON m.user_id = u.id
		WHERE u.id = ? ORDER BY m.at, m.id`, user).Scan(&rows).Error
	if err != nil {
		return gamification.Calendar{}, err
	}
	zone, moves := time.UTC, []gamification.Move{}
	for _, r := range rows {
		zone = ZoneOf(r.Timezone)
		if r.At != nil {
			moves = append(moves, gamification.Move{At: *r.At, Before: ZoneOf(*r.Before), After: ZoneOf(*r.After)})
		}
	}
	return gamification.NewCalendar(zone, moves), nil
}

// moveZone records a user's previous time zone, if it has changed.
func moveZone(tx *gorm.DB, before, after User, now time.Time) error {
	if before.Timezone == after.Timezone {
		return nil
	}
	return tx.Create(&ZoneMove{UserID: after.ID, At: now, Before: before.Timezone, After: after.Timezone}).Error
}

// ZoneMove is a user's change of time zone.
type ZoneMove struct {
	ID     int64     `gorm:"primaryKey;->"`
	UserID uuid.UUID `gorm:"type:uuid"`
	At     time.Time
	Before string
	After  string
}
