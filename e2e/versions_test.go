package e2e_test

import (
	"encoding/json"
	"net/http"
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
	out, err := s.lyo("worker", "current", "--build-id", build)
	require.NoError(s.t, err, out)
	require.Contains(s.t, out, "new work goes to build "+build)
}

// buildOf returns the build of a run, and whether it is pinned to that.
func (s *system) buildOf(workflow string) (build string, pinned bool) {
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
	found := described.WorkflowExecutionInfo.VersioningInfo
	return found.DeploymentVersion.BuildID, strings.Contains(strings.ToUpper(found.Behavior), "PINNED")
}

// TestTwoBuildsSideBySide makes another build current while a course is written, and a lesson of another one is
// written again.
func TestTwoBuildsSideBySide(t *testing.T) {
	t.Parallel()
	s := newSystem(t, "LYO_WORKER_VERSIONING=on")
	a := s.addAPI("LYO_BUILD_ID=older")
	s.start("worker", 1, "LYO_BUILD_ID=older")
	s.promote("older")
	ada := a.register(t, "ada@example.com")
	done, course := ada.generate("How the wind blows")
	require.Equal(t, "DONE", ada.await(done)["state"])
	lesson := ada.course(course)["lessons"].([]any)[0].(object)["id"]
	s.model.Script(func(r llmtest.Request) []llmtest.Fault { // also on a retry
		if r.Kind == llmtest.Outline && r.Topic == "How tides work" || r.Kind == llmtest.Lesson && r.Topic == "How the wind blows" {
			return []llmtest.Fault{llmtest.Hold()}
		}
		return nil
	})
	again := ada.call(http.MethodPost, "/v1/courses/"+course+"/regenerate", object{"section": "lessons", "lesson_id": lesson}, http.StatusAccepted)["task_id"].(string)
	require.NoError(t, s.model.WaitHeld(t.Context(), 1))
	first, _ := ada.generate("How tides work")
	require.NoError(t, s.model.WaitHeld(t.Context(), 2))

	s.start("worker", 1, "LYO_BUILD_ID=newer")
	s.promote("newer")
	s.model.Heal()
	s.model.Release()
	require.Equal(t, "DONE", ada.await(first)["state"])
	require.Equal(t, "DONE", ada.await(again)["state"])
	build, pinned := s.buildOf("generate-course/" + first)
	require.Equal(t, "newer", build, "a course goes on with the current build")
	require.False(t, pinned)
	build, pinned = s.buildOf("regenerate-course/" + again)
	require.Equal(t, "older", build, "what waits for nobody ends where it began")
	require.True(t, pinned)
}

// TestAKilledWorkerIsMissed kills a worker, and stops one.
func TestAKilledWorkerIsMissed(t *testing.T) {
	t.Parallel()
	s, ada := newLearnerSystem(t)
	health := func() object { return ada.call(http.MethodGet, "/v1/health/temporal", nil, http.StatusOK) }
	await := func(wanted string) time.Duration {
		began := time.Now()
		require.Eventually(t, func() bool { return health()["status"] == wanted }, patience, 200*time.Millisecond)
		return time.Since(began)
	}
	await("healthy")
	kill(t, s.worker)
	missed := await("degraded")
	require.Less(t, missed, 30*time.Second)
	t.Logf("a killed worker is missed after %v", missed.Round(time.Second))
	require.Contains(t, health()["message"], "no worker polls")
	s.startWorker()
	await("healthy")
	stop(s.worker)
	missed = await("degraded")
	require.Less(t, missed, 10*time.Second, "a stopped one is missed at once")
	_, mends := s.doctor(1)
	require.Contains(t, mends["workers"], "lyo worker")
}
