package learning

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/store"
)

// BoardChange is that a user's place on the boards is not what it was.
type BoardChange struct {
	ID     int64     `gorm:"primaryKey;->"`
	UserID uuid.UUID `gorm:"type:uuid"`
}

// BoardState is what the boards in Redis must say of themselves to be believed.
type BoardState struct {
	ID         bool       `gorm:"primaryKey"` // there is one row
	Generation *uuid.UUID `gorm:"type:uuid"`  // part of their keys; nil: there are none
	Stamp      *uuid.UUID `gorm:"type:uuid"`  // of the last change to them
}

// TableName is singular: there is one row.
func (BoardState) TableName() string { return "board_state" }

// BoardKind is what a board ranks by.
type BoardKind string

// The kinds of boards.
const (
	BoardPoints       BoardKind = "points"
	BoardLevel        BoardKind = "level"
	BoardAchievements BoardKind = "achievements"
)

// Board names a leaderboard by what it ranks and its period. The higher score comes first, of equal
// scores the earlier one, and then the lower id. A user is on it who has a score, is active and
// does not hide from boards.
type Board struct {
	Kind   BoardKind
	Period string // AllTime, or as MonthPeriod and WeekPeriod name them
}

// AllTime is the period that never ends.
const AllTime = "all_time"

// LeaderboardEntry is a user on a board. All numbers are of the board's period.
type LeaderboardEntry struct {
	Rank         int64
	UserID       uuid.UUID
	Points       int64
	Level        int
	Achievements int
}

// BoardRow is what boards are made of: a user's score in a period.
type BoardRow struct {
	UserID uuid.UUID
	Score
}

// scores returns a board's rows of SQL, with users to know who is to be seen, and its order.
func (b Board) scores() (from, order string, args map[string]any) {
	args = map[string]any{}
	from = "totals s JOIN users u ON u.id = s.user_id AND " + accounts.IsOn("u") + " AND NOT u.leaderboard_hidden WHERE "
	if b.Period != AllTime {
		args["period"] = b.Period
		from = "standings s JOIN users u ON u.id = s.user_id AND " + accounts.IsOn("u") + " AND NOT u.leaderboard_hidden WHERE s.period = @period AND "
	}
	switch b.Kind {
	case BoardLevel:
		return from + "s.points > 0", "s.level DESC, s.level_at, s.user_id", args
	case BoardAchievements:
		return from + "s.achievements > 0", "s.achievements DESC, s.achievements_at, s.user_id", args
	case BoardPoints:
	}
	return from + "s.points > 0", "s.points DESC, s.updated_at, s.user_id", args
}

// ahead returns the condition that a row s comes before a row m.
func (b Board) ahead() string {
	switch b.Kind {
	case BoardLevel:
		return "(s.level > m.level OR s.level = m.level AND (s.level_at, s.user_id) < (m.level_at, m.user_id))"
	case BoardAchievements:
		return "(s.achievements > m.achievements OR s.achievements = m.achievements AND (s.achievements_at, s.user_id) < (m.achievements_at, m.user_id))"
	case BoardPoints:
	}
	return "(s.points > m.points OR s.points = m.points AND (s.updated_at, s.user_id) < (m.updated_at, m.user_id))"
}

// BoardSize returns the number of users on a board.
func BoardSize(ctx context.Context, db *gorm.DB, b Board) (n int64, err error) {
	from, _, args := b.scores()
	args["one"] = 1 // so that there is a name in the query, without which GORM takes arguments by their order
	err = db.WithContext(ctx).Raw("SELECT count(*) FROM "+from+" AND 1 = @one", args).Scan(&n).Error
	return n, err
}

// BoardRank returns a user's place on a board from 1, or 0 when they are not on it.
func BoardRank(ctx context.Context, db *gorm.DB, b Board, user uuid.UUID) (rank int64, err error) {
	from, _, args := b.scores()
	args["user"] = user
	err = db.WithContext(ctx).Raw(fmt.Sprintf(`
		WITH m AS (SELECT s.* FROM %s AND s.user_id = @user)
		SELECT CASE WHEN EXISTS (SELECT 1 FROM m) THEN 1 + (SELECT count(*) FROM m, LATERAL (SELECT 1 FROM %s AND %s) a) ELSE 0 END`,
		from, from, b.ahead()), args).Scan(&rank).Error
	return rank, err
}

