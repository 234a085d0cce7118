package tasks

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/store"
)

// find returns the task of an id among those of a query, else a not-found error.
func find(q *gorm.DB, id uuid.UUID) (Task, error) {
	var task Task
	err := q.First(&task, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Task{}, store.Missing("task", id)
	}
	return task, err
}

// AnyTask returns a task of any user, for operators.
func AnyTask(ctx context.Context, db *gorm.DB, id uuid.UUID) (Task, error) {
	return find(db.WithContext(ctx), id)
}

// FindTask returns the task if it belongs to the user, else a not-found error.
func FindTask(ctx context.Context, db *gorm.DB, user, id uuid.UUID) (Task, error) {
	return find(db.WithContext(ctx).Where("user_id = ?", user), id)
}

// WorkflowOf returns the id of the workflow a task stands for.
func WorkflowOf(ctx context.Context, db *gorm.DB, task uuid.UUID) (id string, err error) {
	got := db.WithContext(ctx).Raw("SELECT workflow_id FROM tasks WHERE id = ?", task).Scan(&id)
	if got.Error == nil && got.RowsAffected == 0 {
		return "", store.Missing("task", task)
	}
	return id, got.Error
}

// TaskFilter narrows a list of tasks; zero values narrow nothing.
type TaskFilter struct {
	State    TaskState
	TaskType string
	After    *store.Keyset
	Offset   int
	Limit    int
}

// ListTasks returns a page of the user's tasks, newest first.
func ListTasks(ctx context.Context, db *gorm.DB, user uuid.UUID, f TaskFilter) ([]Task, error) {
	return f.page(db.WithContext(ctx).Where("user_id = ?", user))
}

// AllTasks returns a page of the tasks of all users or of one, newest first.
func AllTasks(ctx context.Context, db *gorm.DB, user *uuid.UUID, f TaskFilter) ([]Task, error) {
	if user != nil {
		return ListTasks(ctx, db, *user, f)
	}
	return f.page(db.WithContext(ctx))
}

// page returns the page of a query's tasks that the filter names.
func (f TaskFilter) page(q *gorm.DB) ([]Task, error) {
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.TaskType != "" {
		q = q.Where("task_type = ?", f.TaskType)
	}
	return store.NewestFirst[Task](q, f.After, f.Offset, f.Limit)
}

// EventsAfter returns a task's events with a higher seq, in order.
func EventsAfter(ctx context.Context, db *gorm.DB, task uuid.UUID, since int64) ([]TaskEvent, error) {
	var events []TaskEvent
	err := db.WithContext(ctx).Where("task_id = ? AND seq > ?", task, since).Order("seq").Find(&events).Error
	return events, err
}

// Queue is how many of a user's generations are under way.
type Queue struct {
	Running int // started, or about to be
	Waiting int // in the queue until one of those has ended
}

// QueueSQL returns the statement that counts the open generations of the user that an expression names.
func QueueSQL(user string) string {
	return `SELECT count(*) FILTER (WHERE o.id IS NULL) AS running, count(o.id) AS waiting
		FROM tasks t LEFT JOIN outbox o ON o.workflow_id = t.workflow_id AND o.action = 'start' AND o.held
		WHERE t.user_id = ` + user + ` AND t.state IN ('QUEUED', 'RUNNING') AND t.task_type IN @kinds`
}

// Recorded is what became of events that were to be recorded.
type Recorded struct {
	// Queue is that of the task's user.
	Queue Queue
	// There are the row's events from the first one's seq on, where those are not just the ones that were given.
	There []TaskEvent
}

// RecordEvents appends events, which follow each other, to a task and updates the row with them. Key: the task and
// what an event says from the first one's seq on. What an attempt whose outcome was lost has left there, perhaps in
// another order, stays; the rest follows it. The error is Conflict when the task has ended, unless it has all of them.
func RecordEvents(ctx context.Context, db *gorm.DB, task uuid.UUID, events []TaskEvent) (done Recorded, err error) {
	if added, err := appendEvents(ctx, db, task, events, &done.Queue); err != nil || added {
		return done, err
	}
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := Lock(tx, task)
		if err != nil {
			return err
		}
		if err := Record(tx, row, events); err != nil {
			return err
		}
		if done.There, err = EventsAfter(ctx, tx, task, events[0].Seq-1); err != nil {
			return err
		}
		return tx.Raw(QueueSQL("@user"), map[string]any{"user": row.UserID, "kinds": CourseKinds}).Scan(&done.Queue).Error
	})
	return done, err
}

