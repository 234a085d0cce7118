package outbox

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/workflows"
)

// NewEnqueuer returns the outbox messages that follow from events. Nobody waits for what they
// start, so they are the relay's at once, in the background.
func NewEnqueuer(clock func() time.Time) models.Enqueuer {
	return models.Enqueuer{
		Push:   func(n models.Notification) models.OutboxEntry { return fanOutPush(n, clock()) },
		Unlock: func(user, deed uuid.UUID) models.OutboxEntry { return unlockAchievements(user, deed, clock()) },
	}
}

// Foreground returns a background message for which somebody waits after all: it is dispatched with
// those of courses.
func Foreground(entry models.OutboxEntry) models.OutboxEntry {
	entry.TaskQueue, entry.Background = workflows.Queue, false
	return entry
}

func fanOutPush(n models.Notification, now time.Time) models.OutboxEntry {
	input := workflows.FanOutPushInput{NotificationID: n.ID, UserID: n.UserID}
	return forUser(n.UserID, "push", background("FanOutPush", workflows.FanOutPushID(n.ID), input, now))
}

func unlockAchievements(user, deed uuid.UUID, now time.Time) models.OutboxEntry {
	input := workflows.UnlockAchievementsInput{UserID: user, Deed: deed}
	return forUser(user, "achievements", background("UnlockAchievements", workflows.UnlockAchievementsID(user, deed), input, now))
}

func forUser(user uuid.UUID, kind string, entry models.OutboxEntry) models.OutboxEntry {
	entry.UserID = &user
	entry.Labels = map[string]string{workflows.SearchAttributeUser.GetName(): user.String(), workflows.SearchAttributeKind.GetName(): kind}
	return entry
}