// BoardPage returns a stretch of a board, beginning behind so many places.
func BoardPage(ctx context.Context, db *gorm.DB, b Board, skip int64, limit int) ([]LeaderboardEntry, error) {
	from, order, args := b.scores()
	args["skip"], args["limit"] = skip, limit
	var rows []BoardRow
	err := db.WithContext(ctx).Raw("SELECT s.* FROM "+from+" ORDER BY "+order+" OFFSET @skip LIMIT @limit", args).Scan(&rows).Error
	places := make([]LeaderboardEntry, len(rows))
	for i, r := range rows {
		places[i] = LeaderboardEntry{Rank: skip + int64(i) + 1, UserID: r.UserID, Points: r.Points, Level: r.Level, Achievements: r.Achievements}
	}
	return places, err
}

// UserSummary is how a user looks to others.
type UserSummary struct {
	ID        uuid.UUID
	Username  string  // their full name where they have none
	AvatarURL *string `gorm:"column:avatar_url"`
	Version   uint32  // of its row
}

// UserSummaries returns the summaries of the given users whom a viewer may see: their accounts are on, and there is
// no block either way.
func UserSummaries(ctx context.Context, db *gorm.DB, viewer uuid.UUID, users []uuid.UUID) (map[uuid.UUID]UserSummary, error) {
	summaries := make(map[uuid.UUID]UserSummary, len(users))
	batch := &pgx.Batch{}
	batch.Queue("SELECT u.id, coalesce(u.username, u.full_name), u.avatar_url, u.xmin FROM users u WHERE "+seenBy(), pgx.NamedArgs{"ids": store.IDList(users).Literal(), "viewer": viewer}).
		Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var f UserSummary
				if err := rows.Scan(&f.ID, &f.Username, &f.AvatarURL, &f.Version); err != nil {
					return err
				}
				summaries[f.ID] = f
			}
			return rows.Err()
		})
	return summaries, store.Batch(db.WithContext(ctx), batch)
}

// seenBy is true for a row u of users whom UserSummaries returns.
func seenBy() string {
	return "u.id = ANY (CAST(@ids AS uuid[])) AND " + accounts.IsOn("u") + " AND " + accounts.NotApart("u.id")
}

// QueueVersions queues the query for the Versions of the summaries that UserSummaries would return of users, the literal
// of a store.IDList, in any order. If they are those of all users as they were once, the summaries are the same too: a row
// that is written gets a version that is higher than all before.
func QueueVersions(batch *pgx.Batch, viewer uuid.UUID, users string, versions *[]uint32) {
	batch.Queue("SELECT array_agg(u.xmin) FROM users u WHERE "+seenBy(), pgx.NamedArgs{"ids": users, "viewer": viewer}).
		QueryRow(func(row pgx.Row) error { return row.Scan(versions) })
}

// BoardNow is the generation and stamp that the boards in Redis must have to be valid, the database that they
// must be of (see store.IdentitySQL), and whether changes wait to be written there.
type BoardNow struct {
	Generation, Stamp *uuid.UUID
	Database          string
	Waiting           bool
}

// BoardsNow reads the BoardNow, and sends along what more, which may be nil, queues.
func BoardsNow(ctx context.Context, db *gorm.DB, more ...func(*pgx.Batch)) (now BoardNow, err error) {
	batch := &pgx.Batch{}
	for _, queue := range more {
		if queue != nil {
			queue(batch)
		}
	}
	batch.Queue("SELECT generation, stamp, " + store.IdentitySQL + ", EXISTS (SELECT 1 FROM board_changes) FROM board_state").QueryRow(func(row pgx.Row) error {
		return row.Scan(&now.Generation, &now.Stamp, &now.Database, &now.Waiting)
	})
	return now, store.Batch(db.WithContext(ctx), batch)
}

// LockBoards locks the boards in Redis against other changes until the transaction ends. It waits for
// as long as another process has them, but no longer than wait, if that is above zero; see store.IsLockTimeout.
func LockBoards(tx *gorm.DB, wait time.Duration) (state BoardState, err error) {
	if wait > 0 {
		if err := tx.Exec("SELECT set_config('lock_timeout', ?, true)", fmt.Sprint(max(1, wait.Milliseconds()))).Error; err != nil {
			return state, err
		}
	}
	err = tx.Clauses(clause.Locking{Strength: "UPDATE"}).First(&state).Error
	return state, err
}

