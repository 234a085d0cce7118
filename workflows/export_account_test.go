package workflows_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/workflows"
)

// packer runs one ExportAccount with scripted activities.
type packer struct {
	*testsuite.TestWorkflowEnvironment
	in       workflows.ExportAccountInput
	calls    []string
	finished activities.FinishInput
	pack     func() error
}

func newPacker() *packer {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	p := &packer{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), pack: func() error { return nil }}
	p.in = workflows.ExportAccountInput{TaskID: uuid.New(), ExportID: uuid.New(), Seq: 1}
	p.RegisterActivity(&activities.ExportActivities{})
	p.RegisterActivity(&activities.ProgressActivities{})
	p.OnActivity("ListFiles", mock.Anything).Return([]string{"profile.json", "courses.json"}, nil)
	p.OnActivity("CollectFile", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.CollectInput) error {
		p.calls = append(p.calls, in.File)
		return nil
	})
	p.OnActivity("PackExport", mock.Anything, mock.Anything).Return(func(context.Context, activities.PackInput) error {
		p.calls = append(p.calls, "pack")
		return p.pack()
	})
	p.OnActivity("GiveUpExport", mock.Anything, p.in.ExportID).Return(func(context.Context, uuid.UUID) error {
		p.calls = append(p.calls, "give up")
		return nil
	})
	p.OnActivity("AddProgress", mock.Anything, mock.Anything).Return(activities.Recorded{Urgency: 3}, nil)
	p.OnActivity("FinishTask", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.FinishInput) (activities.Recorded, error) {
		p.finished = in
		return activities.Recorded{Events: in.Rest}, nil
	})
	return p
}

func (p *packer) last() activities.Event { return p.finished.Rest[len(p.finished.Rest)-1] }

func TestAnExportReportsEachFile(t *testing.T) {
	t.Parallel()
	p := newPacker()
	p.ExecuteWorkflow(workflows.ExportAccount, p.in)
	require.NoError(t, p.GetWorkflowError())
	require.Equal(t, []string{"profile.json", "courses.json", "pack"}, p.calls)
	value, err := p.QueryWorkflow(workflows.QueryProgress, 1)
	require.NoError(t, err)
	var answer workflows.ProgressAnswer
	require.NoError(t, value.Get(&answer))
	var messages []string
	percent := 0
	for i, e := range answer.Events {
		require.EqualValues(t, i+2, e.Seq)
		require.GreaterOrEqual(t, e.Progress, percent)
		percent = e.Progress
		messages = append(messages, e.Message)
	}
	require.Equal(t, []string{
		"Collecting your data", "Collected profile.json", "Collected courses.json", "Packing the archive", "Your data is ready",
	}, messages)
	require.Equal(t, activities.Done, p.last().State)
}

func TestAnExportThatFailsOrIsCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	t.Run("fails", func(t *testing.T) {
		t.Parallel()
		p := newPacker()
		p.pack = func() error { return temporal.NewNonRetryableApplicationError("broken", "internal", nil) }
		p.ExecuteWorkflow(workflows.ExportAccount, p.in)
		require.ErrorContains(t, p.GetWorkflowError(), "broken")
		require.Equal(t, "give up", p.calls[len(p.calls)-1])
		require.Equal(t, "Your data could not be packed.", p.last().Fault.Message)
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		p := newPacker()
		p.pack = func() error {
			p.CancelWorkflow()
			return temporal.NewApplicationError("try again", "internal")
		}
		p.ExecuteWorkflow(workflows.ExportAccount, p.in)
		require.True(t, temporal.IsCanceledError(p.GetWorkflowError()), "%v", p.GetWorkflowError())
		require.Equal(t, "give up", p.calls[len(p.calls)-1])
		require.True(t, p.last().Fault.CancelledByUser)
	})
}
