package notify

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
)

// PushPreferences are the kinds of notifications that a user wants pushed, and their quiet hours.
type PushPreferences struct {
	UserID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	CourseReady     bool
	Achievements    bool
	Community       bool
	Reminders       bool
	Marketing       bool
	QuietHoursStart *int // minutes after midnight in the user's zone; nil: no quiet hours
	QuietHoursEnd   *int
	UpdatedAt       time.Time
}

// DefaultPushPreferences returns the preferences of a user who has set none: everything but
// marketing, at any time.
func DefaultPushPreferences(user uuid.UUID) PushPreferences {
	return PushPreferences{UserID: user, CourseReady: true, Achievements: true, Community: true, Reminders: true}
}

// FindPushPreferences returns the user's preferences, or the default ones.
func FindPushPreferences(ctx context.Context, db *gorm.DB, user uuid.UUID) (PushPreferences, error) {
	var found []PushPreferences
	err := db.WithContext(ctx).Limit(1).Find(&found, "user_id = ?", user).Error
	if err != nil || len(found) == 0 {
		return DefaultPushPreferences(user), err
	}
	return found[0], nil
}

// ChangePushPreferences applies change to the user's preferences, one call at a time.
// Pushes deferred by quiet hours are checked again by the new ones.
func ChangePushPreferences(ctx context.Context, db *gorm.DB, user uuid.UUID, change func(*PushPreferences) error) (p PushPreferences, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, user); err != nil {
			return err
		}
		if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended('push preferences ' || ?, 0))", user.String()).Error; err != nil {
			return err
		}
		if p, err = FindPushPreferences(ctx, tx, user); err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&p).Error
	})
	return p, err
}

// wants reports whether the user wants notifications of a kind pushed.
func (p PushPreferences) wants(kind NotificationKind) bool {
	switch kind {
	case NotifyCourseReady:
		return p.CourseReady
	case NotifyAchievement:
		return p.Achievements
	case NotifyComment, NotifyMention:
		return p.Community
	case NotifyReminder:
		return p.Reminders
	case NotifyBroadcast:
		return p.Marketing
	default: // requested by the user, or essential
		return true
	}
}
