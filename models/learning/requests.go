package learning

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/store"
)

// IdempotencyKey is what a client gave for a request to count once: the same key with the same
// request finds what came of it. The zero value stands for none.
type IdempotencyKey struct {
	Value string
	Hash  []byte // SHA-256 of the request
}

// once runs a request unless the user's key has done so before; then it reads what came
// of it into result, which otherwise is what act left there. A key of another request is
// ReusedKey. Of several at a time one acts and the others wait for it.
func once(tx *gorm.DB, user uuid.UUID, key IdempotencyKey, now time.Time, result any, act func() error) (replayed bool, err error) {
	if key.Value == "" {
		return false, act()
	}
	row := Request{UserID: user, Key: key.Value, RequestHash: key.Hash, Result: json.RawMessage("null"), At: now}
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
	return false, tx.Model(&Request{}).Where("user_id = ? AND key = ?", user, key.Value).UpdateColumn("result", json.RawMessage(text)).Error
}

func replayOf(tx *gorm.DB, again Request, result any) error {
	var there Request
	if err := tx.First(&there, "user_id = ? AND key = ?", again.UserID, again.Key).Error; err != nil {
		return err
	}
	if !bytes.Equal(there.RequestHash, again.RequestHash) {
		return store.Errorf(store.ReusedKey, "This Idempotency-Key belongs to another request.")
	}
	return json.Unmarshal(there.Result, result)
}

// requestsKept is how long a key finds its request again. What lessons, quizzes and
// awards earn stays earned once for ever, since the ledger knows it by its source.
const requestsKept = 30 * 24 * time.Hour

// SweepRequests forgets some keys of requests that are too old to be sent again.
func SweepRequests(ctx context.Context, db *gorm.DB, now time.Time, most int) error {
	return db.WithContext(ctx).Exec(`DELETE FROM learning_requests WHERE (user_id, key) IN
		(SELECT user_id, key FROM learning_requests WHERE at < ? LIMIT ?)`, now.Add(-requestsKept), most).Error
}
