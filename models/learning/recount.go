package learning

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
)

// Difference is a stored number that differed from what the rows add up to.
type Difference struct {
	UserID uuid.UUID
	Field  string
	Was    string
	Is     string
}

// Recounted is the result for one batch of users.
type Recounted struct {
	Last        uuid.UUID
	Users       int // 0: there are no more
	Differences []Difference
}

// RecountMany counts the totals and standings of the users after one, by id, from the
// rows they come from, corrects what differs and returns the differences. The users' own
// transactions wait until it is done.
func RecountMany(ctx context.Context, db *gorm.DB, after uuid.UUID, most int, now time.Time) (done Recounted, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		done = Recounted{Last: after}
		var users []uuid.UUID
		err := tx.Raw(`SELECT u.id FROM users u WHERE u.id > ? AND (
				EXISTS (SELECT 1 FROM totals t WHERE t.user_id = u.id) OR EXISTS (SELECT 1 FROM ledger l WHERE l.user_id = u.id)
				OR EXISTS (SELECT 1 FROM learning_events d WHERE d.user_id = u.id) OR EXISTS (SELECT 1 FROM unlocks k WHERE k.user_id = u.id))
			ORDER BY u.id LIMIT ?`, after, most).Scan(&users).Error
		if err != nil || len(users) == 0 {
			return err
		}
		done.Last, done.Users = users[len(users)-1], len(users)
		for _, user := range users {
			differences, err := recount(tx, user, now)
			if err != nil {
				return fmt.Errorf("recount %s: %w", user, err)
			}
			done.Differences = append(done.Differences, differences...)
		}
		return nil
	})
	return done, err
}

func recount(tx *gorm.DB, user uuid.UUID, now time.Time) ([]Difference, error) {
	b, err := beginLedger(tx, user, now)
	if err != nil {
		return nil, err
	}
	was := b.total
	is, err := b.countAll(now)
	if err != nil {
		return nil, err
	}
	differences := was.compare(is)
	if len(differences) > 0 {
		b.total, b.changed = is, true
	}
	more, err := b.recountPeriods()
	if err != nil {
		return nil, err
	}
	return append(differences, more...), b.flush()
}

// countAll returns the total counted from the rows.
func (b *ledgerTx) countAll(now time.Time) (Total, error) {
	t := Total{UserID: b.user, Score: freshScore(now)}
	score, err := countedScore(b.tx, b.user, AllTime)
	if err != nil {
		return t, err
	}
	if score != nil {
		t.Score = *score
	}
	err = b.tx.Raw(`SELECT count(*) FILTER (WHERE rule = @lesson) AS lessons, count(*) FILTER (WHERE rule = @course) AS courses,
		count(*) FILTER (WHERE rule = @quiz) AS quizzes FROM ledger WHERE user_id = @user`, map[string]any{
		"user": b.user, "lesson": gamification.RuleLessonCompleted, "course": gamification.RuleCourseCompleted, "quiz": gamification.RuleQuizPassed,
	}).Row().Scan(&t.Lessons, &t.Courses, &t.Quizzes)
	if err != nil {
		return t, err
	}
	if err := b.recountDays(); err != nil {
		return t, err
	}
	var days []gamification.Day
	if err := b.tx.Model(&Day{}).Where("user_id = ?", b.user).Pluck("day", &days).Error; err != nil {
		return t, err
	}
	freezes, err := freezesOf(b.tx, b.user)
	if err != nil {
		return t, err
	}
	t.Streak, t.LongestStreak, t.LastDay = rowOf(days, freezes, b.calendar)
	return t, nil
}

// recountDays rebuilds the days from the events.
func (b *ledgerTx) recountDays() error {
	var times []time.Time
	err := b.tx.Model(&Event{}).Where("user_id = ? AND kind IN ?", b.user, []EventKind{LessonCompleted, QuizPassed, Reviewed}).
		Pluck("at", &times).Error
	if err != nil {
		return err
	}
	days := []Day{}
	seen := map[gamification.Day]bool{}
	for _, at := range times {
		if day := b.calendar.Day(at); !seen[day] {
			seen[day] = true
			days = append(days, Day{UserID: b.user, Day: day})
		}
	}
	if err := b.tx.Delete(&Day{}, "user_id = ?", b.user).Error; err != nil || len(days) == 0 {
		return err
	}
	return b.tx.CreateInBatches(&days, 1000).Error
}

