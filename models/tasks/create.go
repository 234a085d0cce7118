package tasks

import (
	"bytes"
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// IDSpace is the space of derived ids of tasks. It is part of the stored data: never change it.
var IDSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d01")

// FirstEvent returns the first event of a task.
func FirstEvent(task Task) TaskEvent {
	return TaskEvent{
		TaskID: task.ID, Seq: task.Seq, State: task.State, Progress: task.Progress,
		Step: task.Step, Message: task.Message, At: task.CreatedAt,
	}
}

// Replay returns the task of an earlier, equal request.
func Replay(ctx context.Context, db *gorm.DB, again Task) (Task, bool, error) {
	var there Task
	if err := db.WithContext(ctx).First(&there, "id = ?", again.ID).Error; err != nil {
		return Task{}, false, err
	}
	if !bytes.Equal(there.RequestHash, again.RequestHash) {
		return Task{}, false, store.Errorf(store.ReusedKey, "This Idempotency-Key belongs to another request.")
	}
	return there, true, nil
}

// NewTask returns a task as a client first sees it: queued, with its first event.
func NewTask(id, user, course uuid.UUID, now time.Time) Task {
	return Task{
		ID: id, UserID: user, ResultID: course, TaskType: TaskCourseGeneration,
		State: TaskQueued, Seq: 1, Step: StepQueued, Message: "Waiting to start",
		CreatedAt: now, UpdatedAt: now,
	}
}

// StepQueued is the step of a task that has not started.
const StepQueued = "queued"

// LockQueue locks a user's queue until the transaction ends.
func LockQueue(tx *gorm.DB, user uuid.UUID) error {
	return tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended('generations ' || ?, 0))", user.String()).Error
}

// Exists reports whether there is a task of an id.
func Exists(tx *gorm.DB, id uuid.UUID) (bool, error) {
	var n int64
	err := tx.Model(&Task{}).Where("id = ?", id).Count(&n).Error
	return n > 0, err
}
