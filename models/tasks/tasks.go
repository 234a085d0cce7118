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

// RecordEvents appends events to a task and updates the row with them.
// Key: task and seq; events that are there already are passed over. The error is
// Conflict when the task has ended, unless it has all of them.
func RecordEvents(ctx context.Context, db *gorm.DB, task uuid.UUID, events []TaskEvent) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := Lock(tx, task)
		if err != nil {
			return err
		}
		return Record(tx, row, events)
	})
}

// Lock locks a task; one that does not exist is not found.
func Lock(tx *gorm.DB, id uuid.UUID) (Task, error) {
	return find(tx.Clauses(clause.Locking{Strength: "UPDATE"}), id)
}

// Record does the work of RecordEvents for a row that is locked.
func Record(tx *gorm.DB, row Task, events []TaskEvent) error {
	fresh := make([]TaskEvent, 0, len(events))
	for _, e := range events {
		if e.Seq > row.Seq {
			e.TaskID = row.ID
			fresh = append(fresh, e)
		}
	}
	if len(fresh) == 0 {
		return nil
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
	if err := RecordEnd(tx, row, rest); err != nil {
		return false, err
	}
	return true, store.DropAnsweredCancel(tx, row.WorkflowID)
}

// RecordEnd records the rest of the events of a locked open task. The last event comes last, also
// after one that its author did not know of.
func RecordEnd(tx *gorm.DB, row Task, rest []TaskEvent) error {
	rest = slices.Clone(rest)
	last := &rest[len(rest)-1]
	last.Seq = max(last.Seq, row.Seq+1)
	return Record(tx, row, rest)
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
