package courses

import (
	"context"
	"maps"
	"time"

	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// CreateRegeneration commits a task that writes parts of a course again, and the outbox
// message that starts its workflow. The course must be the user's own and not be
// under way (Conflict), nor be on a topic that the rules refuse
// (TopicNotAllowed). A READY course stays so and can be read meanwhile. For
// the same user and key the earlier task is returned, as by CreateGeneration.
func CreateRegeneration(ctx context.Context, db *gorm.DB, task tasks.Task, preferences store.Object, message store.OutboxMessage, quota Quota) (made tasks.Task, replayed bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, task.UserID); err != nil {
			return err
		}
		if there, err := tasks.Exists(tx, task.ID); err != nil || there {
			replayed = there
			return err
		}
		course, err := ownCourse(ctx, tx, task.UserID, task.ResultID)
		if err != nil {
			return err
		}
		if err := specFits(task.Spec, course); err != nil {
			return err
		}
		if err := moderation.RefuseTopic(ctx, tx, course.Locale, append(course.Asked(), moderation.TextsOf(preferences)...)...); err != nil {
			return err
		}
		if replayed, err = openTask(tx, &task, course, &message, quota); err != nil || replayed {
			return err
		}
		return reopen(tx, course, preferences, task.CreatedAt)
	})
	if store.IsUniqueViolation(err, "tasks_result_open_key") {
		return task, false, store.Errorf(store.Conflict, "The course is being written at this moment.")
	}
	if err != nil || !replayed {
		return task, false, err
	}
	return tasks.Replay(ctx, db, task)
}

// specFits returns an error for a section or a lesson that the course does not have.
func specFits(s tasks.TaskSpec, c Course) error {
	if s.LessonID != nil {
		for _, l := range c.Lessons {
			if l.ID == *s.LessonID {
				return nil
			}
		}
		return store.BadField("body", "/lesson_id", "is no lesson of this course")
	}
	if s.Section != tasks.SectionLessons && len(c.Lessons) == 0 {
		return store.Errorf(store.Conflict, "The course has no lessons yet: regenerate those first.")
	}
	return nil
}

// reopen lets a course be written again. What is published stays published.
func reopen(tx *gorm.DB, c Course, preferences store.Object, now time.Time) error {
	if c.Status != CourseReady {
		c.Status = CourseGenerating
	}
	if c.Preferences == nil {
		c.Preferences = map[string]any{}
	}
	maps.Copy(c.Preferences, preferences)
	c.UpdatedAt = now
	return tx.Save(&c).Error
}
