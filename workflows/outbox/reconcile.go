package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/workflows"
)

// reconcileTasks compares every open task that has stood still with its workflow.
func (m *Mender) reconcileTasks(ctx context.Context) error {
	var faults []error
	since := m.Clock().Add(-m.Stale)
	for after := uuid.Nil; ; {
		stale, err := models.StaleTasks(ctx, m.Starter.DB, since, after, batch)
		if err != nil {
			return errors.Join(append(faults, err)...)
		}
		for _, task := range stale {
			faults = append(faults, m.reconcileTask(ctx, task))
			after = task.ID
		}
		if len(stale) < batch {
			return errors.Join(faults...)
		}
	}
}

func (m *Mender) reconcileTask(ctx context.Context, task models.Task) error {
	run, found, err := m.describe(ctx, task.WorkflowID)
	switch {
	case err != nil:
		return err
	case !found:
		m.Log.WarnContext(ctx, "a task without a workflow is started again", "task_id", task.ID)
		return models.Promise(ctx, m.Starter.DB, Task(task, m.Bounds, m.Clock()))
	}
	status := run.GetWorkflowExecutionInfo().GetStatus()
	if status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		switch {
		case run.GetWorkflowExtendedInfo().GetCancelRequested(): // by whatever way: it has its time from now on
			return models.Promise(ctx, m.Starter.DB, CancelSoon(task, m.Clock()))
		case !m.overdue(task, run):
			return nil
		}
		if err := m.Starter.terminate(ctx, task.WorkflowID, "The run went on beyond the time that such runs are given."); err != nil {
			return err
		}
		status = enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT
	}
	m.Log.WarnContext(ctx, "a task whose workflow has ended is ended too", "task_id", task.ID, "workflow_status", status.String())
	last := lastEvent(task, status, m.Clock())
	return models.EndTask(ctx, m.Starter.DB, task, last, Followups(m.Clock))
}

// describe is the latest run of a workflow; found is false when Temporal knows none.
func (m *Mender) describe(ctx context.Context, workflowID string) (run *workflowservice.DescribeWorkflowExecutionResponse, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	run, err = m.Starter.Temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return nil, false, nil
	}
	return run, err == nil, err
}

// overdue reports whether a run that has no execution timeout, since an older version
// started it, goes on beyond the one that it would be given now.
func (m *Mender) overdue(task models.Task, run *workflowservice.DescribeWorkflowExecutionResponse) bool {
	if run.GetExecutionConfig().GetWorkflowExecutionTimeout().AsDuration() > 0 {
		return false
	}
	started := run.GetWorkflowExecutionInfo().GetStartTime().AsTime()
	entry := Task(task, m.Bounds, started)
	timeout, err := workflows.ExecutionTimeout(entry.Workflow, entry.Input, started)
	return err == nil && m.Clock().Sub(started) > timeout
}

// lastEvent is what a workflow would have said last that ended without a word.
func lastEvent(task models.Task, status enums.WorkflowExecutionStatus, now time.Time) models.TaskEvent {
	last := models.CancelledEvent(task.Seq+1, task.Progress, now)
	switch status {
	case enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return last
	case enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		last.Message = "It took too long and was stopped. What was finished by then was kept."
		last.Fault = &models.TaskFault{Code: "deadline_exceeded", Message: last.Message}
	default:
		last.Message = "The work was stopped from outside."
		last.Fault = &models.TaskFault{Code: "stopped", Message: last.Message}
	}
	last.Step = "failed"
	return last
}

// reconcileSources marks material FAILED whose reading has ended without saying so.
func (m *Mender) reconcileSources(ctx context.Context) error {
	stale, err := models.StaleSources(ctx, m.Starter.DB, m.Clock().Add(-m.Stale), batch)
	faults := []error{err}
	for _, id := range stale {
		run, found, err := m.describe(ctx, workflows.ReadSourceID(id))
		if err == nil && found && run.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			fault := models.TaskFault{Code: "stopped", Message: "The reading of the material was stopped."}
			err = models.FailSource(ctx, m.Starter.DB, id, fault, m.Clock())
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// reconcileDeletions begins deletions anew that are due and whose workflow has ended all the
// same: an account is not to be kept because an erasure took too long.
func (m *Mender) reconcileDeletions(ctx context.Context) error {
	due, err := models.DueDeletions(ctx, m.Starter.DB, m.Clock().Add(-m.Stale), batch)
	faults := []error{err}
	for _, d := range due {
		run, found, err := m.describe(ctx, workflows.DeleteAccountID(d.ID))
		if err == nil && (!found || run.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING) {
			m.Log.WarnContext(ctx, "a deletion that has ended too early is begun again", "deletion_id", d.ID)
			err = models.Promise(ctx, m.Starter.DB, DeleteAccount(d.User, d.ID, d.Due, m.Clock()))
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
