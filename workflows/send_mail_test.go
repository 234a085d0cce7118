package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/workflows"
)

// sending runs one SendMail whose attempts return the outcomes, the last one repeatedly.
func sending(outcomes ...error) (env *testsuite.TestWorkflowEnvironment, mail uuid.UUID, tries *int) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env, mail, tries = suite.NewTestWorkflowEnvironment(), uuid.New(), new(int)
	env.RegisterActivity(&activities.MailActivities{})
	env.OnActivity("SendMail", mock.Anything, mail).Return(func(context.Context, uuid.UUID) error {
		outcome := outcomes[min(*tries, len(outcomes)-1)]
		*tries++
		return outcome
	})
	return env, mail, tries
}

var (
	errMailLater = temporal.NewApplicationError("The mail could not be sent yet.", "unavailable")
	errMailNever = temporal.NewNonRetryableApplicationError("The mail was refused.", activities.FailureMailRefused, nil)
)

func TestAMailIsTriedUntilItIsSent(t *testing.T) {
	t.Parallel()
	env, mail, tries := sending(errMailLater, errMailLater, errMailLater, nil)
	env.ExecuteWorkflow(workflows.SendMail, mail)
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 4, *tries)
}

func TestAMailThatIsRefusedIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	env, mail, tries := sending(errMailLater, errMailNever)
	env.ExecuteWorkflow(workflows.SendMail, mail)
	var app *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &app)
	require.Equal(t, activities.FailureMailRefused, app.Type())
	require.Equal(t, 2, *tries)
}

// TestAMailHasAnHour checks the requested timeout: the environment itself ends after ten tries.
func TestAMailHasAnHour(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env, mail, begun := suite.NewTestWorkflowEnvironment(), uuid.New(), time.Time{}
	var last time.Duration
	env.RegisterActivity(&activities.MailActivities{})
	env.OnActivity("SendMail", mock.Anything, mail).Return(func(ctx context.Context, _ uuid.UUID) error {
		info := activity.GetInfo(ctx)
		require.Equal(t, time.Hour, info.ScheduleToCloseTimeout)
		require.Equal(t, time.Minute, info.StartToCloseTimeout)
		last = env.Now().Sub(begun)
		return errMailLater
	})
	begun = env.Now()
	env.ExecuteWorkflow(workflows.SendMail, mail)
	require.True(t, env.IsWorkflowCompleted())
	require.Error(t, env.GetWorkflowError())
	require.Equal(t, (1+2+4+8+16+32+64+120+120)*time.Second, last, "every two minutes at last")
}
