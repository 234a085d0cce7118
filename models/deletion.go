package models

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Deletion is the wish of a user to be forgotten.
type Deletion struct {
	ID    uuid.UUID
	User  uuid.UUID
	Due   time.Time // until then it can be undone
	Start OutboxEntry
	// Cancel makes the promise to cancel a task that is under way.
	Cancel func(Task) OutboxEntry
	Entry  AuditEntry
}

// RequestDeletion switches an account off until it is erased: nobody can sign in
// to it, all its sessions end, and the work under way for it is cancelled, all or
// nothing and together with the promise to start the deletion's workflow. It tells
// which sessions have ended. allowed may refuse, by the row as it is at this
// moment. An account that is being deleted already stays as it is.
func RequestDeletion(ctx context.Context, db *gorm.DB, d Deletion, allowed func(User) error) (ended []uuid.UUID, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		user, err := lockAccount(tx, d.User)
		if err != nil || user.DeletionID != nil {
			return err
		}
		if err := allowed(user); err != nil {
			return err
		}
		err = tx.Model(&User{}).Where("id = ?", d.User).UpdateColumns(map[string]any{
			"is_active": false, "deletion_id": d.ID, "deletion_requested_at": d.Entry.At, "deletion_due_at": d.Due, "updated_at": d.Entry.At,
		}).Error
		if err != nil {
			return err
		}
		if ended, _, err = stopWork(tx, d.User, d.Cancel, d.Entry.At); err != nil {
			return err
		}
		if err := Promise(ctx, tx, d.Start); err != nil {
			return err
		}
		return Audit(ctx, tx, d.Entry)
	})
	return ended, err
}

// lockAccount has an account for itself and locks its row. Whoever begins work for
// an account shares that lock, by isActive, so nothing begins behind a deletion's back.
func lockAccount(tx *gorm.DB, id uuid.UUID) (User, error) {
	var user User
	if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended('account ' || ?, 0))", id.String()).Error; err != nil {
		return user, err
	}
	err := tx.Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).First(&user, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return user, Missing("user", id)
	}
	return user, err
}

// isActive is Forbidden for an account that is switched off. It stays as it is until
// the transaction ends. Take this lock before any other.
func isActive(tx *gorm.DB, user uuid.UUID) error {
	if err := tx.Exec("SELECT pg_advisory_xact_lock_shared(hashtextextended('account ' || ?, 0))", user.String()).Error; err != nil {
		return err
	}
	var n int64
	err := tx.Model(&User{}).Where("id = ? AND is_active", user).Count(&n).Error
	if err == nil && n == 0 {
		return inactive()
	}
	return err
}

// StopWork ends the sessions and cancels the tasks of an account that is being
// deleted by this deletion. It tells how many tasks are still to end. Repeating it
// is harmless; an account that was restored, or is gone, is Conflict.
func StopWork(ctx context.Context, db *gorm.DB, user, deletion uuid.UUID, cancel func(Task) OutboxEntry, now time.Time) (ended []uuid.UUID, open int, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := lockAccount(tx, user)
		if CodeOf(err) == NotFound || err == nil && (row.DeletionID == nil || *row.DeletionID != deletion) {
			return Errorf(Conflict, "The account is not being deleted by this deletion.")
		}
		if err != nil {
			return err
		}
		ended, open, err = stopWork(tx, user, cancel, now)
		return err
	})
	return ended, open, err
}

func stopWork(tx *gorm.DB, user uuid.UUID, cancel func(Task) OutboxEntry, now time.Time) (ended []uuid.UUID, open int, err error) {
	if ended, err = EndSessions(tx.Statement.Context, tx, user, uuid.Nil, now); err != nil {
		return nil, 0, err
	}
	var tasks []Task
	err = tx.Raw("SELECT * FROM tasks WHERE user_id = ? AND state IN ('QUEUED', 'RUNNING') ORDER BY created_at DESC FOR UPDATE", user).Scan(&tasks).Error
	for _, task := range tasks { // the latest first, so that none of the line is let go on
		if err != nil {
			break
		}
		err = cancelTask(tx, task, cancel(task), now)
	}
	if err != nil {
		return nil, 0, err
	}
	var left int64
	err = tx.Model(&Task{}).Where("user_id = ? AND state IN ?", user, []TaskState{TaskQueued, TaskRunning}).Count(&left).Error
	return ended, int(left), err
}

// Undelete restores an account whose grace period goes on, and leaves the promise
// to end the deletion's workflow. Conflict when it is not being deleted.
func Undelete(ctx context.Context, db *gorm.DB, id uuid.UUID, promise func(deletion uuid.UUID) OutboxEntry, entry AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		user, err := lockAccount(tx, id)
		if err != nil {
			return err
		}
		if user.DeletionID == nil {
			return Errorf(Conflict, "This account is not being deleted.")
		}
		err = tx.Model(&User{}).Where("id = ?", id).UpdateColumns(map[string]any{
			"is_active": user.SuspendedAt == nil, "deletion_id": nil, "deletion_requested_at": nil, "deletion_due_at": nil, "updated_at": entry.At,
		}).Error
		if err != nil {
			return err
		}
		if err := Promise(ctx, tx, promise(*user.DeletionID)); err != nil {
			return err
		}
		entry.UserID = &id
		return Audit(ctx, tx, entry)
	})
}
