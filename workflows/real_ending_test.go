package workflows_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// beginOnAnotherBuild starts the courses' runs on a worker with different code, and stops that
// worker when each has begun. The runs need a worker every second.
func beginOnAnotherBuild(t *testing.T, c client.Client, db *gorm.DB, tasks ...tasks.Task) {
	t.Helper()
	other := worker.New(c, workflows.Queue, worker.Options{DisableRegistrationAliasing: true})
	body := func(ctx workflow.Context, _ workflows.GenerateCourseInput) error {
		for {
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return err
			}
		}
	}
	other.RegisterWorkflowWithOptions(body, workflow.RegisterOptions{Name: "GenerateCourse"})
	require.NoError(t, other.Start())
	defer other.Stop()
	for _, task := range tasks {
		var message store.OutboxMessage
		require.NoError(t, db.First(&message, "workflow_id = ?", task.WorkflowID).Error)
		dispatcherOf(c, db).TryDispatch(t.Context(), message)
		require.Eventually(t, func() bool {
			run, err := c.DescribeWorkflowExecution(t.Context(), task.WorkflowID, "")
			return err == nil && run.GetWorkflowExecutionInfo().GetHistoryLength() > 4
		}, time.Minute, 20*time.Millisecond)
	}
}

func describe(t *testing.T, c client.Client, task tasks.Task) *workflowservice.DescribeWorkflowExecutionResponse {
	t.Helper()
	run, err := c.DescribeWorkflowExecution(t.Context(), task.WorkflowID, "")
	require.NoError(t, err)
	return run
}

// relayAt returns a relay whose clock is ahead by the given duration.
func relayAt(c client.Client, db *gorm.DB, ahead time.Duration) *outbox.Relay {
	return &outbox.Relay{Dispatcher: dispatcherOf(c, db), Log: quiet(), Clock: func() time.Time { return time.Now().Add(ahead) }}
}

func relayed(t *testing.T, r *outbox.Relay) {
	t.Helper()
	_, err := r.Sweep(t.Context(), false)
	require.NoError(t, err)
}

// TestARunThatCannotBeReplayedEndsByACancel has a learner's courses started by a build that no
// longer exists. Nothing in Temporal ends them by itself, and a third course waits for them.
func TestARunThatCannotBeReplayedEndsByACancel(t *testing.T) {
	t.Parallel()
	c, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	user := addUser(t, db)
	first, _ := askFor(t, db, user, tasks.TaskSpec{})
	second, _ := askFor(t, db, user, tasks.TaskSpec{})
	third, _ := askFor(t, db, user, tasks.TaskSpec{})
	beginOnAnotherBuild(t, c, db, first, second)
	startWorker(t, c, db, model)
	require.Eventually(t, func() bool {
		stuck, err := workflows.LookForStuckRuns(t.Context(), c, "default", time.Now().Add(time.Second))
		return err == nil && len(stuck) == 2 && stuck[0].Workflow == "GenerateCourse" && stuck[0].Failing && !stuck[1].Late
	}, time.Minute, 100*time.Millisecond, "nothing reports that the runs do not go on")

	for _, task := range []tasks.Task{first, second} {
		cancel := outbox.Cancel(task, time.Now())
		require.NoError(t, courses.CancelTask(t.Context(), db, user, task.ID, cancel, time.Now()))
		dispatcherOf(c, db).TryDispatch(t.Context(), cancel)
	}
	relayed(t, relayAt(c, db, 20*time.Second))
	for _, task := range []tasks.Task{first, second} {
		require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, describe(t, c, task).GetWorkflowExecutionInfo().GetStatus(), "it still has time to answer")
	}
	relayed(t, relayAt(c, db, 31*time.Second))
	for _, task := range []tasks.Task{first, second} {
		require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, describe(t, c, task).GetWorkflowExecutionInfo().GetStatus())
		row, course := finished(t, db, task)
		require.Equal(t, tasks.TaskError, row.State)
		require.True(t, row.Fault.Cancelled())
		require.True(t, row.Fault.CancelledByUser)
		require.Equal(t, courses.CourseError, course.Status)
	}
	relayed(t, relayAt(c, db, time.Second))
	require.NoError(t, c.GetWorkflow(t.Context(), third.WorkflowID, "").Get(t.Context(), nil))
	row, _ := finished(t, db, third)
	require.Equal(t, tasks.TaskDone, row.State, "the next course goes on")
	var left int64
	require.NoError(t, db.Model(&store.OutboxMessage{}).Where("NOT background").Count(&left).Error)
	require.Zero(t, left)
}