// countedScore returns what the ledger says of a user in a period; nil for nothing.
func countedScore(tx *gorm.DB, user uuid.UUID, period string) (*Score, error) {
	from, to, err := periodBounds(period)
	if err != nil {
		return nil, err
	}
	var rows []BoardRow
	err = tx.Raw(counted(" AND l.user_id = @user"), map[string]any{"from": from, "to": to, "user": user}).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0].Score, nil
}

// recountPeriods corrects every month and week that the user has, or should have.
func (b *ledgerTx) recountPeriods() (differences []Difference, err error) {
	var periods []string
	err = b.tx.Raw(`SELECT period FROM standings WHERE user_id = @user
		UNION SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM') FROM (SELECT at FROM ledger WHERE user_id = @user AND points > 0 UNION SELECT unlocked_at FROM unlocks WHERE user_id = @user) a
		UNION SELECT to_char(date_trunc('week', at AT TIME ZONE 'UTC'), 'YYYY-MM-DD') FROM (SELECT at FROM ledger WHERE user_id = @user AND points > 0 UNION SELECT unlocked_at FROM unlocks WHERE user_id = @user) a`,
		map[string]any{"user": b.user}).Scan(&periods).Error
	if err != nil {
		return nil, err
	}
	if err := b.openPeriods(periods...); err != nil {
		return nil, err
	}
	for _, period := range periods {
		was := b.periods[period]
		before := *was
		is, err := countedScore(b.tx, b.user, period)
		if err != nil {
			return nil, err
		}
		if is == nil {
			fresh := freshScore(before.UpdatedAt)
			is = &fresh
		}
		found := before.compare(*is, b.user, period+" ")
		if len(found) == 0 {
			delete(b.periods, period)
			continue
		}
		*was, b.changed = *is, true
		differences = append(differences, found...)
	}
	return differences, nil
}

func (t Total) compare(is Total) []Difference {
	found := t.Score.compare(is.Score, t.UserID, "")
	add := func(field string, was, is any) {
		if fmt.Sprint(was) != fmt.Sprint(is) {
			found = append(found, Difference{t.UserID, field, fmt.Sprint(was), fmt.Sprint(is)})
		}
	}
	add("lessons", t.Lessons, is.Lessons)
	add("courses", t.Courses, is.Courses)
	add("quizzes", t.Quizzes, is.Quizzes)
	add("streak", t.Streak, is.Streak)
	add("longest_streak", t.LongestStreak, is.LongestStreak)
	add("last_day", dayText(t.LastDay), dayText(is.LastDay))
	return found
}

func dayText(d *gamification.Day) string {
	if d == nil {
		return "never"
	}
	return d.String()
}

// compare returns what differs. Times count only where something was reached.
func (s Score) compare(is Score, user uuid.UUID, prefix string) (found []Difference) {
	add := func(field string, differs bool, was, is any) {
		if differs {
			found = append(found, Difference{user, prefix + field, fmt.Sprint(was), fmt.Sprint(is)})
		}
	}
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	add("points", s.Points != is.Points, s.Points, is.Points)
	add("level", s.Level != is.Level, s.Level, is.Level)
	add("achievements", s.Achievements != is.Achievements, s.Achievements, is.Achievements)
	add("updated_at", is.Points > 0 && !s.UpdatedAt.Equal(is.UpdatedAt), at(s.UpdatedAt), at(is.UpdatedAt))
	add("level_at", is.Points > 0 && !s.LevelAt.Equal(is.LevelAt), at(s.LevelAt), at(is.LevelAt))
	add("achievements_at", is.Achievements > 0 && !s.AchievementsAt.Equal(is.AchievementsAt), at(s.AchievementsAt), at(is.AchievementsAt))
	return found
}
