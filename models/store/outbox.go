package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// OutboxState has the numbers of messages in the outbox. Oldest is the age of the oldest
// message that does not wait in a user's queue.
type OutboxState struct {
	Due, Waiting int64
	Oldest       time.Duration
}

// LookAtOutbox counts the messages in the outbox. A message that its handler still has time to
// dispatch is not due. A cancel that has been requested is not counted.
func LookAtOutbox(ctx context.Context, db *gorm.DB, now time.Time) (OutboxState, error) {
	var found struct {
		Due, Waiting int64
		Oldest       *time.Time
	}
	err := db.WithContext(ctx).Raw(`
		SELECT count(*) FILTER (WHERE NOT held AND cancel_requested_at IS NULL AND created_at <= @now) AS due, count(*) FILTER (WHERE held) AS waiting,
		       min(created_at) FILTER (WHERE NOT held AND cancel_requested_at IS NULL) AS oldest
		FROM outbox`, map[string]any{"now": now}).Scan(&found).Error
	state := OutboxState{Due: found.Due, Waiting: found.Waiting}
	if found.Oldest != nil {
		state.Oldest = max(now.Sub(*found.Oldest), 0)
	}
	return state, err
}

// MessagesFor returns the messages that start or cancel a workflow, the oldest first.
func MessagesFor(ctx context.Context, db *gorm.DB, workflowID string) ([]OutboxMessage, error) {
	var entries []OutboxMessage
	err := db.WithContext(ctx).Order("created_at, id").Find(&entries, "workflow_id = ?", workflowID).Error
	return entries, err
}

// latestDue is more than any message is given, or any try leaves until the next: a message that is due
// later than that was written by a clock that was ahead.
const latestDue = 3 * time.Minute

// LeaseOutbox leases up to limit due messages, either background ones or the others. It moves
// their due time to until, so that no other relay takes them meanwhile. If the relay dies, they
// are due again at until. A message due after latestDue is due now.
func LeaseOutbox(ctx context.Context, db *gorm.DB, background bool, now, until time.Time, limit int) ([]OutboxMessage, error) {
	var entries []OutboxMessage
	err := db.WithContext(ctx).Raw(`
		UPDATE outbox SET due_at = ?, attempts = attempts + 1
		WHERE id IN (SELECT id FROM outbox WHERE NOT held AND background = ? AND (due_at <= ? OR due_at > ?) ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED)
		RETURNING *`, until, background, now, now.Add(latestDue), limit).Scan(&entries).Error
	return entries, err
}

// MarkDispatched removes a message that was dispatched. Removing it twice is harmless.
func MarkDispatched(ctx context.Context, db *gorm.DB, id uuid.UUID) error {
	return db.WithContext(ctx).Delete(&OutboxMessage{}, "id = ?", id).Error
}

// Reschedule sets when a message is tried again, and records why it was not dispatched.
func Reschedule(ctx context.Context, db *gorm.DB, id uuid.UUID, due time.Time, reason string) error {
	return db.WithContext(ctx).Model(&OutboxMessage{}).Where("id = ?", id).
		Updates(map[string]any{"due_at": due, "last_error": reason}).Error
}

// MarkCancelRequested records that the cancellation of a workflow was requested. The message is
// due again at due, when the workflow has had its time to end. A message that is gone is ignored.
func MarkCancelRequested(ctx context.Context, db *gorm.DB, id uuid.UUID, at, due time.Time) error {
	return db.WithContext(ctx).Model(&OutboxMessage{}).Where("id = ?", id).
		Updates(map[string]any{"cancel_requested_at": at, "due_at": due, "attempts": 0, "last_error": ""}).Error
}

// DropAnsweredCancel removes the cancel message of a workflow whose cancellation was requested and
// whose task has ended.
func DropAnsweredCancel(tx *gorm.DB, workflowID string) error {
	return tx.Delete(&OutboxMessage{}, "workflow_id = ? AND action = ? AND cancel_requested_at IS NOT NULL", workflowID, OutboxCancel).Error
}

// NextDue returns when the earliest message is due, of the background ones or of the others. ok is
// false when there is none.
func NextDue(ctx context.Context, db *gorm.DB, background bool) (due time.Time, ok bool, err error) {
	var times []time.Time
	err = db.WithContext(ctx).Model(&OutboxMessage{}).Where("NOT held AND background = ?", background).Order("due_at").Limit(1).Pluck("due_at", &times).Error
	if err != nil || len(times) == 0 {
		return time.Time{}, false, err
	}
	return times[0], true, nil
}

// FindMessage returns a message as it is stored, with whether it may be dispatched now. found
// is false when it was dispatched already.
func FindMessage(ctx context.Context, db *gorm.DB, id uuid.UUID) (entry OutboxMessage, found bool, err error) {
	var rows []OutboxMessage
	if err = db.WithContext(ctx).Find(&rows, "id = ?", id).Error; err != nil || len(rows) == 0 {
		return entry, false, err
	}
	return rows[0], true, nil
}

// Enqueue writes a message to the outbox and wakes the relays. Enqueueing the same message twice is harmless.
func Enqueue(ctx context.Context, db *gorm.DB, message OutboxMessage) error {
	WakeRelays(db)
	return db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&message).Error
}

// OutboxMessage asks for a workflow to be started or cancelled. It is written in the transaction
// of the rows it belongs to and dispatched by package outbox.
type OutboxMessage struct {
	ID               uuid.UUID         `gorm:"type:uuid;primaryKey"`
	Action           string            // OutboxStart or OutboxCancel
	Workflow         string            // type name, for a start
	WorkflowID       string            // unique together with Action
	TaskQueue        string            //
	Input            []byte            `gorm:"type:jsonb"`                               // the workflow's argument as JSON
	SearchAttributes map[string]string `gorm:"column:labels;type:jsonb;serializer:json"` // of the workflow
	UserID           *uuid.UUID        `gorm:"type:uuid"`                                // the user whose work it is; nil: none
	Priority         int               // 1, the most urgent, to 5; 0 for the usual 3
	Waiting          bool              `gorm:"column:held"` // waits in its user's queue and is not due, whatever DueAt says
	Background       bool              // dispatched separately from, and after, the work that learners wait for
	CreatedAt        time.Time
	DueAt            time.Time // not before; the handler that wrote it has until then
	Attempts         int
	LastError        string
	// CancelRequestedAt is when the workflow was asked to end; nil before, and for a start.
	// From then on the message terminates it at DueAt.
	CancelRequestedAt *time.Time
	Trace             string // the W3C traceparent of the request that made it; empty without one
}

// The actions of an outbox message.
const (
	OutboxStart  = "start"
	OutboxCancel = "cancel"
)

// TableName returns the table's name, a short one.
func (OutboxMessage) TableName() string { return "outbox" }
