package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// RemindOfReviews goes once through everybody who has cards to review, and reminds those
// whose evening it is. The news goes by each user's preferences and quiet hours when it
// is sent.
func RemindOfReviews(ctx workflow.Context, after uuid.UUID) error {
	var r *activities.Rewarding
	for range applyPages {
		var done activities.Reminded
		if err := workflow.ExecuteActivity(thorough(ctx), r.RemindOfReviews, after).Get(ctx, &done); err != nil || done.Users == 0 {
			return err
		}
		after = done.Last
	}
	return workflow.NewContinueAsNewError(ctx, RemindOfReviews, after)
}

// remindEvery is the time between two looks, short enough for zones that are off by a
// part of an hour.
const remindEvery = 30 * time.Minute

// ScheduleReminders has RemindOfReviews run for ever. Doing it again changes nothing.
func ScheduleReminders(ctx context.Context, c client.Client) error {
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:      "remind-of-reviews",
		Spec:    client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: remindEvery}}},
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		Action:  &client.ScheduleWorkflowAction{ID: "remind-of-reviews", Workflow: RemindOfReviews, Args: []any{uuid.Nil}, TaskQueue: Queue},
	})
	if err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("schedule reminders: %w", err)
	}
	return nil
}
