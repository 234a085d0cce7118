package learning

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// Day is a day on which a user learned something.
type Day struct {
	UserID uuid.UUID        `gorm:"type:uuid;primaryKey"`
	Day    gamification.Day `gorm:"primaryKey;autoIncrement:false"`
}

// TableName is the table's name.
func (Day) TableName() string { return "learning_days" }

// StreakFreeze is a day that a user's streak goes over. A week has one.
type StreakFreeze struct {
	UserID  uuid.UUID        `gorm:"type:uuid;primaryKey"`
	Week    gamification.Day `gorm:"primaryKey;autoIncrement:false"` // its Monday
	Day     gamification.Day
	SpentAt time.Time
}

// Streak is how many days in a row a user has learned something.
type Streak struct {
	Current, Longest int
	Today            gamification.Day // in the user's calendar
	// Freezable is a day for which a freeze can be spent now, if there is one: yesterday
	// when only that was missed, else today when nothing was learned yet.
	Freezable *gamification.Day
}

// StreakOf returns a user's streak at a time.
func StreakOf(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time) (Streak, error) {
	db = db.WithContext(ctx)
	calendar, err := accounts.CalendarOf(db, user)
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

// SpendFreeze spends a freeze on the user's freezable day. The error is Conflict when there is none.
// A week's freeze is spent once, also by concurrent requests.
func SpendFreeze(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time, f notify.Enqueuer) (Streak, error) {
	var after Streak
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		b, err := beginLedger(tx, user, now)
		if err != nil {
			return err
		}
		before, err := StreakOf(ctx, tx, user, now)
		if err != nil {
			return err
		}
		if before.Freezable == nil {
			return store.Errorf(store.Conflict, "There is no day that a freeze could bridge, or this week's is spent.")
		}
		day := *before.Freezable
		row := StreakFreeze{UserID: user, Week: day.Week(), Day: day, SpentAt: now}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if err := b.countDays(); err != nil {
			return err
		}
		if err := b.finish(store.NewID(), f); err != nil {
			return err
		}
		after, err = StreakOf(ctx, tx, user, now)
		return err
	})
	return after, err
}

// learnedOn records a day of learning and recounts the streak when the day is new.
func (b *ledgerTx) learnedOn(day gamification.Day) error {
	made := b.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Day{UserID: b.user, Day: day})
	if made.Error != nil || made.RowsAffected == 0 {
		return made.Error
	}
	return b.countDays()
}

// countDays counts the streak from the days, as lyo admin recount does.
func (b *ledgerTx) countDays() error {
	var days []gamification.Day
	if err := b.tx.Model(&Day{}).Where("user_id = ?", b.user).Pluck("day", &days).Error; err != nil {
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
