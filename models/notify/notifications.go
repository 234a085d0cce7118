package notify

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// NotificationKind is the kind of a notification. Preferences and apps use it.
type NotificationKind string

// The kinds of notifications.
const (
	NotifyCourseReady NotificationKind = "course_ready"
	NotifyAchievement NotificationKind = "achievement_unlocked"
	NotifyComment     NotificationKind = "comment"
	NotifyMention     NotificationKind = "mention"
	NotifyReminder    NotificationKind = "reminder"
	NotifyModeration  NotificationKind = "moderation"
	NotifyBroadcast   NotificationKind = "broadcast"
	NotifyMailRefused NotificationKind = "mail_refused" // by the mail server, for good
	NotifyTest        NotificationKind = "test"
)

// Notification is an entry of a user's inbox.
type Notification struct {
	ID      uuid.UUID  `gorm:"type:uuid;primaryKey"`
	UserID  uuid.UUID  `gorm:"type:uuid"`
	ActorID *uuid.UUID `gorm:"type:uuid"` // the user who caused it
	Kind    NotificationKind
	Title   string
	Body    string
	// Data is what an app needs to act on it; values are strings, as push services require.
	Data      map[string]string `gorm:"type:jsonb;serializer:json"`
	CreatedAt time.Time
	ReadAt    *time.Time
	// BroadcastID is the broadcast it is a copy of; nil: it is for this user alone.
	BroadcastID *uuid.UUID `gorm:"type:uuid"`
	AdmittedAt  *time.Time // when it was counted in its user's daily cap
	// AuthorID is the author of the content it is about; nil: the actor or the user.
	AuthorID *uuid.UUID `gorm:"-"`
}

var notificationSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d10")

// NotificationID returns the id of a user's notification of a kind about a source.
func NotificationID(user uuid.UUID, kind NotificationKind, source string) uuid.UUID {
	return store.DerivedID(notificationSpace, user.String(), string(kind), source)
}

// Notify writes a notification to its user's inbox and, if they have a device, enqueues the push,
// both in the caller's transaction. Key: user, kind and source, which names what it is about.
// Nothing is written when the user is the actor, or when there is a block either way between the
// user and the actor or author.
func Notify(tx *gorm.DB, n Notification, source string, f Enqueuer) error {
	if n.ActorID != nil && *n.ActorID == n.UserID {
		return nil
	}
	for _, of := range []*uuid.UUID{n.ActorID, n.AuthorID} {
		if of == nil {
			continue
		}
		if apart, err := accounts.Apart(tx, n.UserID, *of); err != nil || apart {
			return err
		}
	}
	n.ID = NotificationID(n.UserID, n.Kind, source)
	if n.Data == nil {
		n.Data = map[string]string{}
	}
	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&n)
	if made.Error != nil || made.RowsAffected == 0 {
		return made.Error
	}
	return f.EnqueuePush(tx, n)
}
