package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"
)

// FanOutPushInput names news in an inbox.
type FanOutPushInput struct {
	NotificationID uuid.UUID `json:"notification_id"`
	UserID         uuid.UUID `json:"user_id"`
}

// FanOutPush tells devices of news.
func FanOutPush(workflow.Context, FanOutPushInput) error { return nil }
