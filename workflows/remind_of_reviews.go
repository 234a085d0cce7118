package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// RemindOfReviews goes once through all users with cards to review, and reminds those whose
// local time is evening. Preferences and quiet hours apply when the notification is sent.
func RemindOfReviews(ctx workflow.Context, after uuid.UUID) error {
	var r *activities.LearningActivities
	for range applyPages {
		var done activities.Reminded
		if err := workflow.ExecuteActivity(thorough(ctx, "Next users"), r.RemindOfReviews, after).Get(ctx, &done); err != nil || done.Users == 0 {
			return err
		}
		after = done.Last
	}
	return workflow.NewContinueAsNewError(ctx, RemindOfReviews, after)
}
