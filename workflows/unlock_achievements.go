package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// UnlockAchievementsInput names a user who did something, and the deed.
type UnlockAchievementsInput struct {
	UserID uuid.UUID `json:"user_id"`
	Deed   uuid.UUID `json:"deed"`
}

// UnlockAchievements unlocks what a user has reached with a deed, and brings both to the
// boards. Boards that cannot be reached are left to whoever reads them next.
func UnlockAchievements(ctx workflow.Context, in UnlockAchievementsInput) error {
	var r *activities.LearningActivities
	if err := workflow.ExecuteActivity(quick(ctx), r.Unlock, in.UserID).Get(ctx, nil); err != nil {
		return err
	}
	refreshBoards(ctx)
	return nil
}

// refreshBoards brings to the boards in Redis what has changed, within the workflow's own
// task: it takes milliseconds, and whoever reads the boards next does it otherwise.
func refreshBoards(ctx workflow.Context) {
	var r *activities.LearningActivities
	err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: 30 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumAttempts: 3},
	}), r.RefreshBoards).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("the boards are brought up to date by who reads them", "error", err)
	}
}

// RebuildBoards builds the boards in Redis from the ledger, in the place of those with a
// stamp.
func RebuildBoards(ctx workflow.Context, stamp uuid.UUID) error {
	var r *activities.LearningActivities
	return workflow.ExecuteActivity(packing(ctx), r.BuildBoards, stamp).Get(ctx, nil)
}
