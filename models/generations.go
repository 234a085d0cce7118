package models

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// taskSpace is the space of derived ids of tasks. It is part of the stored data: never change it.
var taskSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d01")

// Spaces of derived ids. They are part of the stored data: never change one.
var (
	courseSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d02")
	lessonSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d03")
	itemSpace   = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d04")
)

// GenerationIDs are the ids of the task and the course that a request makes.
// With an idempotency key they are the same each time the same user sends it.
func GenerationIDs(user uuid.UUID, key *string) (task, course uuid.UUID) {
	task = NewID()
	if key != nil {
		task = DerivedID(taskSpace, user.String(), *key)
	}
	return task, DerivedID(courseSpace, task.String())
}

// LessonID is the id of a course's lesson at a position.
func LessonID(course uuid.UUID, position int) uuid.UUID {
	return DerivedID(lessonSpace, course.String(), strconv.Itoa(position))
}

// ItemID is the id of a lesson's item at a position.
func ItemID(lesson uuid.UUID, position int) uuid.UUID {
	return DerivedID(itemSpace, lesson.String(), strconv.Itoa(position))
}

// Request is a course to be made: the rows it begins with.
type Request struct {
	Task   Task
	Course Course
	// Sources are the learner's own material to write from, in order.
	Sources []uuid.UUID
	Promise OutboxEntry
}

// CreateGeneration commits a task, its provisional course and the promise to
// start its workflow, all or nothing. The promise is held when the user has as
// many generations running as the quota allows; with the day's tokens used up the
// error is RateLimited; a topic that the rules do not let through is TopicNotAllowed. A task of the same id (the same user and key) is returned
// instead, with replayed true; if it belongs to another request the error is ReusedKey.
func CreateGeneration(ctx context.Context, db *gorm.DB, r Request, quota Quota) (made Task, replayed bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) (err error) {
		if replayed, err = openTask(tx, &r.Task, &r.Promise, quota); err != nil || replayed {
			return err
		}
		if err := RefuseTopic(ctx, tx, r.Course.Locale, r.Course.Asked()...); err != nil {
			return err
		}
		if err := r.Course.takeMaterial(r.Sources); err != nil {
			return err
		}
		if err := tx.Create(&r.Course).Error; err != nil {
			return err
		}
		return useSources(tx, r.Course.ID, r.Task.UserID, r.Sources)
	})
	if err != nil || !replayed {
		return r.Task, false, err
	}
	return replay(ctx, db, r.Task)
}

// openTask stores a task with its first event and its promise, unless the task
// is there already.
func openTask(tx *gorm.DB, task *Task, promise *OutboxEntry, quota Quota) (replayed bool, err error) {
	if err := isActive(tx, task.UserID); err != nil {
		return false, err
	}
	if err := lockLine(tx, task.UserID); err != nil {
		return false, err
	}
	if there, err := taskExists(tx, task.ID); err != nil || there {
		return there, err
	}
	if err := quota.queue(tx, task, promise); err != nil {
		return false, err
	}
	first := firstEvent(*task)
	for _, row := range []any{task, &first, promise} {
		if err := tx.Create(row).Error; err != nil {
			return false, err
		}
	}
	return false, nil
}

// firstEvent is how a task's story begins.
func firstEvent(task Task) TaskEvent {
	return TaskEvent{
		TaskID: task.ID, Seq: task.Seq, State: task.State, Progress: task.Progress,
		Step: task.Step, Message: task.Message, At: task.CreatedAt,
	}
}

// replay finds the task that an earlier, equal request made.
func replay(ctx context.Context, db *gorm.DB, again Task) (Task, bool, error) {
	var there Task
	if err := db.WithContext(ctx).First(&there, "id = ?", again.ID).Error; err != nil {
		return Task{}, false, err
	}
	if !bytes.Equal(there.RequestHash, again.RequestHash) {
		return Task{}, false, Errorf(ReusedKey, "This Idempotency-Key belongs to another request.")
	}
	return there, true, nil
}

// NewTask is a task as a client first sees it: queued, with the first event of its story.
func NewTask(id, user, course uuid.UUID, now time.Time) Task {
	return Task{
		ID: id, UserID: user, ResultID: course, TaskType: TaskCourseGeneration,
		State: TaskQueued, Seq: 1, Step: StepQueued, Message: "Waiting to start",
		CreatedAt: now, UpdatedAt: now,
	}
}

// StepQueued is the step of a task that nobody works on yet.
const StepQueued = "queued"
