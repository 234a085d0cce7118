package courses

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// ModelCall is the cost of one conversation with the model, successful or not.
type ModelCall struct {
	ID           uuid.UUID `gorm:"type:uuid;primaryKey"` // derived from the attempt that made it
	UserID       uuid.UUID `gorm:"type:uuid"`            // whose course it was for
	CourseID     uuid.UUID `gorm:"type:uuid"`
	Kind         string    // outline, lesson, practice, questions, solve, solve again or summary
	Model        string
	Endpoint     string
	Outcome      string // OutcomeOK, or the kind of the failure
	Calls        int    // requests to the server, repairs included
	Repairs      int
	Smaller      bool // it came down to the smaller task
	InputTokens  int
	OutputTokens int
	Seconds      float64
	At           time.Time
}

// OutcomeOK is the outcome of a conversation that came to an answer.
const OutcomeOK = "ok"

// SaveModelCall stores the cost of a conversation. Saving it twice is harmless.
// For a user who is deleted nothing is stored.
func SaveModelCall(ctx context.Context, db *gorm.DB, call ModelCall) error {
	err := db.WithContext(ctx).Exec(`
		INSERT INTO model_calls (id, user_id, course_id, kind, model, endpoint, outcome, calls, repairs, smaller, input_tokens, output_tokens, seconds, at)
		SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM users WHERE id = ?
		ON CONFLICT DO NOTHING`,
		call.ID, call.CourseID, call.Kind, call.Model, call.Endpoint, call.Outcome, call.Calls, call.Repairs, call.Smaller,
		call.InputTokens, call.OutputTokens, call.Seconds, call.At, call.UserID).Error
	if err != nil || call.Outcome != OutcomeOK {
		return err
	}
	return noteModel(ctx, db, call.CourseID)
}

// ChargeModelCall is SaveModelCall for a conversation of an activity; what the activity has of it is charged with it.
func ChargeModelCall(ctx context.Context, db *gorm.DB, call ModelCall, activityID uuid.UUID) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := SaveModelCall(ctx, tx, call); err != nil {
			return err
		}
		return tx.Model(&ModelAnswer{}).Where("activity_id = ? AND kind = ? AND NOT charged", activityID, call.Kind).Update("charged", true).Error
	})
}

// UsageDay is what a user's courses cost in one day (UTC).
type UsageDay struct {
	Date         time.Time
	Calls        int
	InputTokens  int64
	OutputTokens int64
	Seconds      float64
}

// UsageByDay returns the user's usage since a time, the latest day first; days without any are left out.
func UsageByDay(ctx context.Context, db *gorm.DB, user uuid.UUID, since time.Time) ([]UsageDay, error) {
	var days []UsageDay
	err := db.WithContext(ctx).Raw(`
		SELECT date_trunc('day', at AT TIME ZONE 'UTC') AS date, sum(calls) AS calls, sum(input_tokens) AS input_tokens,
			sum(output_tokens) AS output_tokens, sum(seconds) AS seconds
		FROM model_calls WHERE user_id = ? AND at >= ? GROUP BY 1 ORDER BY 1 DESC`, user, since).Scan(&days).Error
	return days, err
}

// tokensSince returns how many tokens the user's courses have cost since a time.
func tokensSince(tx *gorm.DB, user uuid.UUID, since time.Time) (tokens int64, err error) {
	err = tx.Raw(`SELECT coalesce(sum(input_tokens + output_tokens), 0) FROM model_calls WHERE user_id = ? AND at >= ?`,
		user, since).Scan(&tokens).Error
	return tokens, err
}
