package workflows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// startBuild starts a worker of a build that pins its runs, has it made current, and returns what stops it. Its course
// workflow sleeps and runs an activity in turn, as many times as steps says; another number is other code.
func startBuild(t *testing.T, c client.Client, build string, steps int) (stop func()) {
	t.Helper()
	w := worker.New(c, workflows.Queue, worker.Options{
		DisableRegistrationAliasing: true,
		DeploymentOptions: worker.DeploymentOptions{
			UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: "lyo", BuildID: build},
			DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
		},
	})
	body := func(ctx workflow.Context, _ workflows.GenerateCourseInput) error {
		for range steps {
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return err
			}
		}
		return workflow.Await(ctx, func() bool { return false })
	}
	w.RegisterWorkflowWithOptions(body, workflow.RegisterOptions{Name: "GenerateCourse"})
	require.NoError(t, w.Start())
	require.Eventually(t, func() bool {
		_, err := c.WorkerDeploymentClient().GetHandle("lyo").SetCurrentVersion(t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: build})
		return err == nil
	}, time.Minute, 100*time.Millisecond)
	return w.Stop
}

// TestARunWithoutWorkersOfItsBuildMoves has two courses pinned to a build whose worker goes. The next build can go on with them;
// the one after, which is moved to in the same way, cannot.
func TestARunWithoutWorkersOfItsBuildMoves(t *testing.T) {
	t.Parallel()
	c, db := temporalServer(t), storetest.New(t)
	stopFirst := startBuild(t, c, "first", 1000)
	task, message := ask(t, db)
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	length := func() int64 { return describe(t, c, task).GetWorkflowExecutionInfo().GetHistoryLength() }
	require.Eventually(t, func() bool { return length() > 5 }, time.Minute, 50*time.Millisecond)
	stopFirst()

	stopSecond := startBuild(t, c, "second", 1000)
	ahead := time.Duration(0)
	reconciler := reconcilerAt(c, db, 0)
	reconciler.Clock = func() time.Time { return time.Now().Add(ahead) }
	reconciler.Namespace = "default"
	reconciler.Builds = outbox.Builds{Deployment: "lyo", MoveAfter: 10 * time.Minute}
	moved := func() bool {
		return describe(t, c, task).GetWorkflowExecutionInfo().GetVersioningInfo().GetVersioningOverride().GetAutoUpgrade()
	}
	require.NoError(t, reconciler.Reconcile(t.Context()))
	require.False(t, moved(), "a worker of its build polled a moment ago")
	ahead = 11 * time.Minute
	before := length()
	require.NoError(t, reconciler.Reconcile(t.Context()))
	require.True(t, moved())
	require.Eventually(t, func() bool { return length() > before+3 }, time.Minute, 50*time.Millisecond, "it goes on with the current build")
	row, _ := finished(t, db, task)
	require.Equal(t, tasks.TaskQueued, row.State)

	stopSecond()
	defer startBuild(t, c, "third", 0)()
	require.Eventually(t, func() bool {
		stuck, err := workflows.LookForStuckRuns(t.Context(), c, "default", time.Now())
		return err == nil && len(stuck) == 1 && stuck[0].Failing && stuck[0].Moved
	}, time.Minute, 100*time.Millisecond)
	ahead = 4 * time.Minute
	require.NoError(t, reconciler.Reconcile(t.Context()))
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, describe(t, c, task).GetWorkflowExecutionInfo().GetStatus(), "it may yet be mended")
	ahead = 20 * time.Minute
	require.NoError(t, reconciler.Reconcile(t.Context()))
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, describe(t, c, task).GetWorkflowExecutionInfo().GetStatus())
	row, course := finished(t, db, task)
	require.Equal(t, "stopped", row.Fault.Code)
	require.Equal(t, courses.CourseError, course.Status)
}

// TestStuckRunsAreFound has a run that is still open after its deadline, and not yet after its execution timeout.
func TestStuckRunsAreFound(t *testing.T) {
	t.Parallel()
	c, db := temporalServer(t), storetest.New(t)
	task, message := ask(t, db) // with a deadline of an hour
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	late := func(ahead time.Duration) bool {
		watch := workflows.RunWatch{Client: c, Namespace: "default", Clock: func() time.Time { return time.Now().Add(ahead) }}
		var stuck []workflows.StuckRun
		require.Eventually(t, func() bool { // until it is indexed
			found, err := workflows.LookForStuckRuns(t.Context(), c, "default", time.Now().Add(24*time.Hour))
			return err == nil && len(found) == 1
		}, time.Minute, 50*time.Millisecond)
		stuck, err := watch.Stuck(t.Context())
		require.NoError(t, err)
		_, n := workflows.CountStuck(stuck)
		return n == 1 && stuck[0].ID == task.WorkflowID
	}
	require.False(t, late(time.Hour))
	require.True(t, late(time.Hour+2*time.Minute))
}

// TestReportedRunsAreFound stands for a server from 1.30 on, which says itself which runs fail: this one, which does not know
// the attribute, is asked for another.
func TestReportedRunsAreFound(t *testing.T) {
	t.Parallel()
	c, db := temporalServer(t), storetest.New(t)
	task, message := ask(t, db)
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	newer := &newerServer{Client: c, instead: "LyoUser = '" + task.UserID.String() + "'"}
	require.Eventually(t, func() bool {
		stuck, err := workflows.LookForStuckRuns(t.Context(), newer, "default", time.Now())
		return err == nil && len(stuck) == 1 && stuck[0].Failing && stuck[0].ID == task.WorkflowID
	}, time.Minute, 100*time.Millisecond)
	stuck, err := workflows.LookForStuckRuns(t.Context(), c, "default", time.Now())
	require.NoError(t, err, "an older server")
	require.Empty(t, stuck)
}

// newerServer answers a query by TemporalReportedProblems with the runs that another one selects.
type newerServer struct {
	client.Client

	instead string
}

func (s *newerServer) ListWorkflow(ctx context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	if strings.Contains(r.GetQuery(), "TemporalReportedProblems IN ('category=WorkflowTaskFailed'") {
		r.Query = "ExecutionStatus = 'Running' AND " + s.instead
	}
	return s.Client.ListWorkflow(ctx, r)
}
