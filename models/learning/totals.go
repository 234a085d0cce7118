package learning

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
)

// TotalOf returns a user's totals. They are zero for a user without events.
func TotalOf(ctx context.Context, db *gorm.DB, user uuid.UUID) (Total, error) {
	var rows []Total
	err := db.WithContext(ctx).Find(&rows, "user_id = ?", user).Error
	if err != nil || len(rows) == 0 {
		return Total{UserID: user, Score: Score{Level: gamification.Level(0)}}, err
	}
	return rows[0], nil
}

// Everybody is what all active learners have together.
type Everybody struct {
	Learners     int64 // who have any points
	Points       int64
	HighestLevel int
	AverageLevel float64
	Achievements int64 // there are to be unlocked
}

// EverybodyTogether adds it up.
func EverybodyTogether(ctx context.Context, db *gorm.DB) (e Everybody, err error) {
	err = db.WithContext(ctx).Raw(`
		SELECT count(*) AS learners, coalesce(sum(t.points), 0) AS points, coalesce(max(t.level), 1) AS highest_level,
			coalesce(avg(t.level), 1)::double precision AS average_level, (SELECT count(*) FROM achievements) AS achievements
		FROM totals t JOIN users u ON u.id = t.user_id AND u.is_active WHERE t.points > 0`).Scan(&e).Error
	return e, err
}
