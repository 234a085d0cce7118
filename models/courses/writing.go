package courses

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// CourseToWrite returns a course that a task is writing at this moment, with the
// lessons it has so far. A deleted course is not found; one that no open task
// writes is a Conflict, which stops a late activity.
func CourseToWrite(ctx context.Context, db *gorm.DB, id uuid.UUID) (Course, error) {
	c, err := BeingWritten(ctx, db, id)
	if err == nil {
		err = db.WithContext(ctx).Where("course_id = ?", id).Order("position").Find(&c.Lessons).Error
	}
	return c, err
}

// PlanToWrite is CourseToWrite without the texts of lessons and their key terms.
func PlanToWrite(ctx context.Context, db *gorm.DB, id uuid.UUID) (Course, error) {
	c, err := BeingWritten(ctx, db, id)
	if err == nil {
		err = readPlan(db.WithContext(ctx), &c)
	}
	return c, err
}

// readPlan reads the lessons of a course without their texts and key terms.
func readPlan(db *gorm.DB, c *Course) error {
	return db.Omit("content", "key_terms").Where("course_id = ?", c.ID).Order("position").Find(&c.Lessons).Error
}

// ReadText reads the text of a lesson.
func ReadText(ctx context.Context, db *gorm.DB, l *Lesson) error {
	return db.WithContext(ctx).Model(&Lesson{}).Select("content").Where("id = ?", l.ID).Scan(&l.Content).Error
}

// BeingWritten is CourseToWrite without lessons.
func BeingWritten(ctx context.Context, db *gorm.DB, id uuid.UUID) (Course, error) {
	db = db.WithContext(ctx)
	c, err := find(db, id)
	if err == nil {
		err = beingWritten(db, c)
	}
	return c, err
}

// find returns the course of an id among those of a query, without its lessons, else a not-found error.
func find(q *gorm.DB, id uuid.UUID) (c Course, err error) {
	if err = q.First(&c, "id = ?", id).Error; errors.Is(err, gorm.ErrRecordNotFound) {
		err = store.Missing("course", id)
	}
	return c, err
}

// locked is find for a course that stays locked until the transaction ends.
func locked(tx *gorm.DB, id uuid.UUID) (Course, error) {
	return find(tx.Clauses(clause.Locking{Strength: "UPDATE"}), id)
}

// beingWritten returns Conflict for a course that no task writes. A published course keeps its
// status while parts of it are written again, so the task decides.
func beingWritten(db *gorm.DB, c Course) error {
	if c.Status == CourseGenerating {
		return nil
	}
	var open int64
	err := db.Model(&tasks.Task{}).
		Where("result_id = ? AND state IN ?", c.ID, []tasks.TaskState{tasks.TaskQueued, tasks.TaskRunning}).Count(&open).Error
	if err == nil && (c.Status != CourseReady || open == 0) {
		return store.Errorf(store.Conflict, "The course is not being generated.")
	}
	return err
}

// changeWriting runs change on the locked course, without its lessons, while it is being generated. The content rules
// check a public course before the change is visible.
func changeWriting(ctx context.Context, db *gorm.DB, id uuid.UUID, change func(tx *gorm.DB, c Course) error) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		c, err := locked(tx, id)
		if err != nil {
			return err
		}
		if err := beingWritten(tx, c); err != nil {
			return err
		}
		if err := change(tx, c); err != nil {
			return err
		}
		return reviewCourse(tx, &c)
	})
}

// SaveOutline stores the course's plan and its lessons, still empty, and the locale it is written in. A course
// that has lessons already keeps them: the first outline stays.
func SaveOutline(ctx context.Context, db *gorm.DB, plan Course) (Course, error) {
	var kept Course
	err := changeWriting(ctx, db, plan.ID, func(tx *gorm.DB, c Course) error {
		if err := readPlan(tx, &c); err != nil || len(c.Lessons) > 0 {
			kept = c
			return err
		}
		c.Title, c.Summary, c.Description, c.Tags = plan.Title, plan.Summary, plan.Description, plan.Tags
		c.Locale, c.Generation, c.UpdatedAt = plan.Locale, plan.Generation, plan.UpdatedAt
		c.Lessons = plan.Lessons
		kept = c
		return savePlan(tx, c)
	})
	return kept, err
}

// savePlan saves a course with the new lessons of its plan, whose minutes are those of the plan.
func savePlan(tx *gorm.DB, c Course) error {
	c.EstimatedDurationHours = hoursOf(c.Lessons)
	err := tx.Model(&c).Select("title", "summary", "description", "tags", "locale", "generation", "estimated_duration_hours", "updated_at").Updates(&c).Error
	if err != nil {
		return err
	}
	return tx.Create(&c.Lessons).Error
}

