package privacy

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// Deletion is a user's request to delete their account.
type Deletion struct {
	ID    uuid.UUID
	User  uuid.UUID
	Due   time.Time // until then it can be undone
	Start store.OutboxMessage
	// Cancel returns the message that cancels an open task.
	Cancel func(tasks.Task) store.OutboxMessage
	Entry  store.AuditEntry
}

// RequestDeletion switches an account off until it is erased. Signing in is refused,
// all its sessions end, and the work under way for it is cancelled, all or
// nothing and together with the message that starts the deletion's workflow. It returns
// the sessions that have ended. allowed may refuse, by the row as it is at this
// moment. An account that is being deleted already stays as it is.
func RequestDeletion(ctx context.Context, db *gorm.DB, d Deletion, allowed func(accounts.User) error) (ended []uuid.UUID, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		user, err := accounts.Lock(tx, d.User)
		if err != nil || user.DeletionID != nil {
			return err
		}
		if err := allowed(user); err != nil {
			return err
		}
		err = tx.Model(&accounts.User{}).Where("id = ?", d.User).UpdateColumns(map[string]any{
			"is_active": false, "deletion_id": d.ID, "deletion_requested_at": d.Entry.At, "deletion_due_at": d.Due, "updated_at": d.Entry.At,
		}).Error
		if err != nil {
			return err
		}
		if ended, _, err = courses.StopWork(tx, d.User, d.Cancel, d.Entry.At); err != nil {
			return err
		}
		if err := store.Enqueue(ctx, tx, d.Start); err != nil {
			return err
		}
		return store.Audit(ctx, tx, d.Entry)
	})
	return ended, err
}

// StopWork ends the sessions and cancels the tasks of an account that is being
// deleted by this deletion. It returns the number of tasks that are still open. Repeating it
// is harmless; an account that was restored, or is gone, is Conflict.
func StopWork(ctx context.Context, db *gorm.DB, user, deletion uuid.UUID, cancel func(tasks.Task) store.OutboxMessage, now time.Time) (ended []uuid.UUID, open int, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := accounts.Lock(tx, user)
		if store.CodeOf(err) == store.NotFound || err == nil && (row.DeletionID == nil || *row.DeletionID != deletion) {
			return store.Errorf(store.Conflict, "The account is not being deleted by this deletion.")
		}
		if err != nil {
			return err
		}
		ended, open, err = courses.StopWork(tx, user, cancel, now)
		return err
	})
	return ended, open, err
}

// Undelete restores an account within its grace period, and enqueues the message that
// ends the deletion's workflow. Conflict when it is not being deleted.
func Undelete(ctx context.Context, db *gorm.DB, id uuid.UUID, message func(deletion uuid.UUID) store.OutboxMessage, entry store.AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		user, err := accounts.Lock(tx, id)
		if err != nil {
			return err
		}
		if user.DeletionID == nil {
			return store.Errorf(store.Conflict, "This account is not being deleted.")
		}
		err = tx.Model(&accounts.User{}).Where("id = ?", id).UpdateColumns(map[string]any{
			"is_active": user.SuspendedAt == nil, "deletion_id": nil, "deletion_requested_at": nil, "deletion_due_at": nil, "updated_at": entry.At,
		}).Error
		if err != nil {
			return err
		}
		if err := store.Enqueue(ctx, tx, message(*user.DeletionID)); err != nil {
			return err
		}
		entry.UserID = &id
		return store.Audit(ctx, tx, entry)
	})
}

// DueDeletion is an account whose grace period is over.
type DueDeletion struct {
	User, ID uuid.UUID
	Due      time.Time
}

// DueDeletions returns up to limit accounts that should have been erased since the given time,
// the oldest first.
func DueDeletions(ctx context.Context, db *gorm.DB, since time.Time, limit int) (due []DueDeletion, err error) {
	err = db.WithContext(ctx).Raw(`
		SELECT id AS user, deletion_id AS id, deletion_due_at AS due FROM users
		WHERE deletion_due_at < ? ORDER BY deletion_due_at LIMIT ?`, since, limit).Scan(&due).Error
	return due, err
}

// Erased returns those of the users that are gone.
func Erased(ctx context.Context, db *gorm.DB, users []uuid.UUID) (gone []uuid.UUID, err error) {
	if len(users) == 0 {
		return nil, nil
	}
	err = db.WithContext(ctx).Raw("SELECT DISTINCT d.id FROM unnest(CAST(? AS uuid[])) AS d (id) WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = d.id)", store.IDList(users)).Scan(&gone).Error
	return gone, err
}
