package learning

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
)

// EventKind is a deed of learning.
type EventKind string

// Every deed that counts for days, streaks and minutes.
const (
	LessonCompleted EventKind = "lesson_completed"
	CourseCompleted EventKind = "course_completed"
	QuizPassed      EventKind = "quiz_passed"
	Reviewed        EventKind = "reviewed"
	Studied         EventKind = "studied" // minutes with a lesson that is not completed yet
)

// Event is a deed of a learner's at a time.
type Event struct {
	ID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID   uuid.UUID `gorm:"type:uuid"`
	Kind     EventKind
	CourseID *uuid.UUID `gorm:"type:uuid"` // kept when the course is deleted
	Minutes  int
	At       time.Time
}

// TableName is the table's name.
func (Event) TableName() string { return "learning_events" }

// recordEvent notes a deed of learning in an open book, in the transaction of its fact: the
// event, the day and with it the streak, the points of the rule for the source ("" earns
// none of its own), and those of the day's first deed. The same rule and source again
// changes nothing, the event included.
func (b *ledgerTx) recordEvent(deed Event, rule gamification.Rule, source string) error {
	if rule != "" {
		made, err := b.earn(rule, source, gamification.PointsFor(rule), deed.At, nil)
		if err != nil || made == nil {
			return err
		}
	}
	if err := b.tx.Create(&deed).Error; err != nil {
		return err
	}
	if !deed.Kind.keepsStreak() {
		return nil
	}
	if err := b.firstOfDay(deed.At); err != nil {
		return err
	}
	return b.learnedOn(b.calendar.Day(deed.At))
}

// finish writes the book and has achievements looked at after a deed, if there was any.
func (b *ledgerTx) finish(deed uuid.UUID, f notify.Enqueuer) error {
	if !b.changed {
		return nil
	}
	if err := b.flush(); err != nil {
		return err
	}
	return f.EnqueueUnlock(b.tx, b.user, deed)
}

// keepsStreak tells whether a deed makes its day one of learning.
func (k EventKind) keepsStreak() bool {
	return k == LessonCompleted || k == QuizPassed || k == Reviewed
}
