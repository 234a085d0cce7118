package workflows_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/workflows"
)

// historiesDir has a folder for each released version, named after the first twelve digits of its commit.
const historiesDir = "testdata/histories"

// TestReplayOfRecordedHistories replays what each released version left, runs that wait included: they stand for
// the runs that are open out there when a version comes out.
func TestReplayOfRecordedHistories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(historiesDir + "/*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		replayer := worker.NewWorkflowReplayer()
		workflows.Register(replayer)
		workflows.RegisterPush(replayer)
		require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, file), file)
	}
}

// TestReplayRefusesChangedCode replays a history with a step left out.
func TestReplayRefusesChangedCode(t *testing.T) {
	t.Parallel()
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(
		func(workflow.Context, json.RawMessage) error { return nil }, workflow.RegisterOptions{Name: "GenerateCourse"})
	require.ErrorContains(t, replayer.ReplayWorkflowHistoryFromJSONFile(nil, filepath.Join(releasedHistories(t), "GenerateCourse-closed.json")), "TMPRL1100")
}

// TestReplayHasTheReleasedVersion checks that the last release is among them, with the runs that wait.
func TestReplayHasTheReleasedVersion(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(releasedHistories(t))
	require.NoError(t, err, "make histories records them")
	require.GreaterOrEqual(t, len(files), 18, "one of each workflow")
	for _, waiting := range []string{"GenerateCourse", "DeleteAccount", "ReviewReport"} {
		require.FileExists(t, filepath.Join(releasedHistories(t), waiting+"-open.json"))
	}
}

// releasedHistories returns the folder of the version in deploy/released.
func releasedHistories(t *testing.T) string {
	t.Helper()
	named, err := os.ReadFile("../deploy/released")
	require.NoError(t, err)
	return filepath.Join(historiesDir, string(named[:12]))
}
