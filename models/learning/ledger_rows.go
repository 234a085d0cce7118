package learning

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/store"
)

// gain is what a user gets points for, once: a rule and a source.
type gain struct {
	rule   gamification.Rule
	source string
}

// ruleDay is a rule on a day.
type ruleDay struct {
	rule gamification.Rule
	day  gamification.Day
}

// gainsOn returns the gains of an event at a moment: its own, and that of the first event of a day, whichever day it
// is for the user.
func gainsOn(at time.Time, own ...gain) []gain {
	today := gamification.DayOf(at, time.UTC)
	for _, day := range []gamification.Day{today - 1, today, today + 1} {
		own = append(own, firstOf(day))
	}
	return own
}

func firstOf(day gamification.Day) gain { return gain{gamification.RuleFirstOfDay, day.String()} }

// queue adds to a batch that the total is locked, and then read what events at about now are decided by.
func (b *ledgerTx) queue(batch *pgx.Batch, now time.Time, gains []gain) {
	batch.Queue(`SELECT points, updated_at, level, level_at, achievements, achievements_at, lessons, courses, quizzes, streak, longest_streak, last_day
		FROM totals WHERE user_id = $1 FOR UPDATE`, b.user).QueryRow(func(row pgx.Row) error {
		t := Total{UserID: b.user}
		err := row.Scan(&t.Points, &t.UpdatedAt, &t.Level, &t.LevelAt, &t.Achievements, &t.AchievementsAt,
			&t.Lessons, &t.Courses, &t.Quizzes, &t.Streak, &t.LongestStreak, &t.LastDay)
		if b.there = !errors.Is(err, pgx.ErrNoRows); !b.there {
			return nil
		}
		b.total = t
		return err
	})
	b.readUser(batch)
	b.readScores(batch, PeriodsOf(now))
	if len(gains) > 0 {
		b.readGains(batch, now, gains)
	}
}

// readUser reads the user's state and calendar, and what the achievements ask for that are not unlocked.
func (b *ledgerTx) readUser(batch *pgx.Batch) {
	const ask = `SELECT u.is_active, ` + accounts.CalendarSQL + `,
		(SELECT json_agg(a.criteria) FROM achievements a WHERE NOT EXISTS (SELECT FROM unlocks l WHERE l.achievement_id = a.id AND l.user_id = u.id))
		FROM users u WHERE u.id = $1`
	batch.Queue(ask, b.user).QueryRow(func(row pgx.Row) error {
		var calendar, criteria []byte
		err := row.Scan(&b.active, &calendar, &criteria)
		if errors.Is(err, pgx.ErrNoRows) {
			return store.Missing("user", b.user)
		}
		if err == nil && criteria != nil {
			err = json.Unmarshal(criteria, &b.locked)
		}
		if err != nil {
			return err
		}
		b.calendar, err = accounts.ParseCalendar(calendar)
		return err
	})
}

// readScores reads the scores of periods.
func (b *ledgerTx) readScores(batch *pgx.Batch, periods []string) {
	batch.Queue(`SELECT period, points, updated_at, level, level_at, achievements, achievements_at FROM standings
		WHERE user_id = $1 AND period = ANY ($2)`, b.user, periods).Query(func(rows pgx.Rows) error {
		for _, period := range periods {
			b.stored[period] = nil
		}
		var period string
		var s Score
		_, err := pgx.ForEachRow(rows, []any{&period, &s.Points, &s.UpdatedAt, &s.Level, &s.LevelAt, &s.Achievements, &s.AchievementsAt}, func() error {
			b.stored[period] = new(s)
			return nil
		})
		return err
	})
}