// SaveLesson stores a lesson's text under a revision, and the time that it takes. A lesson that has this
// revision or a later one stays as it is, so saving twice writes once.
func SaveLesson(ctx context.Context, db *gorm.DB, text Lesson) error {
	text.fill()
	return changeWriting(ctx, db, text.CourseID, func(tx *gorm.DB, c Course) error {
		practice, err := practiceOf(tx, text)
		if err != nil {
			return err
		}
		saved := tx.Model(&Lesson{}).Where("id = ? AND revision < ?", text.ID, text.Revision).Updates(map[string]any{
			"content": text.Content, "revision": text.Revision, "written_at": text.WrittenAt, "updated_at": text.UpdatedAt,
			"reading_level": text.ReadingLevel, "quality_score": text.QualityScore, "quality": store.AsJSON(text.Quality),
			"citations": store.AsJSON(text.Citations), "claims_cut": text.ClaimsCut,
			"estimated_duration_minutes": quality.LessonMinutes(text.Content, questionsOf(practice)),
		})
		if saved.Error != nil || saved.RowsAffected == 0 {
			return saved.Error
		}
		if text.Revision > 1 || len(text.Quotations) > 0 {
			if err := passages.Cite(tx, text.ID, quotations(text)); err != nil {
				return err
			}
		}
		if c.Status == CourseGenerating { // with the practice, which follows
			return nil
		}
		return saveHours(tx, c)
	})
}

// SavePractice replaces the items Lyo wrote for a lesson, which comes with its text, by those of a later
// revision, and the lesson's time by the time that its questions take. Items of that revision or a later one
// stay, so saving twice writes once; items found outside stay as they are.
func SavePractice(ctx context.Context, db *gorm.DB, lesson Lesson, items []Item) error {
	lesson.fill()
	return changeWriting(ctx, db, lesson.CourseID, func(tx *gorm.DB, c Course) error {
		moved := tx.Model(&Lesson{}).Where("id = ? AND practice_revision < ?", lesson.ID, lesson.PracticeRevision).
			Updates(map[string]any{
				"practice_revision": lesson.PracticeRevision, "updated_at": lesson.UpdatedAt,
				"key_terms": store.AsJSON(lesson.KeyTerms), "quiz_asked": lesson.QuizAsked, "quiz_agreed": lesson.QuizAgreed,
				"estimated_duration_minutes": quality.LessonMinutes(lesson.Content, questionsOf(items)),
			})
		if moved.Error != nil || moved.RowsAffected == 0 {
			return moved.Error
		}
		if lesson.PracticeRevision > 1 {
			if err := tx.Where("lesson_id = ? AND source = ?", lesson.ID, SourceLyo).Delete(&Item{}).Error; err != nil {
				return err
			}
		}
		if err := tx.Create(&items).Error; err != nil {
			return err
		}
		return saveHours(tx, c)
	})
}

// EarlierQuizzes returns the questions that were written for the lessons of a course before a position.
func EarlierQuizzes(ctx context.Context, db *gorm.DB, course uuid.UUID, position int) ([]QuizQuestion, error) {
	var items []Item
	err := db.WithContext(ctx).Select("items.quiz").Joins("JOIN lessons ON lessons.id = items.lesson_id").
		Where("items.course_id = ? AND items.type = 'quiz' AND items.source = ? AND lessons.position < ?", course, SourceLyo, position).
		Order("lessons.position, items.position").Find(&items).Error
	var asked []QuizQuestion
	for _, item := range items {
		asked = append(asked, item.Quiz...)
	}
	return asked, err
}

// SaveSummary stores a course's summary and description.
func SaveSummary(ctx context.Context, db *gorm.DB, course uuid.UUID, summary, description string, now time.Time) error {
	return changeWriting(ctx, db, course, func(tx *gorm.DB, c Course) error {
		c.Summary, c.Description, c.UpdatedAt = summary, description, now
		return tx.Model(&c).Select("summary", "description", "updated_at").Updates(&c).Error
	})
}

// ReplacePlan replaces a plan of which nothing is written yet. The error is Conflict
// once a lesson is written.
func ReplacePlan(ctx context.Context, db *gorm.DB, plan Course) error {
	return changeWriting(ctx, db, plan.ID, func(tx *gorm.DB, c Course) error {
		if err := readPlan(tx, &c); err != nil {
			return err
		}
		for _, l := range c.Lessons {
			if l.Revision > 0 {
				return store.Errorf(store.Conflict, "The course is being written already.")
			}
		}
		if err := tx.Delete(&Lesson{}, "course_id = ?", c.ID).Error; err != nil {
			return err
		}
		c.Title, c.UpdatedAt, c.Lessons = plan.Title, plan.UpdatedAt, plan.Lessons
		return savePlan(tx, c)
	})
}
