package courses

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// Quota is what one user may ask for.
type Quota struct {
	// AtOnce is how many generations run at a time; the rest wait in line.
	AtOnce int
	// DailyTokens may be spent in a day (UTC); 0: no bound.
	DailyTokens int64
}

// TypicalTokens is what a course costs by experience. An open generation counts
// as that much against the day's tokens, so that a hundred of them cannot be
// asked for before the first is paid.
const TypicalTokens = 50_000

// UserQueue is how many of a user's generations are under way.
type UserQueue struct {
	Running int // started, or about to be
	Waiting int // held until one of those has ended
}

// QueueOf counts the user's open generations.
func QueueOf(ctx context.Context, db *gorm.DB, user uuid.UUID) (UserQueue, error) {
	var line UserQueue
	err := db.WithContext(ctx).Raw(`
		SELECT count(*) FILTER (WHERE o.id IS NULL) AS running, count(o.id) AS waiting
		FROM tasks t LEFT JOIN outbox o ON o.workflow_id = t.workflow_id AND o.action = 'start' AND o.held
		WHERE t.user_id = ? AND t.state IN ('QUEUED', 'RUNNING') AND t.task_type IN ?`, user, tasks.CourseKinds).Scan(&line).Error
	return line, err
}

// queue decides, for a task not yet stored, whether its promise may be kept now
// or waits in line, and how urgent it is. The line is locked.
func (q Quota) queue(tx *gorm.DB, task *tasks.Task, promise *store.OutboxMessage) error {
	line, err := QueueOf(tx.Statement.Context, tx, task.UserID)
	if err != nil {
		return err
	}
	if err := q.afford(tx, task, line); err != nil {
		return err
	}
	promise.UserID, promise.Priority = &task.UserID, urgency(line)
	if line.Running >= q.AtOnce {
		promise.Waiting = true
		task.Message = MessageWaiting
	}
	return nil
}

// MessageWaiting is what a task in line says.
const MessageWaiting = "Waiting for your other courses to finish"

func (q Quota) afford(tx *gorm.DB, task *tasks.Task, line UserQueue) error {
	if q.DailyTokens <= 0 {
		return nil
	}
	day := task.CreatedAt.UTC().Truncate(24 * time.Hour)
	spent, err := tokensSince(tx, task.UserID, day)
	if err != nil {
		return err
	}
	if spent+TypicalTokens*int64(line.Running+line.Waiting) < q.DailyTokens {
		return nil
	}
	over := store.Errorf(store.RateLimited, "Your courses have used up what may be spent in a day. The count starts again at midnight UTC.")
	over.RetryAfter = day.Add(24 * time.Hour).Sub(task.CreatedAt)
	return over
}

// urgency is a promise's priority, 1 the most and 5 the least urgent: the only
// generation of a user goes before the second one of another, and one with a
// line behind it after both.
func urgency(line UserQueue) int {
	rank := 3 + line.Running
	if line.Waiting > 0 {
		rank++
	}
	return min(rank, 5)
}

// UrgencyOf is how urgent a task under way is by now: the less, the more its user
// has under way besides it and waiting behind it.
func UrgencyOf(ctx context.Context, db *gorm.DB, task uuid.UUID) (int, error) {
	var row tasks.Task
	if err := db.WithContext(ctx).Select("user_id").First(&row, "id = ?", task).Error; err != nil {
		return 0, err
	}
	line, err := QueueOf(ctx, db, row.UserID)
	line.Running--
	return urgency(line), err
}

// releaseNext lets the first of the user's line go on, after one before it ended.
func releaseNext(tx *gorm.DB, user uuid.UUID, now time.Time) error {
	if err := tasks.LockQueue(tx, user); err != nil {
		return err
	}
	line, err := QueueOf(tx.Statement.Context, tx, user)
	if err != nil || line.Waiting == 0 {
		return err
	}
	// A row that is locked belongs to a task being cancelled at this moment.
	return tx.Exec(`
		UPDATE outbox SET held = false, due_at = ?, priority = ? WHERE id =
			(SELECT id FROM outbox WHERE held AND user_id = ? ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)`,
		now, urgency(line), user).Error
}

// ReleaseStranded lets those in line go on whose user has nothing running, which a
// changed quota or a lost row may bring about.
func ReleaseStranded(ctx context.Context, db *gorm.DB, now time.Time) error {
	var users []uuid.UUID
	err := db.WithContext(ctx).Raw(`
		SELECT DISTINCT h.user_id FROM outbox h WHERE h.held AND NOT EXISTS (
			SELECT 1 FROM tasks t LEFT JOIN outbox o ON o.workflow_id = t.workflow_id AND o.held
			WHERE t.user_id = h.user_id AND t.state IN ('QUEUED', 'RUNNING') AND t.task_type IN ? AND o.id IS NULL)`, tasks.CourseKinds).Scan(&users).Error
	for _, user := range users {
		if err == nil {
			err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error { return releaseNext(tx, user, now) })
		}
	}
	return err
}