// TestACancelThatIsAnsweredLeavesNothing checks that the outbox is empty and nothing is terminated.
func TestACancelThatIsAnsweredLeavesNothing(t *testing.T) {
	t.Parallel()
	c, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	startWorker(t, c, db, model)
	model.On(llmtest.Outline, 1, llmtest.Stall())
	task, message := ask(t, db)
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	require.NoError(t, model.WaitStalled(t.Context(), 1))
	cancel := outbox.Cancel(task, time.Now())
	require.NoError(t, courses.CancelTask(t.Context(), db, task.UserID, task.ID, cancel, time.Now()))
	dispatcherOf(c, db).TryDispatch(t.Context(), cancel)
	require.Error(t, c.GetWorkflow(t.Context(), task.WorkflowID, "").Get(t.Context(), nil))
	relayed(t, relayAt(c, db, time.Hour))
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, describe(t, c, task).GetWorkflowExecutionInfo().GetStatus())
	var left int64
	require.NoError(t, db.Model(&store.OutboxMessage{}).Count(&left).Error)
	require.Zero(t, left)
}

// TestARunOutOfTimeEndsInWords has Temporal end a run by its execution timeout.
func TestARunOutOfTimeEndsInWords(t *testing.T) {
	t.Parallel()
	c, db := temporalServer(t), storetest.New(t)
	user := addUser(t, db)
	first, _ := askFor(t, db, user, tasks.TaskSpec{})
	askFor(t, db, user, tasks.TaskSpec{})
	third, _ := askFor(t, db, user, tasks.TaskSpec{})
	// This deadline plus wrapUp leaves an execution timeout of two seconds.
	require.NoError(t, db.Exec(`UPDATE outbox SET input = jsonb_set(input, '{deadline}', to_jsonb(?::bigint)) WHERE workflow_id = ?`,
		int64(-10*time.Minute+2*time.Second), first.WorkflowID).Error)
	beginOnAnotherBuild(t, c, db, first)
	require.Error(t, c.GetWorkflow(t.Context(), first.WorkflowID, "").Get(t.Context(), nil))
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, describe(t, c, first).GetWorkflowExecutionInfo().GetStatus())

	require.NoError(t, reconcilerAt(c, db, time.Hour).Reconcile(t.Context()))
	row, course := finished(t, db, first)
	require.Equal(t, "deadline_exceeded", row.Fault.Code)
	require.Equal(t, courses.CourseError, course.Status)
	var start store.OutboxMessage
	require.NoError(t, db.First(&start, "workflow_id = ?", third.WorkflowID).Error)
	require.False(t, start.Waiting, "the next course goes on")
}

func reconcilerAt(c client.Client, db *gorm.DB, ahead time.Duration) *outbox.Reconciler {
	return &outbox.Reconciler{
		Dispatcher: dispatcherOf(c, db), Log: quiet(), Timeouts: outbox.Timeouts{Deadline: time.Hour, Review: time.Hour},
		Clock: func() time.Time { return time.Now().Add(ahead) }, Stale: time.Minute, Every: time.Minute, Namespace: "default",
	}
}

// TestARunThatAnOlderVersionStartedEndsToo covers runs without an execution timeout.
func TestARunThatAnOlderVersionStartedEndsToo(t *testing.T) {
	t.Parallel()
	c, db := temporalServer(t), storetest.New(t)
	task, message := ask(t, db)
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: task.WorkflowID, TaskQueue: workflows.Queue}, message.Workflow)
	require.NoError(t, err)
	require.NoError(t, reconcilerAt(c, db, time.Hour).Reconcile(t.Context()))
	row, _ := finished(t, db, task)
	require.Equal(t, tasks.TaskQueued, row.State, "it has time")
	require.NoError(t, reconcilerAt(c, db, 2*time.Hour).Reconcile(t.Context()))
	row, course := finished(t, db, task)
	require.Equal(t, "deadline_exceeded", row.Fault.Code)
	require.Equal(t, courses.CourseError, course.Status)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, describe(t, c, task).GetWorkflowExecutionInfo().GetStatus())
}

