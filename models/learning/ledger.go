package learning

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/store"
)

// PeriodScore is what a user has earned in a month or a week.
type PeriodScore struct {
	Period string    `gorm:"primaryKey"`
	UserID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Score
}

// TableName says what its rows are together.
func (PeriodScore) TableName() string { return "standings" }

// LedgerEntry is points a user got by a rule for a source. It never changes.
type LedgerEntry struct {
	ID     uuid.UUID `gorm:"type:uuid;primaryKey"`
	Seq    int64     `gorm:"->"` // the order in which a user's points came
	UserID uuid.UUID `gorm:"type:uuid"`
	Rule   gamification.Rule
	Source string // what for: the same one counts once
	Points int    // 0: the day had no room for more
	Day    gamification.Day
	At     time.Time
	Reason *string // in words, of points that an administrator gave
}

// TableName is singular: there is one ledger.
func (LedgerEntry) TableName() string { return "ledger" }

// Total is what a user's part of the ledger adds up to, and what else is counted of them.
// Its row is the lock under which that happens.
type Total struct {
	UserID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Score
	Lessons       int // completed
	Courses       int // completed
	Quizzes       int // passed
	Streak        int // days in a row up to LastDay
	LongestStreak int
	LastDay       *gamification.Day // on which something was learned
}

// Score is what boards rank by: points, the level they amount to, achievements, and when
// each was reached. The times mean something only above zero points or achievements.
type Score struct {
	Points         int64
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"` // when the points were reached
	Level          int
	LevelAt        time.Time
	Achievements   int
	AchievementsAt time.Time
}

// add adds points. The times of a score never go back, though points for an earlier
// event may arrive later.
func (s *Score) add(points int, at time.Time) {
	if points == 0 {
		return
	}
	if s.Points == 0 || at.After(s.UpdatedAt) {
		s.UpdatedAt = at
	}
	first := s.Points == 0
	s.Points += int64(points)
	if level := gamification.Level(s.Points); first || level > s.Level {
		s.Level, s.LevelAt = level, s.UpdatedAt
	}
}

// unlocked adds an achievement.
func (s *Score) unlocked(at time.Time) {
	if s.Achievements == 0 || at.After(s.AchievementsAt) {
		s.AchievementsAt = at
	}
	s.Achievements++
}

// ledgerTx is a user's part of the ledger, open and locked in a transaction. It is read at the beginning and written
// at the end, each in one round trip; in between it is decided by what was read.
type ledgerTx struct {
	tx   *gorm.DB
	user uuid.UUID

	there    bool // the user has a total
	active   bool // their account is
	calendar gamification.Calendar
	before   Total             // as it was locked
	stored   map[string]*Score // of periods, as they were read; nil: there is none
	locked   []json.RawMessage // criteria of the achievements that are not unlocked
	given    map[gain]bool     // whether the ledger has a gain; no key: not known yet
	today    map[ruleDay]int   // points by a rule with a daily limit; no key: not known yet

	total   Total
	periods map[string]*Score // touched ones
	entries []LedgerEntry     // new ones
	changes pgx.Batch         // what else is written with them
	changed bool
}

// beginLedger locks a user's total, creating it where there is none, and reads what events at about now are
// decided by, and what there is of the gains that they may bring. Whatever the ledger has of the user changes only under this lock.
func beginLedger(tx *gorm.DB, user uuid.UUID, now time.Time, gains ...gain) (*ledgerTx, error) {
	b := newLedger(tx, user)
	if err := b.read(now, gains); err != nil {
		return nil, err
	}
	return b, b.open(now, gains)
}

func newLedger(tx *gorm.DB, user uuid.UUID) *ledgerTx {
	return &ledgerTx{
		tx: tx, user: user, stored: map[string]*Score{}, periods: map[string]*Score{}, given: map[gain]bool{}, today: map[ruleDay]int{},
	}
}

// read reads what queue asks for.
func (b *ledgerTx) read(now time.Time, gains []gain) error {
	batch := &pgx.Batch{}
	b.queue(batch, now, gains)
	return store.Batch(b.tx, batch)
}

