package notify

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// InboxFilter is a page of an inbox.
type InboxFilter struct {
	Unread *bool // nil: both
	After  *store.Keyset
	Offset int
	Limit  int
}

// inboxOf returns the notifications in the user's inbox, without those of actors with a block either way since.
func inboxOf(ctx context.Context, db *gorm.DB, user uuid.UUID) *gorm.DB {
	return db.WithContext(ctx).Where("user_id = @viewer AND "+accounts.NotApart("actor_id"), map[string]any{"viewer": user})
}

// ListNotifications returns the notifications in the user's inbox, the latest first.
func ListNotifications(ctx context.Context, db *gorm.DB, user uuid.UUID, f InboxFilter) ([]Notification, error) {
	q := inboxOf(ctx, db, user)
	if f.Unread != nil && *f.Unread {
		q = q.Where("read_at IS NULL")
	} else if f.Unread != nil {
		q = q.Where("read_at IS NOT NULL")
	}
	return store.NewestFirst[Notification](q, f.After, f.Offset, f.Limit)
}

// ReadNotification marks a notification of the user as read; the first time is kept.
func ReadNotification(ctx context.Context, db *gorm.DB, user, id uuid.UUID, now time.Time) (n Notification, err error) {
	err = inboxOf(ctx, db, user).Model(&Notification{}).Where("id = ? AND read_at IS NULL", id).UpdateColumn("read_at", now).Error
	if err != nil {
		return n, err
	}
	err = inboxOf(ctx, db, user).First(&n, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return n, store.Missing("notification", id)
	}
	return n, err
}

// ReadAll marks all notifications in the user's inbox up to now as read, and returns their
// number.
func ReadAll(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time) (int, error) {
	read := db.WithContext(ctx).Model(&Notification{}).
		Where("user_id = ? AND read_at IS NULL AND created_at <= ?", user, now).UpdateColumn("read_at", now)
	return int(read.RowsAffected), read.Error
}

// UnreadCount returns the number on the app's badge.
func UnreadCount(ctx context.Context, db *gorm.DB, user uuid.UUID) (int, error) {
	var n int64
	err := inboxOf(ctx, db, user).Model(&Notification{}).Where("read_at IS NULL").Count(&n).Error
	return int(n), err
}
