package models

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// LeaseOutbox takes up to limit promises that are due and pushes their due time
// to until, so that no other relay takes them meanwhile. A relay that dies loses
// nothing: they are due again at until.
func LeaseOutbox(ctx context.Context, db *gorm.DB, now, until time.Time, limit int) ([]OutboxEntry, error) {
	var entries []OutboxEntry
	err := db.WithContext(ctx).Raw(`
		UPDATE outbox SET due_at = ?, attempts = attempts + 1
		WHERE id IN (SELECT id FROM outbox WHERE NOT held AND due_at <= ? ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED)
		RETURNING *`, until, now, limit).Scan(&entries).Error
	return entries, err
}

// KeepPromise removes a promise that was kept. Removing it twice is harmless.
func KeepPromise(ctx context.Context, db *gorm.DB, id uuid.UUID) error {
	return db.WithContext(ctx).Delete(&OutboxEntry{}, "id = ?", id).Error
}

// DeferPromise says when a promise is tried again, and why it was not kept.
func DeferPromise(ctx context.Context, db *gorm.DB, id uuid.UUID, due time.Time, reason string) error {
	return db.WithContext(ctx).Model(&OutboxEntry{}).Where("id = ?", id).
		Updates(map[string]any{"due_at": due, "last_error": reason}).Error
}

// NextPromise is when the earliest promise falls due; ok is false when there is none.
func NextPromise(ctx context.Context, db *gorm.DB) (due time.Time, ok bool, err error) {
	var times []time.Time
	err = db.WithContext(ctx).Model(&OutboxEntry{}).Where("NOT held").Order("due_at").Limit(1).Pluck("due_at", &times).Error
	if err != nil || len(times) == 0 {
		return time.Time{}, false, err
	}
	return times[0], true, nil
}

// PromiseOf is the promise as it is stored, which says whether it may be kept
// now; found is false when it was kept already.
func PromiseOf(ctx context.Context, db *gorm.DB, id uuid.UUID) (entry OutboxEntry, found bool, err error) {
	var rows []OutboxEntry
	if err = db.WithContext(ctx).Find(&rows, "id = ?", id).Error; err != nil || len(rows) == 0 {
		return entry, false, err
	}
	return rows[0], true, nil
}

// Promise leaves a promise in the outbox; the same one twice is one.
func Promise(ctx context.Context, db *gorm.DB, promise OutboxEntry) error {
	return db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&promise).Error
}
