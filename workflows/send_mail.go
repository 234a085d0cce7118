package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// SendMail has a mail sent. It fails when the mail server refuses it for good, or
// could not be reached for an hour: nobody waits for an answer, and who misses the
// mail asks for another.
func SendMail(ctx workflow.Context, mail uuid.UUID) error {
	var m *activities.MailActivities
	return workflow.ExecuteActivity(mailing(ctx), m.SendMail, mail).Get(ctx, nil)
}

// Mailing waits for a server of others, and for the time in which a mail is of use.
func mailing(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: mailFor,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 2 * time.Minute},
	})
}
