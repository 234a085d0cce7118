package learning

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/tasks"
)

// Learned is what a user has done in all.
type Learned struct {
	CoursesCompleted int64
	TasksCompleted   int64
	Minutes          int64
}

// LearnedBy adds it up.
func LearnedBy(ctx context.Context, db *gorm.DB, user uuid.UUID) (Learned, error) {
	var sum Learned
	err := db.WithContext(ctx).Raw(`
		SELECT count(DISTINCT course_id) FILTER (WHERE kind = 'course_completed') AS courses_completed, coalesce(sum(minutes), 0) AS minutes,
			(SELECT count(*) FROM tasks WHERE user_id = @user AND state = 'DONE') AS tasks_completed
		FROM learning_events WHERE user_id = @user`, map[string]any{"user": user}).Scan(&sum).Error
	return sum, err
}

// Activity is something a user did that counts as an activity.
type Activity struct {
	At      time.Time
	Minutes int
}

// ActivitiesBetween returns a user's learning events and requests for courses from one time up
// to, not including, another.
func ActivitiesBetween(ctx context.Context, db *gorm.DB, user uuid.UUID, from, to time.Time) ([]Activity, error) {
	var activities []Activity
	err := db.WithContext(ctx).Raw(`
		SELECT at, minutes FROM learning_events WHERE user_id = @user AND at >= @from AND at < @to
		UNION ALL
		SELECT created_at, 0 FROM tasks WHERE user_id = @user AND task_type IN @courses AND created_at >= @from AND created_at < @to`,
		map[string]any{"user": user, "from": from, "to": to, "courses": tasks.CourseKinds}).Scan(&activities).Error
	return activities, err
}

// LastLearned returns when a user did anything last; nil when never.
func LastLearned(ctx context.Context, db *gorm.DB, user uuid.UUID) (*time.Time, error) {
	var last []time.Time
	err := db.WithContext(ctx).Model(&Event{}).Where("user_id = ?", user).Order("at DESC").Limit(1).Pluck("at", &last).Error
	if err != nil || len(last) == 0 {
		return nil, err
	}
	return &last[0], nil
}