// readGains reads which gains the ledger has, and how many points their rules have given on the days around a moment.
// What is known already stays, since this transaction may have added to it.
func (b *ledgerTx) readGains(batch *pgx.Batch, at time.Time, gains []gain) {
	var rules, sources []string
	var capped []gamification.Rule
	for _, g := range gains {
		rules, sources = append(rules, string(g.rule)), append(sources, g.source)
		if gamification.Capped(g.rule) {
			capped = append(capped, g.rule)
		}
		if !b.given[g] {
			b.given[g] = false
		}
	}
	batch.Queue(`SELECT l.rule, l.source FROM unnest($2::text[], $3::text[]) AS g (rule, source)
		JOIN ledger l ON l.user_id = $1 AND l.rule = g.rule AND l.source = g.source`, b.user, rules, sources).Query(func(rows pgx.Rows) error {
		var g gain
		_, err := pgx.ForEachRow(rows, []any{&g.rule, &g.source}, func() error {
			b.given[g] = true
			return nil
		})
		return err
	})
	day := gamification.DayOf(at, time.UTC)
	for _, rule := range capped {
		b.readDays(batch, rule, day-1, day+1)
	}
}

// readDays reads how many points a rule with a daily limit has given on some days.
func (b *ledgerTx) readDays(batch *pgx.Batch, rule gamification.Rule, from, to gamification.Day) {
	batch.Queue("SELECT day, sum(points) FROM ledger WHERE user_id = $1 AND rule = $2 AND day BETWEEN $3 AND $4 GROUP BY day",
		b.user, rule, from, to).Query(func(rows pgx.Rows) error {
		sums := map[gamification.Day]int{}
		var day gamification.Day
		var points int
		_, err := pgx.ForEachRow(rows, []any{&day, &points}, func() error {
			sums[day] = points
			return nil
		})
		for day := from; day <= to; day++ {
			if _, known := b.today[ruleDay{rule, day}]; !known {
				b.today[ruleDay{rule, day}] = sums[day]
			}
		}
		return err
	})
}

// write writes the entries, the total and the scores of the open periods, leaves a change for the boards, and writes
// what else was queued, in one round trip.
func (b *ledgerTx) write() error {
	batch := &b.changes
	for _, e := range b.entries {
		batch.Queue(`INSERT INTO ledger (id, user_id, rule, source, points, day, at, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			e.ID, e.UserID, e.Rule, e.Source, e.Points, e.Day, e.At, e.Reason)
	}
	t := b.total
	batch.Queue(`UPDATE totals SET points = $2, updated_at = $3, level = $4, level_at = $5, achievements = $6, achievements_at = $7,
		lessons = $8, courses = $9, quizzes = $10, streak = $11, longest_streak = $12, last_day = $13 WHERE user_id = $1`,
		b.user, t.Points, t.UpdatedAt, t.Level, t.LevelAt, t.Achievements, t.AchievementsAt,
		t.Lessons, t.Courses, t.Quizzes, t.Streak, t.LongestStreak, t.LastDay)
	for period, s := range b.periods {
		batch.Queue(`INSERT INTO standings (period, user_id, points, updated_at, level, level_at, achievements, achievements_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (period, user_id) DO UPDATE SET points = excluded.points, updated_at = excluded.updated_at,
			level = excluded.level, level_at = excluded.level_at, achievements = excluded.achievements, achievements_at = excluded.achievements_at`,
			period, b.user, s.Points, s.UpdatedAt, s.Level, s.LevelAt, s.Achievements, s.AchievementsAt)
	}
	batch.Queue("INSERT INTO board_changes (user_id) VALUES ($1)", b.user)
	err := store.Batch(b.tx, batch)
	b.entries, b.changes = nil, pgx.Batch{}
	return err
}

// create creates the total of a user who has none.
func (b *ledgerTx) create(now time.Time) error {
	fresh := freshScore(now)
	return b.tx.Exec(`INSERT INTO totals (user_id, updated_at, level, level_at, achievements_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		b.user, fresh.UpdatedAt, fresh.Level, fresh.LevelAt, fresh.AchievementsAt).Error
}

// know reads what the first round trip did not: a gain, and the points of its rule on a day.
func (b *ledgerTx) know(g gain, r ruleDay, at time.Time) error {
	_, given := b.given[g]
	_, summed := b.today[r]
	if given && (summed || !gamification.Capped(g.rule)) {
		return nil
	}
	batch := &pgx.Batch{}
	b.readGains(batch, at, []gain{g})
	return store.Batch(b.tx, batch)
}