// TestMaterialAndDeletionsDoNotWaitForRunsThatEnded terminates both runs.
func TestMaterialAndDeletionsDoNotWaitForRunsThatEnded(t *testing.T) {
	t.Parallel()
	c, db := temporalServer(t), storetest.New(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	user := addUser(t, db)
	source := courses.Source{ID: store.NewID(), UserID: user, Kind: "text", Title: "Notes", MediaType: "text/plain", State: courses.SourceProcessing, CreatedAt: now, UpdatedAt: now}
	require.NoError(t, courses.CreateSource(t.Context(), db, source, outbox.ReadSource(source, now)))
	deletion := store.NewID()
	require.NoError(t, db.Exec("UPDATE users SET is_active = false, deletion_id = ?, deletion_requested_at = ?, deletion_due_at = ? WHERE id = ?", deletion, now, now, user).Error)
	require.NoError(t, store.Enqueue(t.Context(), db, outbox.DeleteAccount(user, deletion, now, now)))
	relayed(t, relayAt(c, db, time.Minute))
	ids := []string{workflows.ReadSourceID(source.ID), workflows.DeleteAccountID(deletion)}
	for _, id := range ids {
		require.NoError(t, c.TerminateWorkflow(t.Context(), id, "", "by hand"))
	}
	require.NoError(t, reconcilerAt(c, db, time.Hour).Reconcile(t.Context()))
	read, err := courses.FindSource(t.Context(), db, user, source.ID)
	require.NoError(t, err)
	require.Equal(t, courses.SourceFailed, read.State)
	relayed(t, relayAt(c, db, 2*time.Hour))
	run, err := c.DescribeWorkflowExecution(t.Context(), ids[1], "")
	require.NoError(t, err)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, run.GetWorkflowExecutionInfo().GetStatus(), "an account that is to be erased is forgotten")
}

// TestManyOpenTasksHideNoneThatEnded has more open tasks than one batch of the reconciler.
func TestManyOpenTasksHideNoneThatEnded(t *testing.T) {
	t.Parallel()
	c, db := temporalServer(t), storetest.New(t)
	var ended tasks.Task
	for range 60 {
		var message store.OutboxMessage
		ended, message = ask(t, db)
		dispatcherOf(c, db).TryDispatch(t.Context(), message)
	}
	require.NoError(t, db.Exec("UPDATE tasks SET updated_at = updated_at + interval '1 s' WHERE id = ?", ended.ID).Error)
	require.NoError(t, c.TerminateWorkflow(t.Context(), ended.WorkflowID, "", "by hand"))
	require.NoError(t, reconcilerAt(c, db, 10*time.Minute).Reconcile(t.Context()))
	row, _ := finished(t, db, ended)
	require.Equal(t, "stopped", row.Fault.Code)
	var open int64
	require.NoError(t, db.Model(&tasks.Task{}).Where("state = ? AND id <> ?", tasks.TaskQueued, uuid.Nil).Count(&open).Error)
	require.EqualValues(t, 59, open)
}

// TestACancelFromOutsideIsSeenThrough covers a cancel by Temporal's command line or UI, of a run
// without a worker.
func TestACancelFromOutsideIsSeenThrough(t *testing.T) {
	t.Parallel()
	c, db := temporalServer(t), storetest.New(t)
	task, message := ask(t, db)
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	require.NoError(t, c.CancelWorkflow(t.Context(), task.WorkflowID, ""))
	require.NoError(t, reconcilerAt(c, db, 10*time.Minute).Reconcile(t.Context()))
	relayed(t, relayAt(c, db, 11*time.Minute))
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, describe(t, c, task).GetWorkflowExecutionInfo().GetStatus())
	relayed(t, relayAt(c, db, 12*time.Minute))
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, describe(t, c, task).GetWorkflowExecutionInfo().GetStatus())
	row, _ := finished(t, db, task)
	require.True(t, row.Fault.Cancelled())
}
