package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
)

// Reconciler finds rows whose workflow can no longer report its end, because it timed out,
// was terminated or lost its history, and ends or restarts them. Without it such a task
// would be RUNNING for ever.
type Reconciler struct {
	Dispatcher *Dispatcher
	Clock      func() time.Time
	Log        *slog.Logger
	// Every is the time between two passes; Stale is how long a row must be unchanged
	// to be checked.
	Every, Stale time.Duration
	// Timeouts are given to runs that start over.
	Timeouts Timeouts
	// Namespace is Temporal's in which the runs are.
	Namespace string
	// Builds are followed where workers are versioned.
	Builds Builds
}

// Run reconciles until ctx ends.
func (r *Reconciler) Run(ctx context.Context) error {
	return repeat(ctx, r.Every, r.Reconcile, r.Log, "stale tasks could not be reconciled")
}

// repeat calls pass after every interval until ctx ends, and logs its errors under failure.
func repeat(ctx context.Context, interval time.Duration, pass func(context.Context) error, log *slog.Logger, failure string) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(interval):
			if err := pass(ctx); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, failure, "error", err)
			}
		}
	}
}

// Reconcile makes one pass over builds without workers, stale tasks, other rows whose workflow should have ended
// them, runs of erased accounts, and stranded user queues. Any number of reconcilers may run concurrently.
func (r *Reconciler) Reconcile(ctx context.Context) error {
	return errors.Join(
		r.reconcileBuilds(ctx), r.reconcileTasks(ctx), r.reconcileSources(ctx), r.reconcileDeletions(ctx), r.forgetErased(ctx),
		courses.ReleaseStranded(ctx, r.Dispatcher.DB, r.Clock()),
	)
}

// reconcileTasks compares every stale open task with its workflow.
func (r *Reconciler) reconcileTasks(ctx context.Context) error {
	var faults []error
	since := r.Clock().Add(-r.Stale)
	for after := uuid.Nil; ; {
		stale, err := tasks.StaleTasks(ctx, r.Dispatcher.DB, since, after, batch)
		if err != nil {
			return errors.Join(append(faults, err)...)
		}
		for _, task := range stale {
			faults = append(faults, r.reconcileTask(ctx, task))
			after = task.ID
		}
		if len(stale) < batch {
			return errors.Join(faults...)
		}
	}
}

func (r *Reconciler) reconcileTask(ctx context.Context, task tasks.Task) error {
	run, found, err := r.describe(ctx, task.WorkflowID)
	switch {
	case err != nil:
		return err
	case !found:
		r.Log.WarnContext(ctx, "a task without a workflow is started again", "task_id", task.ID)
		return store.Enqueue(ctx, r.Dispatcher.DB, Task(task, r.Timeouts, r.Clock()))
	}
	status := run.GetWorkflowExecutionInfo().GetStatus()
	if status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		switch {
		case run.GetWorkflowExtendedInfo().GetCancelRequested(): // by any client: its cancelTimeout begins now
			return store.Enqueue(ctx, r.Dispatcher.DB, CancelSoon(task, r.Clock()))
		case !r.overdue(task, run):
			return nil
		}
		if err := r.Dispatcher.terminate(ctx, task.WorkflowID, "The run went on beyond the time that such runs are given."); err != nil {
			return err
		}
		status = enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT
	}
	r.Log.WarnContext(ctx, "a task whose workflow has ended is ended too", "task_id", task.ID, "workflow_status", status.String())
	last := lastEvent(task, status, r.Clock())
	return courses.EndTask(ctx, r.Dispatcher.DB, task, last, NewEnqueuer(r.Clock))
}

// describe returns the latest run of a workflow; found is false when Temporal knows none.
func (r *Reconciler) describe(ctx context.Context, workflowID string) (run *workflowservice.DescribeWorkflowExecutionResponse, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	run, err = r.Dispatcher.Temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return nil, false, nil
	}
	return run, err == nil, err
}

// overdue reports whether a run started by an older version, and so without an execution
// timeout, has exceeded the one it would be given now.
func (r *Reconciler) overdue(task tasks.Task, run *workflowservice.DescribeWorkflowExecutionResponse) bool {
	if run.GetExecutionConfig().GetWorkflowExecutionTimeout().AsDuration() > 0 {
		return false
	}
	started := run.GetWorkflowExecutionInfo().GetStartTime().AsTime()
	entry := Task(task, r.Timeouts, started)
	timeout, err := workflows.ExecutionTimeout(entry.Workflow, entry.Input, started)
	return err == nil && r.Clock().Sub(started) > timeout
}

// lastEvent returns the last event of a task whose workflow ended without recording one.
func lastEvent(task tasks.Task, status enums.WorkflowExecutionStatus, now time.Time) tasks.TaskEvent {
	last := tasks.CancelledEvent(task.Seq+1, task.Progress, now)
	switch status {
	case enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return last
	case enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		last.Message = "It took too long and was stopped. What was finished by then was kept."
		last.Fault = &tasks.TaskFault{Code: "deadline_exceeded", Message: last.Message}
	default:
		last.Message = "The work was stopped from outside."
		last.Fault = &tasks.TaskFault{Code: "stopped", Message: last.Message}
	}
	last.Step = "failed"
	return last
}

// reconcileSources marks material FAILED whose workflow has ended without a result.
func (r *Reconciler) reconcileSources(ctx context.Context) error {
	stale, err := courses.StaleSources(ctx, r.Dispatcher.DB, r.Clock().Add(-r.Stale), batch)
	faults := []error{err}
	for _, id := range stale {
		run, found, err := r.describe(ctx, workflows.ReadSourceID(id))
		if err == nil && found && run.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			fault := tasks.TaskFault{Code: "stopped", Message: "The reading of the material was stopped."}
			err = courses.FailSource(ctx, r.Dispatcher.DB, id, fault, r.Clock())
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// reconcileDeletions restarts deletions that are due and whose workflow has ended: an
// account must not remain because an erasure timed out.
func (r *Reconciler) reconcileDeletions(ctx context.Context) error {
	due, err := privacy.DueDeletions(ctx, r.Dispatcher.DB, r.Clock().Add(-r.Stale), batch)
	faults := []error{err}
	for _, d := range due {
		run, found, err := r.describe(ctx, workflows.DeleteAccountID(d.ID))
		if err == nil && (!found || run.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING) {
			r.Log.WarnContext(ctx, "a deletion that has ended too early is begun again", "deletion_id", d.ID)
			err = store.Enqueue(ctx, r.Dispatcher.DB, DeleteAccount(d.User, d.ID, d.Due, r.Clock()))
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
