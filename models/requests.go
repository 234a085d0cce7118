package models

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// SweepRequests forgets some keys of requests that are too old to be sent again.
func SweepRequests(ctx context.Context, db *gorm.DB, now time.Time, most int) error {
	return db.WithContext(ctx).Exec(`DELETE FROM learning_requests WHERE (user_id, key) IN
		(SELECT user_id, key FROM learning_requests WHERE at < ? LIMIT ?)`, now.Add(-requestsKept), most).Error
}
