package outbox

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
)

// RebuildBoards returns the message to build the boards in Redis again in the place of those with a
// stamp. Nobody waits for it: readers get their answers from Postgres.
func RebuildBoards(stamp uuid.UUID, now time.Time) store.OutboxMessage {
	return general("RebuildBoards", workflows.RebuildBoardsID(stamp), stamp, "boards", now)
}

// ApplyAchievements returns the message to unlock achievements for who has reached them already.
func ApplyAchievements(batch uuid.UUID, now time.Time) store.OutboxMessage {
	return general("ApplyAchievements", workflows.ApplyAchievementsID(batch), workflows.ApplyAchievementsInput{}, "achievements", now)
}

// general is about nobody in particular, and the relay's at once.
func general(workflow, id string, input any, kind string, now time.Time) store.OutboxMessage {
	entry := background(workflow, id, input, now)
	entry.SearchAttributes = map[string]string{workflows.SearchAttributeKind.GetName(): kind}
	return entry
}
