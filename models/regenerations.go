package models

import (
	"context"
	"maps"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Sections of a course that can be written again.
const (
	SectionLessons = "lessons"
	SectionItems   = "content_items"
	SectionSummary = "summary"
)

// TaskSpec is what a task was asked for beyond its kind.
type TaskSpec struct {
	// Review has the plan wait for its learner's word.
	Review bool `json:"review,omitempty"`
	// Section and LessonID say what to write again; no lesson means all of them.
	Section  string     `json:"section,omitempty"`
	LessonID *uuid.UUID `json:"lesson_id,omitempty"`
	// Everyone has a broadcast go to all, not to those who were named.
	Everyone bool `json:"everyone,omitempty"`
}

// CreateRegeneration commits a task that writes parts of a course again, and the
// promise to start its workflow. The course must be the user's own and not be
// under way (Conflict), nor be on a topic that the rules do not let through by now
// (TopicNotAllowed). A READY course stays so and can be read meanwhile. For
// the same user and key the earlier task is returned, as by CreateGeneration.
func CreateRegeneration(ctx context.Context, db *gorm.DB, task Task, preferences map[string]any, promise OutboxEntry, quota Quota) (made Task, replayed bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := isActive(tx, task.UserID); err != nil {
			return err
		}
		if there, err := taskExists(tx, task.ID); err != nil || there {
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
		if err := RefuseTopic(ctx, tx, course.Locale, append(course.Asked(), textsOf(preferences)...)...); err != nil {
			return err
		}
		if replayed, err = openTask(tx, &task, &promise, quota); err != nil || replayed {
			return err
		}
		return reopen(tx, course, preferences, task.CreatedAt)
	})
	if uniqueViolation(err, "tasks_result_open_key") {
		return task, false, Errorf(Conflict, "The course is being written at this moment.")
	}
	if err != nil || !replayed {
		return task, false, err
	}
	return replay(ctx, db, task)
}

func taskExists(tx *gorm.DB, id uuid.UUID) (bool, error) {
	var n int64
	err := tx.Model(&Task{}).Where("id = ?", id).Count(&n).Error
	return n > 0, err
}

// specFits returns an error for a section or a lesson that the course does not have.
func specFits(s TaskSpec, c Course) error {
	if s.LessonID != nil {
		for _, l := range c.Lessons {
			if l.ID == *s.LessonID {
				return nil
			}
		}
		return BadField("body", "/lesson_id", "is no lesson of this course")
	}
	if s.Section != SectionLessons && len(c.Lessons) == 0 {
		return Errorf(Conflict, "The course has no lessons yet: regenerate those first.")
	}
	return nil
}

// reopen lets a course be written again. What is published stays published.
func reopen(tx *gorm.DB, c Course, preferences map[string]any, now time.Time) error {
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