// StampBoards records the generation and stamp of the boards in Redis. Nil: there are none.
func StampBoards(tx *gorm.DB, generation, stamp *uuid.UUID) error {
	return tx.Model(&BoardState{}).Where("id").UpdateColumns(map[string]any{"generation": generation, "stamp": stamp}).Error
}

// TakeBoardChanges removes up to most changes, the oldest first, and returns their users. With 0 it
// removes all and returns none. Scores read after this are at least as new as the changes.
func TakeBoardChanges(tx *gorm.DB, most int) (users []uuid.UUID, err error) {
	if most == 0 {
		return nil, tx.Exec("DELETE FROM board_changes").Error
	}
	err = tx.Raw("DELETE FROM board_changes WHERE id IN (SELECT id FROM board_changes ORDER BY id LIMIT ?) RETURNING user_id", most).Scan(&users).Error
	return users, err
}

// ScoresOf returns the scores of users in a period, without those who are not on boards.
func ScoresOf(tx *gorm.DB, period string, users []uuid.UUID) (rows []BoardRow, err error) {
	from, _, args := Board{BoardPoints, period}.scores()
	args["users"] = users
	err = tx.Raw("SELECT s.* FROM "+from[:len(from)-len("s.points > 0")]+"s.user_id IN @users", args).Scan(&rows).Error
	return rows, err
}

// counted returns what the ledger and the unlocks of some users add up to, from the rows
// themselves. Its parameters are @from and @to, between which points count, and what
// narrows the users.
func counted(users string) string {
	return `
	SELECT coalesce(p.user_id, a.user_id) AS user_id, coalesce(p.points, 0) AS points, coalesce(p.updated_at, a.achievements_at) AS updated_at,
		least(` + fmt.Sprint(gamification.MostLevel) + `, coalesce(p.points, 0) / ` + fmt.Sprint(gamification.LevelPoints) + ` + 1) AS level,
		coalesce(p.level_at, a.achievements_at) AS level_at, coalesce(a.achievements, 0) AS achievements,
		coalesce(a.achievements_at, p.updated_at) AS achievements_at
	FROM (
		SELECT user_id, max(upto) AS points, max(reached) AS updated_at,
			min(reached) FILTER (WHERE upto >= (least(` + fmt.Sprint(gamification.MostLevel) + `, total / ` + fmt.Sprint(gamification.LevelPoints) + ` + 1) - 1) * ` + fmt.Sprint(gamification.LevelPoints) + `) AS level_at
		FROM (
			SELECT user_id, sum(points) OVER w AS upto, max(at) OVER w AS reached, sum(points) OVER (PARTITION BY user_id) AS total
			FROM ledger l WHERE points > 0 AND at >= @from AND at < @to` + users + ` WINDOW w AS (PARTITION BY user_id ORDER BY seq)
		) r GROUP BY user_id
	) p FULL JOIN (
		SELECT user_id, count(*) AS achievements, max(unlocked_at) AS achievements_at
		FROM unlocks l WHERE unlocked_at >= @from AND unlocked_at < @to` + users + ` GROUP BY user_id
	) a ON a.user_id = p.user_id`
}

// Bounds of a period, from and up to, not including.
func periodBounds(period string) (from, to time.Time, err error) {
	if period == AllTime {
		return time.Unix(0, 0).UTC(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), nil
	}
	if from, err = time.Parse("2006-01", period); err == nil {
		return from, from.AddDate(0, 1, 0), nil
	}
	if from, err = time.Parse(time.DateOnly, period); err == nil {
		return from, from.AddDate(0, 0, 7), nil
	}
	return from, to, fmt.Errorf("%q is no period of a board", period)
}

// EachCounted calls visit for everybody who is to be seen on the boards of a period, with
// what the ledger itself says of them, in no order.
func EachCounted(ctx context.Context, tx *gorm.DB, period string, visit func(BoardRow) error) error {
	from, to, err := periodBounds(period)
	if err != nil {
		return err
	}
	rows, err := tx.WithContext(ctx).Raw("SELECT c.* FROM ("+counted("")+") c JOIN users u ON u.id = c.user_id AND "+accounts.IsOn("u")+" AND NOT u.leaderboard_hidden",
		map[string]any{"from": from, "to": to}).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r BoardRow
		if err := rows.Scan(&r.UserID, &r.Points, &r.UpdatedAt, &r.Level, &r.LevelAt, &r.Achievements, &r.AchievementsAt); err != nil {
			return err
		}
		if err := visit(r); err != nil {
			return err
		}
	}
	return rows.Err()
}
