package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/lyoapp/lyo/models"
)

// Mender finds tasks whose workflow cannot tell their end any more, because it
// was terminated or its history was lost, and ends or restarts them. Without it
// such a task would be RUNNING for ever.
type Mender struct {
	Starter *Starter
	Clock   func() time.Time
	Log     *slog.Logger
	// Every is the time between two looks; Stale is how long a row must have
	// stood still to be looked at.
	Every, Stale time.Duration
	// Bounds are given to runs that start over.
	Bounds Bounds
}

// Run mends until ctx ends.
func (m *Mender) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(m.Every):
		}
		if err := m.Sweep(ctx); err != nil && ctx.Err() == nil {
			m.Log.WarnContext(ctx, "stale tasks could not be mended", "error", err)
		}
	}
}

// Sweep looks once at the stale tasks, at lines in which nobody moves, and at what has
// served its time. Any number of menders may do so at a time.
func (m *Mender) Sweep(ctx context.Context) error {
	stale, err := models.StaleTasks(ctx, m.Starter.DB, m.Clock().Add(-m.Stale), batch)
	if err != nil {
		return err
	}
	faults := []error{models.AdmitStranded(ctx, m.Starter.DB, m.Clock()), m.forget(ctx)}
	for _, task := range stale {
		faults = append(faults, m.mend(ctx, task))
	}
	return errors.Join(faults...)
}

// forget removes what has served its time.
func (m *Mender) forget(ctx context.Context) error {
	const most = 1000
	return errors.Join(
		models.SignOutExpired(ctx, m.Starter.DB, m.Clock(), most),
		models.SweepSessions(ctx, m.Starter.DB, m.Clock(), most),
		models.SweepMails(ctx, m.Starter.DB, m.Clock(), most),
		models.SweepExports(ctx, m.Starter.DB, m.Clock(), most),
		models.SweepPushes(ctx, m.Starter.DB, m.Clock(), most),
		models.SweepRequests(ctx, m.Starter.DB, m.Clock(), most),
	)
}

func (m *Mender) mend(ctx context.Context, task models.Task) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	run, err := m.Starter.Temporal.DescribeWorkflowExecution(ctx, task.WorkflowID, "")
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		m.Log.WarnContext(ctx, "a task without a workflow is started again", "task_id", task.ID)
		return models.Promise(ctx, m.Starter.DB, Task(task, m.Bounds, m.Clock()))
	case err != nil:
		return err
	}
	status := run.GetWorkflowExecutionInfo().GetStatus()
	if status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil
	}
	m.Log.WarnContext(ctx, "a task whose workflow has ended is ended too", "task_id", task.ID, "workflow_status", status.String())
	return m.end(ctx, task, status)
}

// end writes the last event that the workflow could not.
func (m *Mender) end(ctx context.Context, task models.Task, status enums.WorkflowExecutionStatus) error {
	last := models.CancelledEvent(task.Seq+1, task.Progress, m.Clock())
	if status != enums.WORKFLOW_EXECUTION_STATUS_CANCELED {
		last.Step, last.Message = "failed", "The work was stopped from outside."
		last.Fault = &models.TaskFault{Code: "stopped", Message: last.Message}
	}
	return models.SettleGeneration(ctx, m.Starter.DB, task.ID, []models.TaskEvent{last}, models.Generation{}, Followups(m.Clock))
}
