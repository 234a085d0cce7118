package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// anotherBuild processes courses with unrelated code, until each of the runs has begun
// there.
func (s *system) anotherBuild(c client.Client, ids ...string) {
	s.t.Helper()
	other := worker.New(c, workflows.Queue, worker.Options{DisableRegistrationAliasing: true})
	body := func(ctx workflow.Context, _ any) error {
		for {
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return err
			}
		}
	}
	other.RegisterWorkflowWithOptions(body, workflow.RegisterOptions{Name: "GenerateCourse"})
	require.NoError(s.t, other.Start())
	defer other.Stop()
	for _, id := range ids {
		require.Eventually(s.t, func() bool {
			run, err := c.DescribeWorkflowExecution(s.t.Context(), id, "")
			return err == nil && run.GetWorkflowExecutionInfo().GetHistoryLength() > 4
		}, patience, 50*time.Millisecond)
	}
}

// TestFaultRunsOfABuildThatIsGone has open runs that the worker's code cannot replay. The doctor
// names them, a cancel ends them with a message, and the learner's next course is written.
func TestFaultRunsOfABuildThatIsGone(t *testing.T) {
	t.Parallel()
	s := newSystem(t, "LYO_COURSES_AT_ONCE=2")
	c := s.dialTemporal()
	require.NoError(t, workflows.RegisterSearchAttributes(t.Context(), c, "default"))
	ada := s.addAPI().register(t, "ada@example.com")
	first, _ := ada.generate("How tides work")
	second, deleted := ada.generate("How the moon moves")
	next, _ := ada.generate("How rivers flow")
	s.anotherBuild(c, workflows.GenerateCourseID(uuid.MustParse(first)), workflows.GenerateCourseID(uuid.MustParse(second)))
	s.startWorker()
	require.Eventually(t, func() bool {
		_, mends := s.doctor(1)
		return mends["runs"] != ""
	}, patience, time.Second, "the doctor is content")

	ada.call(http.MethodDelete, "/v1/courses/"+deleted, nil, http.StatusNoContent)
	require.Equal(t, "cancelled", ada.task(second)["status"], "a deleted course ends its task at once")
	began := time.Now()
	ada.call(http.MethodPost, "/v1/tasks/"+first+"/cancel", nil, http.StatusOK)
	ended := ada.await(first)
	t.Logf("the cancel of a run that cannot go on took %v", time.Since(began).Round(time.Millisecond))
	require.Equal(t, "cancelled", ended["status"])
	require.Equal(t, true, ended["error_details"].(object)["cancelled_by_user"])
	require.Equal(t, "DONE", ada.await(next)["state"], "the learner's next course waits for ever")
	require.Eventually(t, func() bool {
		_, mends := s.doctor(1)
		_, open := s.runs(c)
		return mends["runs"] == "" && len(open) == 0
	}, patience, time.Second, "a run goes on that nobody wants")
}

// running generates a course and waits until its work has begun.
func (l *learner) running(topic string) time.Duration {
	l.t.Helper()
	task, _ := l.generate(topic)
	began := time.Now()
	for now := l.task(task); now["state"] == "QUEUED"; {
		require.Less(l.t, time.Since(began), patience)
		now = l.call(http.MethodGet, fmt.Sprintf("/v1/tasks/%s?wait=5s&since=%v", task, now["seq"]), nil, http.StatusOK)
	}
	took := time.Since(began)
	l.await(task)
	return took
}

// TestFaultActionsHoldUpNoCourse has very many achievement checks due at once when learners
// request courses.
func TestFaultActionsHoldUpNoCourse(t *testing.T) {
	t.Parallel()
	s := newFaultEnv(t, nil)
	s.addAPI()
	s.startWorker()
	crew := s.crew(6)
	median := func(what string) time.Duration {
		times := make([]time.Duration, len(crew))
		for i, l := range crew {
			times[i] = l.running(fmt.Sprintf("%s %d", what, i))
		}
		t.Logf("%s: until a course was running: %v", what, times)
		slices.Sort(times)
		return times[len(times)/2]
	}
	crew[0].running("to be warm")
	idle := median("idle")
	actions, follow := sized(1800, 400), outbox.NewEnqueuer(time.Now)
	rows := make([]store.OutboxMessage, actions)
	for i := range rows {
		rows[i] = follow.Unlock(uuid.MustParse(crew[i%len(crew)].id), store.NewID())
	}
	require.NoError(t, s.db.CreateInBatches(rows, 200).Error)
	loaded := median("loaded")
	left := s.count("outbox WHERE workflow = 'UnlockAchievements'")
	t.Logf("a course was running after %v with nothing else to do, and after %v behind %d actions, of which %d were still to be begun", idle, loaded, actions, left)
	require.Less(t, loaded, idle+sized(200*time.Millisecond, 3*time.Second))
	s.requireSound()
}

// TestFaultASlowModel has a slow model, and activities of two conversations, many at once.
func TestFaultASlowModel(t *testing.T) {
	t.Parallel()
	s := newFaultEnv(t, []string{"LYO_GEMMA_PARALLEL=20"})
	s.addAPI()
	s.startWorker()
	answer := llmtest.Last(sized(25*time.Second, 3*time.Second))
	s.model.On(llmtest.Practice, 0, answer)
	s.model.On(llmtest.Solve, 0, answer)
	crew, lessons := s.crew(sized(7, 2)), 0
	tasks, courses := make([]string, len(crew)), make([]string, len(crew))
	for i, l := range crew {
		tasks[i], courses[i] = l.generate("How tides work")
	}
	for i, l := range crew {
		require.Equal(t, "DONE", l.await(tasks[i])["state"])
		lessons += len(l.course(courses[i])["lessons"].([]any))
	}
	require.Equal(t, lessons, s.model.Count(llmtest.Practice), "a conversation ran again: its activity had cancelled itself")
	require.Equal(t, lessons, s.model.Count(llmtest.Solve))
	s.requireSound()
}
