package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// promote makes a build the current one, once Temporal knows it.
func (s *system) promote(build string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		return exec.CommandContext(s.t.Context(), os.Getenv("TEST_TEMPORAL_BIN"), "worker", "deployment", "set-current-version",
			"--deployment-name", "lyo", "--build-id", build, "--yes", "--address", s.temporal.Address()).Run() == nil
	}, patience, 200*time.Millisecond)
}

// buildOf returns the build of a run.
func (s *system) buildOf(workflow string) string {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), os.Getenv("TEST_TEMPORAL_BIN"),
		"workflow", "describe", "--workflow-id", workflow, "--output", "json", "--address", s.temporal.Address()).Output()
	require.NoError(s.t, err)
	var described struct {
		WorkflowExecutionInfo struct {
			VersioningInfo struct {
				Behavior          string
				DeploymentVersion struct{ BuildID string }
			}
		}
	}
	require.NoError(s.t, json.Unmarshal(out, &described), string(out))
	require.Contains(s.t, strings.ToUpper(described.WorkflowExecutionInfo.VersioningInfo.Behavior), "PINNED", string(out))
	return described.WorkflowExecutionInfo.VersioningInfo.DeploymentVersion.BuildID
}

// TestTwoBuildsSideBySide starts a course on one build and another on the next, while
// both work.
func TestTwoBuildsSideBySide(t *testing.T) {
	t.Parallel()
	s := newSystem(t, "LYO_WORKER_VERSIONING=on")
	a := s.addAPI("LYO_BUILD_ID=older")
	s.start("worker", 1, "LYO_BUILD_ID=older")
	s.promote("older")
	ada := a.register(t, "ada@example.com")
	s.model.Script(func(r llmtest.Request) []llmtest.Fault { // also on a retry
		if r.Kind == llmtest.Outline && r.Topic == "How tides work" {
			return []llmtest.Fault{llmtest.Hold()}
		}
		return nil
	})
	first, _ := ada.generate("How tides work")
	require.NoError(t, s.model.WaitHeld(t.Context(), 1))

	s.start("worker", 1, "LYO_BUILD_ID=newer")
	s.promote("newer")
	second, _ := ada.generate("How the moon moves")
	require.Equal(t, "DONE", ada.await(second)["state"], "new work is done by the newer build")
	require.Nil(t, ada.task(first)["completed_at"], "the first is still open")
	s.model.Heal()
	s.model.Release()
	require.Equal(t, "DONE", ada.await(first)["state"], "an open run finishes where it began")
	require.Equal(t, "older", s.buildOf("generate-course/"+first))
	require.Equal(t, "newer", s.buildOf("generate-course/"+second))
}
