package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"
)

// UnlockAchievementsInput names a user who did something, and the deed.
type UnlockAchievementsInput struct {
	UserID uuid.UUID `json:"user_id"`
	Deed   uuid.UUID `json:"deed"`
}

// UnlockAchievements looks at a user's achievements after a deed.
func UnlockAchievements(workflow.Context, UnlockAchievementsInput) error { return nil }
