package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// SendMail sends a mail. It fails when the mail server refuses it permanently or cannot be
// reached for an hour: no client waits for an answer, and a user without the mail requests
// another.
func SendMail(ctx workflow.Context, mail uuid.UUID) error {
	var m *activities.MailActivities
	return workflow.ExecuteActivity(mailing(ctx, "Send the mail"), m.SendMail, mail).Get(ctx, nil)
}

// mailing is for a third-party mail server, within the time in which a mail is of use.
func mailing(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                summary,
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: mailFor,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 2 * time.Minute},
	})
}
