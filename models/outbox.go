package models

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// LeaseOutbox takes up to limit promises that are due, those of the background or the
// others, and pushes their due time to until, so that no other relay takes them meanwhile.
// A relay that dies loses nothing: they are due again at until.
func LeaseOutbox(ctx context.Context, db *gorm.DB, background bool, now, until time.Time, limit int) ([]OutboxEntry, error) {
	var entries []OutboxEntry
	err := db.WithContext(ctx).Raw(`
		UPDATE outbox SET due_at = ?, attempts = attempts + 1
		WHERE id IN (SELECT id FROM outbox WHERE NOT held AND background = ? AND due_at <= ? ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED)
		RETURNING *`, until, background, now, limit).Scan(&entries).Error
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

// MarkCancelRequested notes that a workflow was asked to end, and that its promise is due
// again at due, when it has had its time to. A promise that is gone stays so.
func MarkCancelRequested(ctx context.Context, db *gorm.DB, id uuid.UUID, at, due time.Time) error {
	return db.WithContext(ctx).Model(&OutboxEntry{}).Where("id = ?", id).
		Updates(map[string]any{"cancel_requested_at": at, "due_at": due, "attempts": 0, "last_error": ""}).Error
}

// dropAnsweredCancel removes the promise to cancel a workflow that was asked to end and whose
// task has ended.
func dropAnsweredCancel(tx *gorm.DB, workflowID string) error {
	return tx.Delete(&OutboxEntry{}, "workflow_id = ? AND action = ? AND cancel_requested_at IS NOT NULL", workflowID, OutboxCancel).Error
}

// NextPromise is when the earliest promise falls due, of those of the background or of the
// others; ok is false when there is none.
func NextPromise(ctx context.Context, db *gorm.DB, background bool) (due time.Time, ok bool, err error) {
	var times []time.Time
	err = db.WithContext(ctx).Model(&OutboxEntry{}).Where("NOT held AND background = ?", background).Order("due_at").Limit(1).Pluck("due_at", &times).Error
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
