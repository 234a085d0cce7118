package models

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/gamification"
)

// learn notes a deed of learning in an open book, in the transaction of its fact: the
// event, the day and with it the streak, the points of the rule for the source ("" earns
// none of its own), and those of the day's first deed. The same rule and source again
// changes nothing, the event included.
func (b *book) learn(deed LearningEvent, rule gamification.Rule, source string) error {
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

// settle writes the book and has achievements looked at after a deed, if there was any.
func (b *book) settle(deed uuid.UUID, f Enqueuer) error {
	if !b.changed {
		return nil
	}
	if err := b.close(); err != nil {
		return err
	}
	return f.unlock(b.tx, b.user, deed)
}

// keepsStreak tells whether a deed makes its day one of learning.
func (k LearningKind) keepsStreak() bool {
	return k == LessonCompleted || k == QuizPassed || k == Reviewed
}

// Key is what a client gave for a request to count once: the same key with the same
// request finds what came of it. The zero value stands for none.
type Key struct {
	Value string
	Hash  []byte // SHA-256 of the request
}

// once runs a request unless the user's key has done so before; then it reads what came
// of it into result, which otherwise is what act left there. A key of another request is
// ReusedKey. Of several at a time one acts and the others wait for it.
func once(tx *gorm.DB, user uuid.UUID, key Key, now time.Time, result any, act func() error) (replayed bool, err error) {
	if key.Value == "" {
		return false, act()
	}
	row := LearningRequest{UserID: user, Key: key.Value, RequestHash: key.Hash, Result: json.RawMessage("null"), At: now}
	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if made.Error != nil {
		return false, made.Error
	}
	if made.RowsAffected == 0 {
		return true, replayOf(tx, row, result)
	}
	if err := act(); err != nil {
		return false, err
	}
	text, err := json.Marshal(result)
	if err != nil {
		return false, err
	}
	return false, tx.Model(&LearningRequest{}).Where("user_id = ? AND key = ?", user, key.Value).UpdateColumn("result", json.RawMessage(text)).Error
}

func replayOf(tx *gorm.DB, again LearningRequest, result any) error {
	var there LearningRequest
	if err := tx.First(&there, "user_id = ? AND key = ?", again.UserID, again.Key).Error; err != nil {
		return err
	}
	if !bytes.Equal(there.RequestHash, again.RequestHash) {
		return Errorf(ReusedKey, "This Idempotency-Key belongs to another request.")
	}
	return json.Unmarshal(there.Result, result)
}

// requestsKept is how long a key finds its request again. What lessons, quizzes and
// awards earn stays earned once for ever, since the ledger knows it by its source.
const requestsKept = 30 * 24 * time.Hour
