package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// FanOutPushInput identifies a notification in an inbox, or a broadcast.
type FanOutPushInput struct {
	NotificationID uuid.UUID `json:"notification_id"`
	UserID         uuid.UUID `json:"user_id"`
	// Broadcast is set for a broadcast, in place of the two above.
	Broadcast *PushBroadcast `json:"broadcast,omitempty"`
}

// FanOutPush sends pushes to devices. The receipts record what was sent: a run that starts
// over continues from them. It waits, for as long as needed, for retries and for quiet
// hours to end.
func FanOutPush(ctx workflow.Context, in FanOutPushInput) error {
	if in.Broadcast != nil {
		return pushBroadcast(ctx, in)
	}
	return pushNotification(ctx, activities.Shard{Notification: in.NotificationID})
}

// pushNotification pushes to the devices of one user.
func pushNotification(ctx workflow.Context, news activities.Shard) error {
	var p *activities.PushActivities
	for {
		var counts activities.PushCounts
		err := workflow.ExecuteActivity(pushing(ctx, urgentPush, "Send to the user's devices"), p.DeliverPushes, news).Get(ctx, &counts)
		if err != nil || counts.Next == nil {
			return err
		}
		setDetailsf(ctx, "Waiting until %s for retries, or for quiet hours to end", formatTime(*counts.Next))
		if err := sleepUntil(ctx, *counts.Next, "Until retries are due, or quiet hours end"); err != nil {
			return err
		}
		news.Again = true
	}
}

// sleepUntil sleeps until a time, at most an hour: quiet hours may change by then.
func sleepUntil(ctx workflow.Context, at time.Time, summary string) error {
	return sleep(ctx, min(max(at.Sub(workflow.Now(ctx)), time.Second), time.Hour), summary)
}

// PushShard pushes to the devices of one shard that are due.
func PushShard(ctx workflow.Context, shard activities.Shard) (counts activities.PushCounts, err error) {
	var p *activities.PushActivities
	err = workflow.ExecuteActivity(pushing(ctx, patientPush, "Send to the shard's devices"), p.DeliverPushes, shard).Get(ctx, &counts)
	return counts, err
}
