package models

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/gamification"
)

// ZoneOf is a time zone by its name. One that is not known any more counts as UTC.
func ZoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// calendarOf is the calendar of a user, by the zones they have lived in.
func calendarOf(tx *gorm.DB, user uuid.UUID) (gamification.Calendar, error) {
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

// moveZone keeps where a user's clock stood before, if it has been moved.
func moveZone(tx *gorm.DB, before, after User, now time.Time) error {
	if before.Timezone == after.Timezone {
		return nil
	}
	return tx.Create(&ZoneMove{UserID: after.ID, At: now, Before: before.Timezone, After: after.Timezone}).Error
}

// Streak is how many days in a row a user has learned something.
type Streak struct {
	Current, Longest int
	Today            gamification.Day // in the user's calendar
	// Freezable is a day for which a freeze can be spent now, if there is one: yesterday
	// when only that was missed, else today when nothing was learned yet.
	Freezable *gamification.Day
}

// StreakOf is a user's streak at a time.
func StreakOf(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time) (Streak, error) {
	db = db.WithContext(ctx)
	calendar, err := calendarOf(db, user)
	if err != nil {
		return Streak{}, err
	}
	var totals []Total
	if err := db.Find(&totals, "user_id = ?", user).Error; err != nil {
		return Streak{}, err
	}
	s := Streak{Today: calendar.Day(now)}
	if len(totals) == 0 || totals[0].LastDay == nil {
		return s, nil
	}
	freezes, err := freezesOf(db, user)
	if err != nil {
		return s, err
	}
	t, last := totals[0], *totals[0].LastDay
	bridge := gamification.Bridges(freezes, calendar.Skipped)
	s.Current, s.Longest = gamification.Still(t.Streak, last, s.Today, bridge), t.LongestStreak
	for _, day := range []gamification.Day{s.Today - 1, s.Today} {
		spent := slices.ContainsFunc(freezes, func(f gamification.Day) bool { return f.Week() == day.Week() })
		helps := gamification.Still(t.Streak, last, day, bridge) > 0 && last < day
		if helps && !spent && !bridge(day) {
			s.Freezable = &day
			break
		}
	}
	return s, nil
}

func freezesOf(tx *gorm.DB, user uuid.UUID) (days []gamification.Day, err error) {
	err = tx.Model(&StreakFreeze{}).Where("user_id = ?", user).Pluck("day", &days).Error
	return days, err
}

// SpendFreeze has a user's streak go over the day for which one can be spent. With none
// it is a Conflict. A week's freeze is spent once, however many ask at a time.
func SpendFreeze(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time) (Streak, error) {
	var after Streak
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		b, err := openBook(tx, user, now)
		if err != nil {
			return err
		}
		before, err := StreakOf(ctx, tx, user, now)
		if err != nil {
			return err
		}
		if before.Freezable == nil {
			return Errorf(Conflict, "There is no day that a freeze could bridge, or this week's is spent.")
		}
		day := *before.Freezable
		row := StreakFreeze{UserID: user, Week: day.Week(), Day: day, SpentAt: now}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if err := b.countDays(); err != nil {
			return err
		}
		if err := b.close(); err != nil {
			return err
		}
		after, err = StreakOf(ctx, tx, user, now)
		return err
	})
	return after, err
}

// learnedOn notes a day of learning and counts the streak anew when it is a new one.
func (b *book) learnedOn(day gamification.Day) error {
	made := b.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&LearningDay{UserID: b.user, Day: day})
	if made.Error != nil || made.RowsAffected == 0 {
		return made.Error
	}
	return b.countDays()
}

// countDays counts the streak from the days, as lyo admin recount does.
func (b *book) countDays() error {
	var days []gamification.Day
	if err := b.tx.Model(&LearningDay{}).Where("user_id = ?", b.user).Pluck("day", &days).Error; err != nil {
		return err
	}
	freezes, err := freezesOf(b.tx, b.user)
	if err != nil {
		return err
	}
	b.total.Streak, b.total.LongestStreak, b.total.LastDay = rowOf(days, freezes, b.calendar)
	b.changed = true
	return nil
}

func rowOf(days, freezes []gamification.Day, calendar gamification.Calendar) (streak, longest int, last *gamification.Day) {
	if len(days) == 0 {
		return 0, 0, nil
	}
	run, longest, end := gamification.Row(days, slices.Max(days), gamification.Bridges(freezes, calendar.Skipped))
	return run, longest, &end
}