// open goes on from what was read, and creates the total of a user who has none.
func (b *ledgerTx) open(now time.Time, gains []gain) error {
	if b.there {
		b.before = b.total
		return nil
	}
	if err := b.create(now); err != nil {
		return err
	}
	return b.read(now, gains) // another transaction may have created it
}

func freshScore(now time.Time) Score {
	return Score{UpdatedAt: now, Level: gamification.Level(0), LevelAt: now, AchievementsAt: now}
}

// earn adds an entry of points, unless there is one of the rule and source; then it is nil.
func (b *ledgerTx) earn(rule gamification.Rule, source string, points int, at time.Time, reason *string) (*LedgerEntry, error) {
	g, today := gain{rule, source}, ruleDay{rule, b.calendar.Day(at)}
	if err := b.know(g, today, at); err != nil || b.given[g] {
		return nil, err
	}
	points = gamification.Room(rule, points, b.today[today])
	entry := LedgerEntry{ID: store.NewID(), UserID: b.user, Rule: rule, Source: source, Points: points, Day: today.day, At: at, Reason: reason}
	b.entries = append(b.entries, entry)
	b.given[g] = true
	b.today[today] += points
	return &entry, b.count(entry)
}

// count adds an entry to the totals.
func (b *ledgerTx) count(entry LedgerEntry) error {
	switch entry.Rule {
	case gamification.RuleLessonCompleted:
		b.total.Lessons++
	case gamification.RuleCourseCompleted:
		b.total.Courses++
	case gamification.RuleQuizPassed:
		b.total.Quizzes++
	default: // counted by their points only
	}
	b.changed = true
	return b.eachScore(entry.At, func(s *Score) { s.add(entry.Points, entry.At) })
}

// firstOfDay gives the points of a day's first event.
func (b *ledgerTx) firstOfDay(at time.Time) error {
	_, err := b.earn(gamification.RuleFirstOfDay, b.calendar.Day(at).String(), gamification.PointsFor(gamification.RuleFirstOfDay), at, nil)
	return err
}

// eachScore changes the scores that a moment counts for: the one of all time, its
// month's and its week's.
func (b *ledgerTx) eachScore(at time.Time, change func(*Score)) error {
	change(&b.total.Score)
	periods := PeriodsOf(at)
	if err := b.openPeriods(periods...); err != nil {
		return err
	}
	for _, period := range periods {
		change(b.periods[period])
	}
	return nil
}

// openPeriods opens the scores of periods, or begins them.
func (b *ledgerTx) openPeriods(periods ...string) error {
	closed := slices.DeleteFunc(slices.Clone(periods), func(period string) bool { return b.periods[period] != nil })
	if err := b.readPeriods(closed); err != nil {
		return err
	}
	for _, period := range closed {
		s := freshScore(b.total.UpdatedAt)
		if stored := b.stored[period]; stored != nil {
			s = *stored
		}
		b.periods[period] = &s
	}
	return nil
}

// readPeriods reads the scores of periods that have not been read yet.
func (b *ledgerTx) readPeriods(periods []string) error {
	unread := slices.DeleteFunc(slices.Clone(periods), func(period string) bool { _, read := b.stored[period]; return read })
	if len(unread) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	b.readScores(batch, unread)
	return store.Batch(b.tx, batch)
}

// flush writes what has changed.
func (b *ledgerTx) flush() error {
	if !b.changed {
		return nil
	}
	b.changed = false
	return b.write()
}

// PeriodsOf returns the month and the week of a moment, as boards call them.
func PeriodsOf(at time.Time) []string { return []string{MonthPeriod(at), WeekPeriod(at)} }

// MonthPeriod returns the month of a moment, in UTC.
func MonthPeriod(at time.Time) string { return at.UTC().Format("2006-01") }

// WeekPeriod returns the week of a moment, in UTC, by its Monday.
func WeekPeriod(at time.Time) string { return gamification.WeekOf(at).Format(time.DateOnly) }
