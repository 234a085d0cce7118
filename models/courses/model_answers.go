package courses

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// ModelAnswer is one complete answer of the model, kept until the activity that asked has saved what it is for. It
// goes with its course. Exports leave it out: what came of it is in the course.
type ModelAnswer struct {
	ActivityID uuid.UUID       `gorm:"type:uuid;primaryKey"` // derived from the run and the activity
	Kind       string          `gorm:"primaryKey"`           // of the conversation, as in ModelCall
	Question   string          `gorm:"primaryKey"`           // the hash of what was asked
	CourseID   uuid.UUID       `gorm:"type:uuid"`
	Answer     json.RawMessage `gorm:"type:jsonb"`
	Charged    bool            // a ModelCall has its cost
	At         time.Time
}

// KeepModelAnswer stores an answer. Of two to the same question the first stays; that of a deleted course is an error.
func KeepModelAnswer(ctx context.Context, db *gorm.DB, a ModelAnswer) error {
	return db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&a).Error
}

// ModelAnswers returns the answers of an activity's conversation.
func ModelAnswers(ctx context.Context, db *gorm.DB, activityID uuid.UUID, kind string) ([]ModelAnswer, error) {
	var kept []ModelAnswer
	err := db.WithContext(ctx).Find(&kept, "activity_id = ? AND kind = ?", activityID, kind).Error
	return kept, err
}

// ForgetModelAnswers removes the answers of an activity that needs them no more.
func ForgetModelAnswers(ctx context.Context, db *gorm.DB, activityID uuid.UUID) error {
	return db.WithContext(ctx).Delete(&ModelAnswer{}, "activity_id = ?", activityID).Error
}

// answersKept is far longer than the attempts of one activity take.
const answersKept = 24 * time.Hour

// SweepModelAnswers removes up to limit old answers: those of activities that never saved anything.
func SweepModelAnswers(ctx context.Context, db *gorm.DB, now time.Time, limit int) error {
	return db.WithContext(ctx).Exec(`DELETE FROM model_answers WHERE (activity_id, kind, question) IN
		(SELECT activity_id, kind, question FROM model_answers WHERE at < ? LIMIT ?)`, now.Add(-answersKept), limit).Error
}
