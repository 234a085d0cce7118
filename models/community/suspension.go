package community

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// Suspension switches an account off, by an administrator.
type Suspension struct {
	User uuid.UUID
	// Cancel returns the message that cancels an open task.
	Cancel func(tasks.Task) store.OutboxMessage
	Entry  store.AuditEntry
}

// Suspend switches an account off, ends its sessions, cancels what is being made for it
// and hides what it has written, all or nothing. It returns the sessions that have ended.
// An account that is suspended already stays as it is, which is no fault; one of an
// administrator's, or one that is being deleted, is Conflict.
func Suspend(ctx context.Context, db *gorm.DB, s Suspension) (ended []uuid.UUID, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		ended, err = suspend(ctx, tx, s)
		return err
	})
	return ended, err
}

func suspend(ctx context.Context, tx *gorm.DB, s Suspension) (ended []uuid.UUID, err error) {
	user, err := accounts.Lock(tx, s.User)
	switch {
	case err != nil || user.SuspendedAt != nil:
		return nil, err
	case slices.Contains(user.Roles, accounts.RoleAdmin):
		return nil, store.Errorf(store.Conflict, "An administrator cannot be suspended: take the role away first.")
	case user.DeletionID != nil:
		return nil, store.Errorf(store.Conflict, "The account is being deleted, and switched off already.")
	}
	err = tx.Model(&accounts.User{}).Where("id = ?", s.User).UpdateColumns(map[string]any{"is_active": false, "suspended_at": s.Entry.At, "updated_at": s.Entry.At}).Error
	if err != nil {
		return nil, err
	}
	if ended, _, err = courses.StopWork(tx, s.User, s.Cancel, s.Entry.At); err != nil {
		return nil, err
	}
	if err := turnContent(tx, s.User, moderation.ContentVisible, moderation.ContentHidden); err != nil {
		return nil, err
	}
	entry := s.Entry
	entry.Action, entry.UserID = store.AuditSuspended, &s.User
	return ended, store.Audit(ctx, tx, entry)
}

// Unsuspend ends a suspension and restores what it has hidden. The error is Conflict when the
// account is not suspended.
func Unsuspend(ctx context.Context, db *gorm.DB, id uuid.UUID, entry store.AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		user, err := accounts.Lock(tx, id)
		if err != nil {
			return err
		}
		if user.SuspendedAt == nil {
			return store.Errorf(store.Conflict, "This account is not suspended.")
		}
		err = tx.Model(&accounts.User{}).Where("id = ?", id).UpdateColumns(map[string]any{"is_active": user.DeletionID == nil, "suspended_at": nil, "updated_at": entry.At}).Error
		if err != nil {
			return err
		}
		if err := turnContent(tx, id, moderation.ContentHidden, moderation.ContentVisible); err != nil {
			return err
		}
		entry.Action, entry.UserID = store.AuditUnsuspended, &id
		return store.Audit(ctx, tx, entry)
	})
}

// turnContent hides all visible content of a user, or restores what a suspension has hidden, and
// recounts the posts and comments above it.
func turnContent(tx *gorm.DB, user uuid.UUID, from, to moderation.ContentStatus) error {
	by, was := any(moderation.HiddenBySuspension), "hidden_by IS NULL"
	if to == moderation.ContentVisible {
		by, was = nil, "hidden_by = '"+moderation.HiddenBySuspension+"'"
	}
	args := map[string]any{"user": user, "from": from, "to": to, "by": by}
	for _, statement := range []string{
		`SELECT id FROM posts WHERE author_id = @user OR id IN (SELECT post_id FROM comments WHERE author_id = @user) ORDER BY id FOR NO KEY UPDATE`,
		`UPDATE posts SET status = @to, hidden_by = @by WHERE author_id = @user AND status = @from AND ` + was,
		`UPDATE comments SET status = @to, hidden_by = @by WHERE author_id = @user AND status = @from AND ` + was,
		`UPDATE posts p SET
			comments_count = (SELECT count(*) FROM comments c WHERE c.post_id = p.id AND c.status = 'visible'),
			commenters_count = (SELECT count(DISTINCT c.author_id) FROM comments c WHERE c.post_id = p.id AND c.status = 'visible')
		 WHERE id IN (SELECT post_id FROM comments WHERE author_id = @user)`,
		`UPDATE comments p SET replies_count = (SELECT count(*) FROM comments c WHERE c.parent_comment_id = p.id AND c.status = 'visible')
		 WHERE id IN (SELECT parent_comment_id FROM comments WHERE author_id = @user)`,
	} {
		if err := tx.Exec(statement, args).Error; err != nil {
			return err
		}
	}
	return nil
}

// adminsNow returns the administrators to notify of urgent matters.
func adminsNow(tx *gorm.DB) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := tx.Raw("SELECT id FROM users WHERE is_active AND roles @> to_jsonb(CAST(? AS text)) ORDER BY id", accounts.RoleAdmin).Scan(&ids).Error
	return ids, err
}

// notifyAdmins notifies every administrator, once for each source.
func notifyAdmins(tx *gorm.DB, n notify.Notification, source string, now time.Time, f notify.Enqueuer) (notified int, err error) {
	admins, err := adminsNow(tx)
	for _, admin := range admins {
		if err != nil {
			return 0, err
		}
		n.UserID, n.CreatedAt, n.Kind = admin, now, notify.NotifyModeration
		err = notify.Notify(tx, n, source, f)
	}
	return len(admins), err
}