// appendEvents does the work of RecordEvents in one statement for an open task whose last event is the one before,
// which is nearly always so. It reports whether it was.
func appendEvents(ctx context.Context, db *gorm.DB, task uuid.UUID, events []TaskEvent, queue *Queue) (added bool, err error) {
	var after Task
	for _, e := range events {
		after.Advance(e)
	}
	if after.State.Ended() {
		return false, nil
	}
	moved := db.WithContext(ctx).Raw(`
		WITH before AS (
			SELECT id, user_id FROM tasks WHERE id = @task AND seq = @before AND state IN ('QUEUED', 'RUNNING') FOR UPDATE
		), added AS (
			INSERT INTO task_events (task_id, seq, state, progress, step, message, fault, at, started_at, result)
			SELECT before.id, e.* FROM before CROSS JOIN jsonb_to_recordset(@events) AS e (seq bigint, state text, progress integer, step text,
				message text, fault jsonb, at timestamptz, started_at timestamptz, result jsonb)
		), moved AS (
			UPDATE tasks SET state = @state, seq = @seq, step = @step, message = @message, progress = greatest(tasks.progress, @progress), updated_at = @at,
				started_at = coalesce(tasks.started_at, @started), result = coalesce(@result, tasks.result)
			FROM before WHERE tasks.id = before.id RETURNING tasks.id
		)
		SELECT queue.* FROM moved CROSS JOIN LATERAL (`+QueueSQL("(SELECT user_id FROM before)")+`) queue`, map[string]any{
		"task": task, "before": events[0].Seq - 1, "events": store.AsJSON(events), "state": after.State, "seq": after.Seq, "step": after.Step,
		"message": after.Message, "progress": after.Progress, "at": after.UpdatedAt, "started": after.StartedAt, "result": resultOf(after), "kinds": CourseKinds,
	}).Scan(queue)
	return moved.RowsAffected > 0, moved.Error
}

// resultOf returns a task's result as JSON; nil where there is none.
func resultOf(t Task) *string {
	if t.Result == nil {
		return nil
	}
	text := store.AsJSON(t.Result)
	return &text
}

// Lock locks a task; one that does not exist is not found.
func Lock(tx *gorm.DB, id uuid.UUID) (Task, error) {
	return find(tx.Clauses(clause.Locking{Strength: "UPDATE"}), id)
}

// Record does the work of RecordEvents for a row that is locked, the last event of a task included: that comes last, also
// after one that its author did not know of.
func Record(tx *gorm.DB, row Task, events []TaskEvent) error {
	fresh, err := unknown(tx, row, events)
	if err != nil || len(fresh) == 0 {
		return err
	}
	if row.State.Ended() {
		return store.Errorf(store.Conflict, "The task has ended.")
	}
	if err := tx.Create(&fresh).Error; err != nil {
		return err
	}
	for _, e := range fresh {
		row.Advance(e)
	}
	return tx.Save(&row).Error
}

// unknown returns the events that the row does not have from the first one's seq on, numbered to follow its own.
func unknown(tx *gorm.DB, row Task, events []TaskEvent) (fresh []TaskEvent, err error) {
	var there []TaskEvent
	if row.Seq >= events[0].Seq {
		if there, err = EventsAfter(tx.Statement.Context, tx, row.ID, events[0].Seq-1); err != nil {
			return nil, err
		}
	}
	percent := row.Progress
	for _, e := range events {
		if i := slices.IndexFunc(there, e.saysAs); i >= 0 {
			there = slices.Delete(there, i, i+1)
			continue
		}
		percent = max(percent, e.Progress)
		e.TaskID, e.Seq, e.Progress = row.ID, row.Seq+int64(len(fresh))+1, percent
		fresh = append(fresh, e)
	}
	return fresh, nil
}

