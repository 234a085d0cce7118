package outbox

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
)

// RebuildBoards returns the message to rebuild the boards in Redis in place of those with a
// stamp. No client waits for it: readers are served from Postgres.
func RebuildBoards(stamp uuid.UUID, now time.Time) store.OutboxMessage {
	return general("RebuildBoards", workflows.RebuildBoardsID(stamp), stamp, "boards", now)
}

// ApplyAchievements returns the message to unlock achievements for users who already reached them.
func ApplyAchievements(batch uuid.UUID, now time.Time) store.OutboxMessage {
	return general("ApplyAchievements", workflows.ApplyAchievementsID(batch), workflows.ApplyAchievementsInput{}, "achievements", now)
}

// general returns a background message without a user, which the relay dispatches at once.
func general(workflow, id string, input any, kind string, now time.Time) store.OutboxMessage {
	entry := background(workflow, id, input, now)
	entry.SearchAttributes = map[string]string{workflows.SearchAttributeKind.GetName(): kind}
	return entry
}
