package outbox

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
)

// NewEnqueuer returns the outbox messages that follow from events. No client waits for their
// workflows, so the relay dispatches them at once, in the background.
func NewEnqueuer(clock func() time.Time) notify.Enqueuer {
	return notify.Enqueuer{
		Push:   func(n notify.Notification) store.OutboxMessage { return fanOutPush(n, clock()) },
		Unlock: func(user, event uuid.UUID) store.OutboxMessage { return unlockAchievements(user, event, clock()) },
		Reached: func(tx *gorm.DB, user uuid.UUID, raised ...gamification.Fact) (bool, error) {
			return learning.Reached(tx, user, clock(), raised...)
		},
	}
}

// Foreground returns a background message that a client does wait for: it is dispatched with
// those of courses.
func Foreground(entry store.OutboxMessage) store.OutboxMessage {
	entry.TaskQueue, entry.Background = workflows.Queue, false
	return entry
}

func fanOutPush(n notify.Notification, now time.Time) store.OutboxMessage {
	input := workflows.FanOutPushInput{NotificationID: n.ID, UserID: n.UserID}
	return forUser(n.UserID, "push", background("FanOutPush", workflows.FanOutPushID(n.ID), input, now))
}

func unlockAchievements(user, event uuid.UUID, now time.Time) store.OutboxMessage {
	input := workflows.UnlockAchievementsInput{UserID: user, Event: event}
	return forUser(user, "achievements", background("UnlockAchievements", workflows.UnlockAchievementsID(user, event), input, now))
}

func forUser(user uuid.UUID, kind string, entry store.OutboxMessage) store.OutboxMessage {
	entry.UserID = &user
	entry.SearchAttributes = map[string]string{workflows.SearchAttributeUser.GetName(): user.String(), workflows.SearchAttributeKind.GetName(): kind}
	return entry
}
