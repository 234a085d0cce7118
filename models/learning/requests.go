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

// Request is a request with an Idempotency-Key, and what came of it.
type Request struct {
	UserID      uuid.UUID       `gorm:"type:uuid;primaryKey"`
	Key         string          `gorm:"primaryKey"`
	RequestHash []byte          // SHA-256
	Result      json.RawMessage `gorm:"type:jsonb"`
	At          time.Time
}

// TableName is the table's name.
func (Request) TableName() string { return "learning_requests" }

// IdempotencyKey makes a request count once: the same key with the same request returns the first
// result. The zero value is no key.
type IdempotencyKey struct {
	Value string
	Hash  []byte // SHA-256 of the request
}

// once runs act, unless a request with the user's key did so before; then it reads the first result
// into result. act leaves its own result there. The error is ReusedKey when the key belongs to
// another request. Of concurrent requests one runs and the others wait for it.
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

// requestsKept is how long a key is stored. Points of lessons, quizzes and awards are given once
// for ever, since the ledger has a key of its own.
const requestsKept = 30 * 24 * time.Hour

// SweepRequests deletes up to most keys that have expired.
func SweepRequests(ctx context.Context, db *gorm.DB, now time.Time, most int) error {
	return db.WithContext(ctx).Exec(`DELETE FROM learning_requests WHERE (user_id, key) IN
		(SELECT user_id, key FROM learning_requests WHERE at < ? LIMIT ?)`, now.Add(-requestsKept), most).Error
}
