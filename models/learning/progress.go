package learning

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// CourseProgress is how far a learner is in a course.
type CourseProgress struct {
	UserID          uuid.UUID  `gorm:"type:uuid;primaryKey"`
	CourseID        uuid.UUID  `gorm:"type:uuid;primaryKey"`
	CurrentLessonID *uuid.UUID `gorm:"type:uuid"`
	Minutes         int
	StartedAt       time.Time
	LastAccessedAt  time.Time
	CompletedAt     *time.Time
}

// TableName is singular: progress has no plural.
func (CourseProgress) TableName() string { return "course_progress" }

// LessonCompletion is that a learner has completed a lesson, which happens once.
type LessonCompletion struct {
	UserID      uuid.UUID `gorm:"type:uuid;primaryKey"`
	LessonID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	CourseID    uuid.UUID `gorm:"type:uuid"`
	Minutes     int
	CompletedAt time.Time
}

// Progress is how far a learner is in a course, counted anew each time.
type Progress struct {
	CourseID         uuid.UUID
	UserID           uuid.UUID
	Percent          int         // of the lessons there are; 100 only with all of them
	CompletedLessons []uuid.UUID // in the course's order
	CurrentLessonID  *uuid.UUID
	Minutes          int
	StartedAt        *time.Time // nil: not yet
	LastAccessedAt   *time.Time
	CompletedAt      *time.Time
}

// ProgressOf returns the viewer's own progress in a course they may see, or had begun when they could: it stays
// theirs. Somebody who has not begun is at the beginning.
func ProgressOf(ctx context.Context, db *gorm.DB, viewer, course uuid.UUID) (Progress, error) {
	var found []courses.Course
	err := db.WithContext(ctx).Limit(1).Find(&found, "courses.id = @id AND ("+moderation.CourseSeen("courses")+
		" OR EXISTS (SELECT FROM course_progress begun WHERE begun.course_id = courses.id AND begun.user_id = @viewer))",
		map[string]any{"id": course, "viewer": viewer}).Error
	if err != nil || len(found) == 0 {
		return Progress{}, store.OrMissing(err, "course", course)
	}
	return progressIn(db.WithContext(ctx), viewer, found[0])
}

// step is a lesson as progress sees it.
type step struct {
	ID          uuid.UUID
	Written     bool
	CompletedAt *time.Time
}

func stepsOf(tx *gorm.DB, user, course uuid.UUID) (steps []step, err error) {
	err = tx.Raw(`SELECT l.id, l.revision > 0 AS written, d.completed_at FROM lessons l
		LEFT JOIN lesson_completions d ON d.lesson_id = l.id AND d.user_id = ?
		WHERE l.course_id = ? ORDER BY l.position`, user, course).Scan(&steps).Error
	return steps, err
}

func progressIn(tx *gorm.DB, user uuid.UUID, c courses.Course) (Progress, error) {
	p := Progress{CourseID: c.ID, UserID: user, CompletedLessons: []uuid.UUID{}}
	steps, err := stepsOf(tx, user, c.ID)
	if err != nil {
		return p, err
	}
	var next *uuid.UUID
	for _, s := range steps {
		switch {
		case s.CompletedAt != nil:
			p.CompletedLessons = append(p.CompletedLessons, s.ID)
		case next == nil:
			next = &s.ID
		}
	}
	if len(steps) > 0 {
		p.Percent = 100 * len(p.CompletedLessons) / len(steps)
	}
	var rows []CourseProgress
	if err := tx.Find(&rows, "user_id = ? AND course_id = ?", user, c.ID).Error; err != nil || len(rows) == 0 {
		p.CurrentLessonID = next
		return p, err
	}
	r := rows[0]
	p.CurrentLessonID, p.Minutes, p.CompletedAt = r.CurrentLessonID, r.Minutes, r.CompletedAt
	p.StartedAt, p.LastAccessedAt = &r.StartedAt, &r.LastAccessedAt
	return p, nil
}

// Study is what a learner did with a lesson.
type Study struct {
	UserID    uuid.UUID
	CourseID  uuid.UUID
	LessonID  uuid.UUID
	Completed bool // false: they have not finished it
	Minutes   int
	At        time.Time
	Key       IdempotencyKey
}

// StudyLesson records what a learner did with a lesson of a course they may see, and returns their
// progress after that. A lesson is completed once and stays completed; minutes count up to that.
// The first completion earns points, and so does that of the last lesson of a READY course. A
// request with a key counts once.
func StudyLesson(ctx context.Context, db *gorm.DB, s Study, now time.Time, f notify.Enqueuer) (Progress, error) {
	var after Progress
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, s.UserID); err != nil {
			return err
		}
		c, err := courses.FindVisible(tx, s.UserID, s.CourseID)
		if err != nil {
			return err
		}
		_, err = once(tx, s.UserID, s.Key, now, &struct{}{}, func() error { return s.note(tx, c, f) })
		if err != nil {
			return err
		}
		after, err = progressIn(tx, s.UserID, c)
		return err
	})
	return after, err
}

