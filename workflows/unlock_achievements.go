package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// UnlockAchievementsInput identifies a user and the event after which to check achievements.
type UnlockAchievementsInput struct {
	UserID uuid.UUID `json:"user_id"`
	Event  uuid.UUID `json:"deed"`
}

// UnlockAchievements unlocks what a user has reached. The boards follow, as after everything that counts.
func UnlockAchievements(ctx workflow.Context, in UnlockAchievementsInput) error {
	var r *activities.LearningActivities
	if isLean(ctx) {
		return workflow.ExecuteLocalActivity(local(ctx, "Unlock"), r.Unlock, in.UserID).Get(ctx, nil)
	}
	if err := workflow.ExecuteActivity(quick(ctx, "Unlock"), r.Unlock, in.UserID).Get(ctx, nil); err != nil {
		return err
	}
	refreshBoards(ctx)
	return nil
}

// refreshBoards applies changes to the boards in Redis, as a local activity, since it takes
// milliseconds. If it fails, the next reader of the boards does it.
func refreshBoards(ctx workflow.Context) {
	var r *activities.LearningActivities
	err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		Summary:                "Bring the boards up to date",
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: 30 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumAttempts: 3},
	}), r.RefreshBoards).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("the boards are brought up to date by who reads them", "error", err)
	}
}

// RebuildBoards rebuilds the boards in Redis from the ledger, in place of those with a
// stamp.
func RebuildBoards(ctx workflow.Context, stamp uuid.UUID) error {
	var r *activities.LearningActivities
	return workflow.ExecuteActivity(packing(ctx, "Build the boards"), r.BuildBoards, stamp).Get(ctx, nil)
}
