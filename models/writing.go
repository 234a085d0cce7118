package models

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// CourseToWrite is the course of a generation that is under way, with the
// lessons it has so far. A deleted course is not found; one that is no longer
// GENERATING is a Conflict, which tells a late activity to stop.
func CourseToWrite(ctx context.Context, db *gorm.DB, id uuid.UUID) (Course, error) {
	var c Course
	err := db.WithContext(ctx).First(&c, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return c, Missing("course", id)
	}
	if err != nil {
		return c, err
	}
	if c.Status != CourseGenerating {
		return c, Errorf(Conflict, "The course is not being generated.")
	}
	err = db.WithContext(ctx).Where("course_id = ?", id).Order("position").Find(&c.Lessons).Error
	return c, err
}

// changeWriting runs change on the locked course while it is being generated.
func changeWriting(ctx context.Context, db *gorm.DB, id uuid.UUID, change func(tx *gorm.DB, c Course) error) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := lockCourse(tx, id); err != nil {
			return err
		}
		c, err := CourseToWrite(ctx, tx, id)
		if err != nil {
			return err
		}
		return change(tx, c)
	})
}

// SaveOutline keeps the course's plan and its lessons, still empty. A course
// that has lessons already keeps those: the first outline stays.
func SaveOutline(ctx context.Context, db *gorm.DB, plan Course) (Course, error) {
	var kept Course
	err := changeWriting(ctx, db, plan.ID, func(tx *gorm.DB, c Course) error {
		if len(c.Lessons) > 0 {
			kept = c
			return nil
		}
		c.Title, c.Summary, c.Description, c.Tags = plan.Title, plan.Summary, plan.Description, plan.Tags
		c.EstimatedDurationHours, c.Generation, c.UpdatedAt = plan.EstimatedDurationHours, plan.Generation, plan.UpdatedAt
		if err := tx.Save(&c).Error; err != nil {
			return err
		}
		kept = c
		kept.Lessons = plan.Lessons
		return tx.Create(&plan.Lessons).Error
	})
	return kept, err
}

// SaveLesson keeps a lesson's text under a revision. A lesson that has this
// revision or a later one stays as it is, so saving twice writes once.
func SaveLesson(ctx context.Context, db *gorm.DB, text Lesson) error {
	return changeWriting(ctx, db, text.CourseID, func(tx *gorm.DB, _ Course) error {
		return tx.Model(&Lesson{}).Where("id = ? AND revision < ?", text.ID, text.Revision).Updates(map[string]any{
			"content": text.Content, "revision": text.Revision, "written_at": text.WrittenAt, "updated_at": text.UpdatedAt,
			"input_tokens":  gorm.Expr("input_tokens + ?", text.InputTokens),
			"output_tokens": gorm.Expr("output_tokens + ?", text.OutputTokens),
		}).Error
	})
}

// SavePractice replaces a lesson's items by those made from a revision of its
// text. Items of that revision or a later one stay, so saving twice writes once.
func SavePractice(ctx context.Context, db *gorm.DB, lesson Lesson, items []Item) error {
	return changeWriting(ctx, db, lesson.CourseID, func(tx *gorm.DB, _ Course) error {
		moved := tx.Model(&Lesson{}).Where("id = ? AND practice_revision < ?", lesson.ID, lesson.PracticeRevision).
			Updates(map[string]any{
				"practice_revision": lesson.PracticeRevision, "updated_at": lesson.UpdatedAt,
				"input_tokens":  gorm.Expr("input_tokens + ?", lesson.InputTokens),
				"output_tokens": gorm.Expr("output_tokens + ?", lesson.OutputTokens),
			})
		if moved.Error != nil || moved.RowsAffected == 0 {
			return moved.Error
		}
		if err := tx.Where("lesson_id = ?", lesson.ID).Delete(&Item{}).Error; err != nil {
			return err
		}
		return tx.Create(&items).Error
	})
}

// SettleGeneration ends a generation: the rest of the story with its last
// event, and the course's final status, in one transaction. A last event of
// TaskDone makes the course READY; otherwise the course keeps its finished
// lessons as PARTIAL, or is in ERROR when there is none. Settling a task that has
// ended changes nothing.
func SettleGeneration(ctx context.Context, db *gorm.DB, task uuid.UUID, rest []TaskEvent, gen Generation) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := lockTask(tx, task)
		if err != nil || row.State.Ended() {
			return err
		}
		return settle(tx, row, rest, gen)
	})
}

// settle ends a locked task with the rest of its story, and its course.
func settle(tx *gorm.DB, row Task, rest []TaskEvent, gen Generation) error {
	if err := record(tx, row, rest); err != nil {
		return err
	}
	last := rest[len(rest)-1]
	err := changeWriting(tx.Statement.Context, tx, row.CourseID, func(tx *gorm.DB, c Course) error {
		c.Status = settledStatus(last.State, c.Lessons)
		c.UpdatedAt = last.At
		if c.Status == CourseReady {
			c.PublishedAt = &last.At
		}
		if gen.GeneratedAt != nil {
			gen.InputTokens, gen.OutputTokens = c.Generation.InputTokens, c.Generation.OutputTokens
			for _, l := range c.Lessons {
				gen.InputTokens += l.InputTokens
				gen.OutputTokens += l.OutputTokens
			}
			c.Generation = gen
		}
		return tx.Save(&c).Error
	})
	// The course may have been deleted meanwhile; the task's end stands.
	if code := CodeOf(err); code == NotFound || code == Conflict {
		return nil
	}
	return err
}

func settledStatus(state TaskState, lessons []Lesson) CourseStatus {
	if state == TaskDone {
		return CourseReady
	}
	for _, l := range lessons {
		if l.Revision > 0 {
			return CoursePartial
		}
	}
	return CourseError
}