func (s Study) note(tx *gorm.DB, c courses.Course, f notify.Enqueuer) error {
	gains := gainsOn(s.At, gain{gamification.RuleLessonCompleted, s.LessonID.String()}, gain{gamification.RuleCourseCompleted, s.CourseID.String()})
	b, err := beginLedger(tx, s.UserID, s.At, gains...) // one event of a learner at a time
	if err != nil {
		return err
	}
	lesson, err := s.lesson(tx)
	if err != nil {
		return err
	}
	row := CourseProgress{UserID: s.UserID, CourseID: s.CourseID, StartedAt: s.At, LastAccessedAt: s.At}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return err
	}
	if err := tx.First(&row, "user_id = ? AND course_id = ?", s.UserID, s.CourseID).Error; err != nil {
		return err
	}
	eventID := store.NewID()
	if lesson.CompletedAt == nil {
		if err := s.first(b, &row, eventID); err != nil {
			return err
		}
	}
	if err := s.place(tx, c, b, &row); err != nil {
		return err
	}
	if err := tx.Save(&row).Error; err != nil {
		return err
	}
	return b.finish(eventID, f)
}

// lesson finds the lesson in the course. One that is not written yet cannot be completed.
func (s Study) lesson(tx *gorm.DB) (step, error) {
	steps, err := stepsOf(tx, s.UserID, s.CourseID)
	if err != nil {
		return step{}, err
	}
	for _, l := range steps {
		switch {
		case l.ID != s.LessonID:
		case !l.Written:
			return l, store.Errorf(store.Conflict, "The lesson is not written yet.")
		default:
			return l, nil
		}
	}
	return step{}, store.Missing("lesson", s.LessonID)
}

// first records the minutes of a lesson that was not completed before, and its completion.
func (s Study) first(b *ledgerTx, row *CourseProgress, eventID uuid.UUID) error {
	row.Minutes += s.Minutes
	event := Event{ID: eventID, UserID: s.UserID, Kind: Studied, CourseID: &s.CourseID, Minutes: s.Minutes, At: s.At}
	if !s.Completed {
		if s.Minutes == 0 {
			return nil
		}
		return b.recordEvent(event, "", "")
	}
	done := LessonCompletion{UserID: s.UserID, LessonID: s.LessonID, CourseID: s.CourseID, Minutes: s.Minutes, CompletedAt: s.At}
	if err := b.tx.Create(&done).Error; err != nil {
		return err
	}
	event.Kind = LessonCompleted
	if err := b.recordEvent(event, gamification.RuleLessonCompleted, s.LessonID.String()); err != nil {
		return err
	}
	return makeCards(b.tx, s.UserID, s.LessonID, s.At)
}

// place records where the learner is now, and completes the course with its last lesson.
func (s Study) place(tx *gorm.DB, c courses.Course, b *ledgerTx, row *CourseProgress) error {
	steps, err := stepsOf(tx, s.UserID, s.CourseID)
	if err != nil {
		return err
	}
	row.CurrentLessonID = &s.LessonID
	if s.Completed {
		row.CurrentLessonID = nextStep(steps, s.LessonID)
	}
	if s.At.After(row.LastAccessedAt) {
		row.LastAccessedAt = s.At
	}
	if s.At.Before(row.StartedAt) {
		row.StartedAt = s.At
	}
	left := 0
	for _, l := range steps {
		if l.CompletedAt == nil {
			left++
		}
	}
	if left > 0 || row.CompletedAt != nil || c.Status != courses.CourseReady {
		return nil
	}
	row.CompletedAt = &s.At
	event := Event{ID: store.NewID(), UserID: s.UserID, Kind: CourseCompleted, CourseID: &s.CourseID, At: s.At}
	return b.recordEvent(event, gamification.RuleCourseCompleted, s.CourseID.String())
}

// nextStep returns the first lesson after one that is not completed, else the first of all;
// the lesson itself when all are.
func nextStep(steps []step, after uuid.UUID) *uuid.UUID {
	var first, next *uuid.UUID
	passed := false
	for _, s := range steps {
		if s.CompletedAt == nil {
			if first == nil {
				first = &s.ID
			}
			if passed && next == nil {
				next = &s.ID
			}
		}
		passed = passed || s.ID == after
	}
	switch {
	case next != nil:
		return next
	case first != nil:
		return first
	}
	return &after
}
