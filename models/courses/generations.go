package courses

import (
	"context"
	"strconv"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// Spaces of derived ids. They are part of the stored data: never change one.
var (
	courseSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d02")
	lessonSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d03")
	itemSpace   = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d04")
)

// GenerationIDs returns the ids of the task and the course that a request makes.
// With an idempotency key they are the same each time the same user sends it.
func GenerationIDs(user uuid.UUID, key *string) (task, course uuid.UUID) {
	task = store.NewID()
	if key != nil {
		task = store.DerivedID(tasks.IDSpace, user.String(), *key)
	}
	return task, store.DerivedID(courseSpace, task.String())
}

// LessonID returns the id of a course's lesson at a position.
func LessonID(course uuid.UUID, position int) uuid.UUID {
	return store.DerivedID(lessonSpace, course.String(), strconv.Itoa(position))
}

// ItemID returns the id of a lesson's item at a position.
func ItemID(lesson uuid.UUID, position int) uuid.UUID {
	return store.DerivedID(itemSpace, lesson.String(), strconv.Itoa(position))
}

// Request is a course to be made: the rows it begins with.
type Request struct {
	Task   tasks.Task
	Course Course
	// Sources are the learner's own material to write from, in order.
	Sources []uuid.UUID
	Start   store.OutboxMessage
}

// CreateGeneration commits a task, its provisional course and the outbox message that
// starts its workflow, all or nothing. The message waits in the user's queue when as
// many generations run as the quota allows. The error is RateLimited when the day's
// tokens are used up and the course may cost some, and TopicNotAllowed when the rules refuse the topic. A task of the
// same id (the same user and key) is returned instead, with replayed true. If that task
// belongs to another request the error is ReusedKey.
func CreateGeneration(ctx context.Context, db *gorm.DB, r Request, quota Quota) (made tasks.Task, replayed bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) (err error) {
		if replayed, err = openTask(tx, &r.Task, r.Course, &r.Start, quota); err != nil || replayed {
			return err
		}
		if err := moderation.RefuseTopic(ctx, tx, r.Course.Locale, r.Course.Asked()...); err != nil {
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
	return tasks.Replay(ctx, db, r.Task)
}

// openTask stores a task with its first event, its outbox message and an estimate of how long it takes, unless
// the task is there already.
func openTask(tx *gorm.DB, task *tasks.Task, course Course, message *store.OutboxMessage, quota Quota) (replayed bool, err error) {
	if err := accounts.RequireActive(tx, task.UserID); err != nil {
		return false, err
	}
	if err := tasks.LockQueue(tx, task.UserID); err != nil {
		return false, err
	}
	if there, err := tasks.Exists(tx, task.ID); err != nil || there {
		return there, err
	}
	if task.EstimatedMins, err = tasks.UsualMinutes(tx, task.TaskType); err != nil {
		return false, err
	}
	if err := quota.queue(tx, task, course, message); err != nil {
		return false, err
	}
	first := tasks.FirstEvent(*task)
	for _, row := range []any{task, &first, message} {
		if err := tx.Create(row).Error; err != nil {
			return false, err
		}
	}
	return false, nil
}
