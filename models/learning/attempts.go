package learning

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// QuizAttempt is what a learner answered to a quiz, and how that was graded. It never changes.
type QuizAttempt struct {
	ID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID   uuid.UUID `gorm:"type:uuid"`
	CourseID uuid.UUID `gorm:"type:uuid"`
	LessonID uuid.UUID `gorm:"type:uuid"`
	ItemID   uuid.UUID `gorm:"type:uuid"`
	Score    float64   // 0 to 1
	Passed   bool
	Answers  json.RawMessage `gorm:"type:jsonb"`
	Results  json.RawMessage `gorm:"type:jsonb"`
	At       time.Time
}

// QuizResult is how one question was answered.
type QuizResult struct {
	QuestionID  string `json:"question_id"`
	Correct     bool   `json:"correct"`
	Explanation string `json:"explanation"` // "" for a question that was not answered
}

// AttemptRequest is a learner's answers to a quiz, by question.
type AttemptRequest struct {
	UserID   uuid.UUID
	CourseID uuid.UUID
	ItemID   uuid.UUID
	// Answers reads what was answered when the questions are known. Questions that it
	// leaves out were not answered, which is wrong.
	Answers func([]courses.QuizQuestion) (map[string]json.RawMessage, error)
	At      time.Time
	Key     IdempotencyKey
}

// AttemptQuiz grades a learner's answers to a quiz of a course they may see, and stores
// the attempt. The first one that passes earns points. A request with a key
// makes one attempt.
func AttemptQuiz(ctx context.Context, db *gorm.DB, r AttemptRequest, now time.Time, f notify.Enqueuer) (attempt QuizAttempt, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, r.UserID); err != nil {
			return err
		}
		item, err := r.item(tx)
		if err != nil {
			return err
		}
		_, err = once(tx, r.UserID, r.Key, now, &attempt, func() error {
			attempt, err = r.make(tx, item, f)
			return err
		})
		return err
	})
	return attempt, err
}

// item finds the quiz in the course.
func (r AttemptRequest) item(tx *gorm.DB) (courses.Item, error) {
	if _, err := courses.FindVisible(tx, r.UserID, r.CourseID); err != nil {
		return courses.Item{}, err
	}
	var found []courses.Item
	err := tx.Limit(1).Find(&found, "id = ? AND course_id = ?", r.ItemID, r.CourseID).Error
	if err != nil || len(found) == 0 {
		return courses.Item{}, store.OrMissing(err, "item", r.ItemID)
	}
	if len(found[0].Quiz) == 0 {
		return courses.Item{}, store.BadField("path", "item_id", "is an item without questions")
	}
	return found[0], nil
}

func (r AttemptRequest) make(tx *gorm.DB, item courses.Item, f notify.Enqueuer) (QuizAttempt, error) {
	answers, err := r.Answers(item.Quiz)
	if err != nil {
		return QuizAttempt{}, err
	}
	attempt := QuizAttempt{ID: store.NewID(), UserID: r.UserID, CourseID: r.CourseID, LessonID: item.LessonID, ItemID: item.ID, At: r.At}
	if err := attempt.grade(item, answers); err != nil {
		return attempt, err
	}
	b, err := beginLedger(tx, r.UserID, r.At, gainsOn(r.At, gain{gamification.RuleQuizPassed, item.ID.String()})...)
	if err != nil {
		return attempt, err
	}
	if err := tx.Create(&attempt).Error; err != nil {
		return attempt, err
	}
	if attempt.Passed {
		event := Event{ID: attempt.ID, UserID: r.UserID, Kind: QuizPassed, CourseID: &r.CourseID, At: r.At}
		if err := b.passed(event, item.ID); err != nil {
			return attempt, err
		}
	}
	if err := makeCards(tx, r.UserID, item.LessonID, r.At); err != nil {
		return attempt, err
	}
	return attempt, b.finish(attempt.ID, f)
}

// passed records a quiz that was passed: the first time it earns points, and every time
// the day counts for the streak.
func (b *ledgerTx) passed(event Event, item uuid.UUID) error {
	if b.given[gain{gamification.RuleQuizPassed, item.String()}] {
		return b.recordEvent(event, "", "")
	}
	return b.recordEvent(event, gamification.RuleQuizPassed, item.String())
}

func (a *QuizAttempt) grade(item courses.Item, answers map[string]json.RawMessage) error {
	right, results := 0, make([]QuizResult, len(item.Quiz))
	for i, q := range item.Quiz {
		results[i] = QuizResult{QuestionID: q.ID, Correct: q.Rule().Right(answers[q.ID])}
		if q.Rule().Answered(answers[q.ID]) {
			results[i].Explanation = q.Explanation
		}
		if results[i].Correct {
			right++
		}
	}
	mark := gamification.PassMark
	if item.PassMark != nil {
		mark = *item.PassMark
	}
	a.Score, a.Passed = gamification.Grade(right, len(item.Quiz), mark)
	var err error
	if a.Answers, err = json.Marshal(answers); err != nil {
		return err
	}
	a.Results, err = json.Marshal(results)
	return err
}