// saysAs reports whether two events say the same.
func (e TaskEvent) saysAs(other TaskEvent) bool {
	return e.State == other.State && e.Step == other.Step && e.Message == other.Message
}

// Advance applies one event to the row.
func (t *Task) Advance(e TaskEvent) {
	t.State, t.Seq, t.Step, t.Message, t.Fault = e.State, e.Seq, e.Step, e.Message, e.Fault
	t.Progress = max(t.Progress, e.Progress)
	t.UpdatedAt = e.At
	if t.StartedAt == nil {
		t.StartedAt = e.StartedAt
	}
	if e.Result != nil {
		t.Result = e.Result
	}
	if e.State.Ended() {
		t.CompletedAt = &e.At
	}
}

// FinishTask ends a task: it records what is left of its events, the last one last, and removes
// the answered request to cancel its workflow. A task that has ended stays as it is.
func FinishTask(ctx context.Context, db *gorm.DB, task uuid.UUID, rest []TaskEvent) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := Lock(tx, task)
		if err != nil {
			return err
		}
		_, err = FinishLocked(tx, row, rest)
		return err
	})
}

// FinishLocked does the work of FinishTask for a row that is locked. It reports whether the task ended by it.
func FinishLocked(tx *gorm.DB, row Task, rest []TaskEvent) (ended bool, err error) {
	if row.State.Ended() {
		return false, nil
	}
	if err := Record(tx, row, rest); err != nil {
		return false, err
	}
	return true, store.DropAnsweredCancel(tx, row.WorkflowID)
}

// LockOpen locks a task of the user that can be cancelled. One that has ended is a Conflict.
func LockOpen(tx *gorm.DB, user, id uuid.UUID) (Task, error) {
	row, err := Lock(tx, id)
	switch {
	case err != nil:
		return row, err
	case row.UserID != user:
		return row, store.Missing("task", id)
	case row.State.Ended():
		return row, store.Errorf(store.Conflict, "The task has already finished.")
	}
	return row, nil
}

// EnqueueCancel enqueues the message that cancels the workflow of a locked task. It removes the
// message that starts it, and returns that; nil: it was dispatched already.
func EnqueueCancel(tx *gorm.DB, row Task, message store.OutboxMessage) (unstarted *store.OutboxMessage, err error) {
	var starts []store.OutboxMessage
	err = tx.Clauses(clause.Returning{}).Where("workflow_id = ? AND action = ?", row.WorkflowID, store.OutboxStart).Delete(&starts).Error
	if err != nil {
		return nil, err
	}
	if len(starts) > 0 {
		unstarted = &starts[0]
	}
	// Also for an unstarted one: its start may be in progress at this moment.
	return unstarted, store.Enqueue(tx.Statement.Context, tx, message)
}

// CancelledEvent returns the last event of a cancelled task.
func CancelledEvent(seq int64, progress int, at time.Time) TaskEvent {
	return TaskEvent{
		Seq: seq, State: TaskError, Progress: progress, Step: "cancelled", Message: "Cancelled", At: at,
		Fault: &TaskFault{Code: FaultCancelled, Message: "The task was cancelled.", CancelledByUser: true},
	}
}

// StaleTasks returns a page of the open tasks whose row has not moved since the given time, by
// their ids, after the given one. Tasks that wait in a queue are left out.
func StaleTasks(ctx context.Context, db *gorm.DB, since time.Time, after uuid.UUID, limit int) ([]Task, error) {
	var tasks []Task
	err := db.WithContext(ctx).
		Where("state IN ?", []TaskState{TaskQueued, TaskRunning}).Where("updated_at < ? AND id > ?", since, after).
		Where("NOT EXISTS (SELECT 1 FROM outbox o WHERE o.workflow_id = tasks.workflow_id AND o.held)").
		Order("id").Limit(limit).Find(&tasks).Error
	return tasks, err
}
