package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/workflows"
)

// departing runs one DeleteAccount with scripted activities and records their order.
type departing struct {
	*testsuite.TestWorkflowEnvironment
	in    workflows.DeleteAccountInput
	calls []string
	at    []time.Time
}

const grace = 14 * 24 * time.Hour

// newDeparting returns each number of open tasks from StopWork in turn, then 0; -1
// is an account that was restored.
func newDeparting(open ...int) *departing {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	d := &departing{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment()}
	d.in = workflows.DeleteAccountInput{UserID: uuid.New(), DeletionID: uuid.New(), Due: d.Now().Add(grace)}
	who := activities.DeleteAccountInput{UserID: d.in.UserID, DeletionID: d.in.DeletionID}
	note := func(name string) {
		d.calls, d.at = append(d.calls, name), append(d.at, d.Now())
	}
	d.RegisterActivity(&activities.AccountActivities{})
	d.OnActivity("StopWork", mock.Anything, who).Return(func(context.Context, activities.DeleteAccountInput) (int, error) {
		note("stop")
		if len(open) == 0 {
			return 0, nil
		}
		n := open[0]
		open = open[1:]
		if n < 0 {
			return 0, temporal.NewNonRetryableApplicationError("restored", "conflict", nil)
		}
		return n, nil
	})
	d.OnActivity("EraseAccount", mock.Anything, who).Return(func(context.Context, activities.DeleteAccountInput) error {
		note("erase")
		return nil
	})
	for _, name := range []string{"ForgetKeys", "ProveErased"} {
		d.OnActivity(name, mock.Anything, d.in.UserID).Return(func(context.Context, uuid.UUID) error {
			note(name)
			return nil
		})
	}
	return d
}

func TestADeletionWaitsForItsTimeAndForWorkToEnd(t *testing.T) {
	t.Parallel()
	d := newDeparting(2, 1, 0, 1)
	d.ExecuteWorkflow(workflows.DeleteAccount, d.in)
	require.True(t, d.IsWorkflowCompleted())
	require.NoError(t, d.GetWorkflowError())
	require.Equal(t, []string{"stop", "stop", "stop", "stop", "stop", "erase", "ForgetKeys", "ProveErased"}, d.calls)
	require.True(t, d.at[2].Before(d.in.Due))
	require.False(t, d.at[3].Before(d.in.Due))
}

func TestARestoredAccountIsNotErased(t *testing.T) {
	t.Parallel()
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		d := newDeparting()
		d.RegisterDelayedCallback(d.CancelWorkflow, grace/2)
		d.ExecuteWorkflow(workflows.DeleteAccount, d.in)
		require.True(t, temporal.IsCanceledError(d.GetWorkflowError()))
		require.Equal(t, []string{"stop"}, d.calls)
	})
	t.Run("unheard of", func(t *testing.T) {
		t.Parallel()
		d := newDeparting(0, -1)
		d.ExecuteWorkflow(workflows.DeleteAccount, d.in)
		require.ErrorContains(t, d.GetWorkflowError(), "restored")
		require.Equal(t, []string{"stop", "stop"}, d.calls)
	})
}
