package learning

import (
	"encoding/json"
	"strings"

	"github.com/lyoapp/lyo/models/accounts"
)

// ledgerReadSQL finds what an event is decided by besides the total: the calendar, the scores of periods, and what the
// achievements ask for that are not unlocked.
const ledgerReadSQL = `SELECT ` + accounts.CalendarSQL + `,
	(SELECT json_agg(s) FROM standings s WHERE s.user_id = u.id AND s.period = ANY (string_to_array(@periods, ','))),
	(SELECT json_agg(a.criteria) FROM achievements a WHERE NOT EXISTS (SELECT FROM unlocks l WHERE l.achievement_id = a.id AND l.user_id = u.id))
	FROM users u WHERE u.id = @user`

// read reads, once the total is locked, everything that events in some periods are decided by.
func (b *ledgerTx) read(periods []string) error {
	var calendar, scores, criteria []byte
	err := b.tx.Raw(ledgerReadSQL, map[string]any{"user": b.user, "periods": strings.Join(periods, ",")}).Row().Scan(&calendar, &scores, &criteria)
	if err != nil {
		return err
	}
	if b.calendar, err = accounts.ParseCalendar(calendar); err != nil {
		return err
	}
	var rows []PeriodScore
	if err := parseRows(scores, &rows); err != nil {
		return err
	}
	b.found(periods, rows)
	return parseRows(criteria, &b.locked)
}

// parseRows reads an array of JSON, or none.
func parseRows(found []byte, rows any) error {
	if found == nil {
		return nil
	}
	return json.Unmarshal(found, rows)
}

// write writes the total and the scores of the open periods, and leaves a change for the boards, in one statement.
func (b *ledgerTx) write() error {
	rows := make([]PeriodScore, 0, len(b.periods))
	for period, s := range b.periods {
		rows = append(rows, PeriodScore{Period: period, UserID: b.user, Score: *s})
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	t := b.total
	return b.tx.Exec(`WITH total AS (
			UPDATE totals SET points = @points, updated_at = @updated_at, level = @level, level_at = @level_at, achievements = @achievements,
				achievements_at = @achievements_at, lessons = @lessons, courses = @courses, quizzes = @quizzes, streak = @streak,
				longest_streak = @longest_streak, last_day = @last_day WHERE user_id = @user
		), scores AS (
			INSERT INTO standings (period, user_id, points, updated_at, level, level_at, achievements, achievements_at)
			SELECT s.period, @user, s.points, s.updated_at, s.level, s.level_at, s.achievements, s.achievements_at
			FROM json_populate_recordset(NULL::standings, CAST(@periods AS json)) s
			ON CONFLICT (period, user_id) DO UPDATE SET points = excluded.points, updated_at = excluded.updated_at, level = excluded.level,
				level_at = excluded.level_at, achievements = excluded.achievements, achievements_at = excluded.achievements_at
		) INSERT INTO board_changes (user_id) VALUES (@user)`, map[string]any{
		"user": b.user, "periods": string(text),
		"points": t.Points, "updated_at": t.UpdatedAt, "level": t.Level, "level_at": t.LevelAt, "achievements": t.Achievements, "achievements_at": t.AchievementsAt,
		"lessons": t.Lessons, "courses": t.Courses, "quizzes": t.Quizzes, "streak": t.Streak, "longest_streak": t.LongestStreak, "last_day": t.LastDay,
	}).Error
}
