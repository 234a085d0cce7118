package models

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// StaleSources are up to limit sources that have been PROCESSING without a change since the
// given time, the oldest first.
func StaleSources(ctx context.Context, db *gorm.DB, since time.Time, limit int) (ids []uuid.UUID, err error) {
	err = db.WithContext(ctx).Model(&Source{}).Where("state = ? AND updated_at < ?", SourceProcessing, since).
		Order("updated_at").Limit(limit).Pluck("id", &ids).Error
	return ids, err
}

// DueDeletion is an account whose grace period is over.
type DueDeletion struct {
	User, ID uuid.UUID
	Due      time.Time
}

// DueDeletions are up to limit accounts that should have been erased since the given time,
// the oldest first.
func DueDeletions(ctx context.Context, db *gorm.DB, since time.Time, limit int) (due []DueDeletion, err error) {
	err = db.WithContext(ctx).Raw(`
		SELECT id AS user, deletion_id AS id, deletion_due_at AS due FROM users
		WHERE deletion_due_at < ? ORDER BY deletion_due_at LIMIT ?`, since, limit).Scan(&due).Error
	return due, err
}
