package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// ApplyAchievementsInput is where to begin: after a user, by id, with what was done before.
type ApplyAchievementsInput struct {
	After uuid.UUID `json:"after"`
	ApplyProgress
}

// ApplyProgress is how far it has come.
type ApplyProgress struct {
	Users    int   `json:"users"`    // gone through
	Total    int64 `json:"total"`    // to go through, as it was in the beginning
	Unlocked int   `json:"unlocked"` // achievements
	Percent  int   `json:"percent"`
}

// applyPages is how many stretches of users one run goes through, so that no history
// grows without end.
const applyPages = 500

// ApplyAchievements unlocks achievements for everybody who has reached them already. The
// query "progress" tells how far it is.
func ApplyAchievements(ctx workflow.Context, in ApplyAchievementsInput) (ApplyProgress, error) {
	if err := workflow.SetQueryHandler(ctx, QueryProgress, func() (ApplyProgress, error) { return in.ApplyProgress, nil }); err != nil {
		return in.ApplyProgress, err
	}
	var r *activities.LearningActivities
	if in.Total == 0 {
		if err := workflow.ExecuteActivity(quick(ctx), r.CountUsers).Get(ctx, &in.Total); err != nil {
			return in.ApplyProgress, err
		}
	}
	for range applyPages {
		var done activities.Applied
		if err := workflow.ExecuteActivity(thorough(ctx), r.ApplyAchievements, in.After).Get(ctx, &done); err != nil {
			return in.ApplyProgress, err
		}
		if done.Users == 0 {
			in.Percent = 100
			refreshBoards(ctx)
			return in.ApplyProgress, nil
		}
		in.After = done.Last
		in.Users, in.Unlocked = in.Users+done.Users, in.Unlocked+done.Unlocked
		in.Percent = int(min(99, 100*int64(in.Users)/max(1, in.Total)))
	}
	return in.ApplyProgress, workflow.NewContinueAsNewError(ctx, ApplyAchievements, in)
}
