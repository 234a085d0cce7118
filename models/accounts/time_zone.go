package accounts

import (
	"database/sql"
	"encoding/json"
	"errors"
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

// CalendarSQL is an expression for what ParseCalendar takes, of the row of users u.
const CalendarSQL = `json_build_object('zone', u.timezone, 'moves',
	(SELECT json_agg(json_build_object('at', m.at, 'before', m.before, 'after', m.after) ORDER BY m.at, m.id) FROM zone_moves m WHERE m.user_id = u.id))`

// ParseCalendar returns a user's calendar from what CalendarSQL finds: the zones they have lived in.
func ParseCalendar(found []byte) (gamification.Calendar, error) {
	var c struct {
		Zone  string
		Moves []struct {
			At            time.Time
			Before, After string
		}
	}
	if err := json.Unmarshal(found, &c); err != nil {
		return gamification.Calendar{}, err
	}
	moves := make([]gamification.Move, len(c.Moves))
	for i, m := range c.Moves {
		moves[i] = gamification.Move{At: m.At, Before: ZoneOf(m.Before), After: ZoneOf(m.After)}
	}
	return gamification.NewCalendar(ZoneOf(c.Zone), moves), nil
}

// CalendarOf returns the calendar of a user; of nobody it is that of UTC.
func CalendarOf(tx *gorm.DB, user uuid.UUID) (gamification.Calendar, error) {
	var found []byte
	err := tx.Raw("SELECT "+CalendarSQL+" FROM users u WHERE u.id = ?", user).Row().Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return gamification.NewCalendar(time.UTC, nil), nil
	}
	if err != nil {
		return gamification.Calendar{}, err
	}
	return ParseCalendar(found)
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
