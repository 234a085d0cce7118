package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// ApplyAchievementsInput is the user id to continue after, with the progress so far.
type ApplyAchievementsInput struct {
	After uuid.UUID `json:"after"`
	// Nightly is set where nothing should be left to unlock, since each action enqueues what it reaches.
	Nightly bool `json:"nightly,omitempty"`
	ApplyProgress
}

// ApplyProgress is the progress of ApplyAchievements.
type ApplyProgress struct {
	Users    int   `json:"users"`    // processed
	Total    int64 `json:"total"`    // to process, as counted at the start
	Unlocked int   `json:"unlocked"` // achievements
	Percent  int   `json:"percent"`
}

// applyPages is how many pages of users one run processes, which bounds the size of its
// history.
const applyPages = 500

// ApplyAchievements unlocks achievements for all users who already meet their conditions: after achievements were
// applied, and every night.
// The query "progress" returns its progress.
func ApplyAchievements(ctx workflow.Context, in ApplyAchievementsInput) (ApplyProgress, error) {
	if err := workflow.SetQueryHandler(ctx, QueryProgress, func() (ApplyProgress, error) { return in.ApplyProgress, nil }); err != nil {
		return in.ApplyProgress, err
	}
	var r *activities.LearningActivities
	if in.Total == 0 {
		if err := workflow.ExecuteActivity(quick(ctx, "Count users"), r.CountUsers).Get(ctx, &in.Total); err != nil {
			return in.ApplyProgress, err
		}
	}
	for range applyPages {
		var done activities.Applied
		setDetailsf(ctx, "%d of %d users, %d achievements", in.Users, in.Total, in.Unlocked)
		if err := workflow.ExecuteActivity(thorough(ctx, "Next users"), r.ApplyAchievements, in.After).Get(ctx, &done); err != nil {
			return in.ApplyProgress, err
		}
		if done.Users == 0 {
			in.Percent = 100
			if in.Nightly && in.Unlocked > 0 {
				workflow.GetLogger(ctx).Warn("achievements had been missed", "unlocked", in.Unlocked)
			}
			refreshBoards(ctx)
			return in.ApplyProgress, nil
		}
		in.After = done.Last
		in.Users, in.Unlocked = in.Users+done.Users, in.Unlocked+done.Unlocked
		in.Percent = int(min(99, 100*int64(in.Users)/max(1, in.Total)))
	}
	return in.ApplyProgress, workflow.NewContinueAsNewError(ctx, ApplyAchievements, in)
}
