package models

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Spaces of derived ids. They are part of the stored data: never change one.
var (
	taskSpace   = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d01")
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

// CreateGeneration commits a task, its provisional course and the promise to
// start its workflow, all or nothing. A task of the same id (the same user and
// key) is returned instead, with replayed true; if it belongs to another request
// the error is ReusedKey.
func CreateGeneration(ctx context.Context, db *gorm.DB, task Task, course Course, promise OutboxEntry) (made Task, replayed bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		created := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&task)
		if created.Error != nil {
			return created.Error
		}
		if created.RowsAffected == 0 {
			replayed = true
			return nil
		}
		first := TaskEvent{
			TaskID: task.ID, Seq: task.Seq, State: task.State, Progress: task.Progress,
			Step: task.Step, Message: task.Message, At: task.CreatedAt,
		}
		for _, row := range []any{&course, &first, &promise} {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !replayed {
		return task, false, err
	}
	return replay(ctx, db, task)
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
		ID: id, UserID: user, CourseID: course, TaskType: TaskCourseGeneration,
		State: TaskQueued, Seq: 1, Step: StepQueued, Message: "Waiting to start",
		CreatedAt: now, UpdatedAt: now,
	}
}

// StepQueued is the step of a task that nobody works on yet.
const StepQueued = "queued"
