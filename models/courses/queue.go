package courses

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// Quota limits the generations of one user.
type Quota struct {
	// AtOnce is how many generations run at a time; the rest wait in the user's queue.
	AtOnce int
	// DailyTokens may be spent in a day (UTC); 0: no bound.
	DailyTokens int64
	// NoModel says that there is none, so that no course costs tokens.
	NoModel bool
}

// TypicalTokens is the usual cost of a course. An open generation that a model writes counts as that much
// against the day's tokens, so that a user cannot start many before the first is counted.
const TypicalTokens = 50_000

// UserQueue is how many of a user's generations are under way.
type UserQueue = tasks.Queue

// QueueOf counts the user's open generations.
func QueueOf(ctx context.Context, db *gorm.DB, user uuid.UUID) (UserQueue, error) {
	var queue UserQueue
	err := db.WithContext(ctx).Raw(tasks.QueueSQL("@user"), map[string]any{"user": user, "kinds": tasks.CourseKinds}).Scan(&queue).Error
	return queue, err
}

// queue decides whether the message that starts a new task may be dispatched now or waits in the
// user's queue, which adds to its estimate, and sets its priority. The caller has locked the queue and not stored the task yet.
func (q Quota) queue(tx *gorm.DB, task *tasks.Task, course Course, message *store.OutboxMessage) error {
	queue, err := QueueOf(tx.Statement.Context, tx, task.UserID)
	if err != nil {
		return err
	}
	if !course.costless() {
		if err := q.afford(tx, task); err != nil {
			return err
		}
	}
	message.UserID, message.Priority = &task.UserID, urgency(queue)
	if queue.Running >= q.AtOnce {
		message.Waiting = true
		task.Message = MessageWaiting
		rounds := 1 + queue.Waiting/max(q.AtOnce, 1) // those that run, and those that wait before it
		task.EstimatedMins = min(task.EstimatedMins*(1+rounds), tasks.MostMinutes)
	}
	return nil
}

// MessageWaiting is the message of a task that waits in its user's queue.
const MessageWaiting = "Waiting for your other courses to finish"

// costless reports whether a task of the course costs no tokens: it quotes its sources.
func (c Course) costless() bool {
	return c.Generation.AskedWriter == WriterExtractive || c.Extractive() && len(c.Lessons) > 0
}

// reserved counts the user's open tasks that may still cost tokens. A new course whose plan was made
// without a model is written without one.
func reserved(tx *gorm.DB, user uuid.UUID) (open int64, err error) {
	err = tx.Raw(`
		SELECT count(*) FROM tasks t LEFT JOIN courses c ON c.id = t.result_id
		WHERE t.user_id = @user AND t.state IN ('QUEUED', 'RUNNING') AND t.task_type IN @kinds AND NOT (
			coalesce(c.generation->>'asked_writer', '') = @quotes OR coalesce(c.generation->>'provider', '') = @quotes OR
			t.task_type = @new AND coalesce(c.generation->>'provider', '') = @builtin)`, map[string]any{
		"user": user, "kinds": tasks.CourseKinds, "new": tasks.TaskCourseGeneration, "quotes": WriterExtractive, "builtin": ProviderBuiltin,
	}).Scan(&open).Error
	return open, err
}

func (q Quota) afford(tx *gorm.DB, task *tasks.Task) error {
	if q.DailyTokens <= 0 {
		return nil
	}
	day := task.CreatedAt.UTC().Truncate(24 * time.Hour)
	spent, err := tokensSince(tx, task.UserID, day)
	if err != nil {
		return err
	}
	var open int64
	if !q.NoModel {
		if open, err = reserved(tx, task.UserID); err != nil {
			return err
		}
	}
	if spent+TypicalTokens*open < q.DailyTokens {
		return nil
	}
	over := store.Errorf(store.RateLimited, "Your courses have used up what may be spent in a day. The count starts again at midnight UTC.")
	over.RetryAfter = day.Add(24 * time.Hour).Sub(task.CreatedAt)
	return over
}

// urgency returns the priority of an outbox message, from 1, the most urgent, to 5. A user's only
// generation comes before another user's second one. A generation with others waiting behind it
// comes after both.
func urgency(queue UserQueue) int {
	rank := 3 + queue.Running
	if queue.Waiting > 0 {
		rank++
	}
	return min(rank, 5)
}

// Urgency returns the current priority of an open task. It falls with the number of its user's
// other generations that run or wait.
func Urgency(queue UserQueue) int {
	queue.Running--
	return urgency(queue)
}

// releaseNext releases the oldest waiting message of the user's queue, after a generation has ended.
func releaseNext(tx *gorm.DB, user uuid.UUID, now time.Time) error {
	if err := tasks.LockQueue(tx, user); err != nil {
		return err
	}
	queue, err := QueueOf(tx.Statement.Context, tx, user)
	if err != nil || queue.Waiting == 0 {
		return err
	}
	store.WakeRelays(tx)
	// A row that is locked belongs to a task being cancelled at this moment.
	return tx.Exec(`
		UPDATE outbox SET held = false, due_at = ?, priority = ? WHERE id =
			(SELECT id FROM outbox WHERE held AND user_id = ? ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)`,
		now, urgency(queue), user).Error
}

// ReleaseStranded releases the next message of every queue whose user has nothing running. A
// changed quota or a lost row can leave a queue like that.
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
