package learning

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
)

// EventKind is the kind of a learning event.
type EventKind string

// The learning events that count for days, streaks and minutes.
const (
	LessonCompleted EventKind = "lesson_completed"
	CourseCompleted EventKind = "course_completed"
	QuizPassed      EventKind = "quiz_passed"
	Reviewed        EventKind = "reviewed"
	Studied         EventKind = "studied" // minutes with a lesson that is not completed yet
)

// Event is something a learner did at a time.
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

// recordEvent records a learning event in the ledger transaction of its fact. It writes the event,
// the day and with it the streak, the points of the rule for the source ("" earns none of its own),
// and the points of the day's first event. Key: the rule and source; recording them again changes
// nothing.
func (b *ledgerTx) recordEvent(event Event, rule gamification.Rule, source string) error {
	if rule != "" {
		made, err := b.earn(rule, source, gamification.PointsFor(rule), event.At, nil)
		if err != nil || made == nil {
			return err
		}
	}
	if err := b.tx.Create(&event).Error; err != nil {
		return err
	}
	if !event.Kind.keepsStreak() {
		return nil
	}
	if err := b.firstOfDay(event.At); err != nil {
		return err
	}
	return b.learnedOn(b.calendar.Day(event.At))
}

// finish flushes the ledger and enqueues the unlocking of what the user has reached by what has changed in it
// and by the facts that the event has raised besides.
func (b *ledgerTx) finish(event uuid.UUID, f notify.Enqueuer, raised ...gamification.Fact) error {
	if err := b.flush(); err != nil {
		return err
	}
	reached, err := b.reached(raised...)
	if err != nil || !reached {
		return err
	}
	return f.EnqueueUnlock(b.tx, b.user, event)
}

// keepsStreak reports whether an event makes its day count for the streak.
func (k EventKind) keepsStreak() bool {
	return k == LessonCompleted || k == QuizPassed || k == Reviewed
}
