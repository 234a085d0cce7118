package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
)

// Dispatcher starts and cancels workflows as outbox messages request.
type Dispatcher struct {
	DB       *gorm.DB
	Temporal client.Client
	Clock    func() time.Time
	Log      *slog.Logger
	// Titles lets titles of courses into Temporal.
	Titles bool
}

// dispatchTimeout bounds how long a request waits for Temporal; the relay retries later.
const dispatchTimeout = time.Second

// TryDispatch dispatches a message right after its commit. It reports nothing: the relay
// dispatches what fails here within a second. A message in its user's queue is left
// there.
func (s *Dispatcher) TryDispatch(ctx context.Context, entry store.OutboxMessage) {
	// The caller may disconnect; the commit has happened all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dispatchTimeout)
	defer cancel()
	stored, found, err := store.FindMessage(ctx, s.DB, entry.ID)
	if err == nil && found && !stored.Waiting {
		err = s.dispatch(ctx, stored)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "left to the relay", "workflow_id", entry.WorkflowID, "action", entry.Action, "error", err)
	}
}

// dispatch does what a message requests and removes it, except a cancel that is not yet
// answered.
func (s *Dispatcher) dispatch(ctx context.Context, entry store.OutboxMessage) error {
	if entry.Action == store.OutboxCancel {
		return s.end(ctx, entry)
	}
	if err := s.start(ctx, entry); err != nil {
		return err
	}
	return store.MarkDispatched(ctx, s.DB, entry.ID)
}

// start starts the workflow. A running or ended one with the same id counts as started.
func (s *Dispatcher) start(ctx context.Context, entry store.OutboxMessage) error {
	timeout, err := workflows.ExecutionTimeout(entry.Workflow, entry.Input, s.Clock())
	if err != nil {
		return err
	}
	description, err := s.describe(ctx, entry)
	if err != nil {
		return err
	}
	_, err = s.Temporal.ExecuteWorkflow(entry.Traced(ctx), client.StartWorkflowOptions{
		ID:                                       entry.WorkflowID,
		TaskQueue:                                entry.TaskQueue,
		WorkflowExecutionTimeout:                 timeout,
		WorkflowIDReusePolicy:                    reuse(entry),
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    searchAttributes(entry.SearchAttributes),
		Priority:                                 priority(entry),
		StaticSummary:                            description.Summary,
		StaticDetails:                            description.Details,
		Memo:                                     description.Memo,
	}, entry.Workflow, json.RawMessage(entry.Input))
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if err != nil && !errors.As(err, &already) {
		return fmt.Errorf("start %s: %w", entry.WorkflowID, err)
	}
	s.Log.InfoContext(ctx, "workflow started", "workflow_id", entry.WorkflowID, "already", err != nil)
	return nil
}

// describe returns what people read of the run in Temporal.
func (s *Dispatcher) describe(ctx context.Context, entry store.OutboxMessage) (workflows.Description, error) {
	facts := workflows.Facts{Kind: entry.SearchAttributes[workflows.SearchAttributeKind.GetName()]}
	if id, err := uuid.Parse(entry.SearchAttributes[workflows.SearchAttributeCourse.GetName()]); err == nil {
		course, err := courses.FactsOf(ctx, s.DB, id)
		if err != nil {
			return workflows.Description{}, err
		}
		facts.Level, facts.Language = course.DifficultyLevel, course.Locale
		if s.Titles {
			facts.Title = course.Title
		}
	}
	return workflows.Describe(entry.Workflow, facts), nil
}

// priority orders waiting work: urgent first, users in turn among equals.
// Servers without support ignore it.
func priority(entry store.OutboxMessage) temporal.Priority {
	p := temporal.Priority{PriorityKey: entry.Priority}
	if entry.UserID != nil {
		p.FairnessKey = entry.UserID.String()
	}
	return p
}

func searchAttributes(values map[string]string) temporal.SearchAttributes {
	var updates []temporal.SearchAttributeUpdate
	for _, key := range workflows.SearchAttributes() {
		if value, ok := values[key.GetName()]; ok {
			updates = append(updates, key.ValueSet(value))
		}
	}
	return temporal.NewSearchAttributes(updates...)
}

// reuse returns whether the id of an ended run may be used again. Only that of a deletion without success
// may: its account is still to be erased.
func reuse(entry store.OutboxMessage) enums.WorkflowIdReusePolicy {
	if entry.Workflow == deleteAccount {
		return enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
	}
	return enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
}

// cancelTimeout is how long a workflow has to answer a cancel.
const cancelTimeout = 30 * time.Second

// end cancels a workflow, and terminates it after cancelTimeout, for example when its code
// cannot be replayed. The message stays meanwhile, so that it outlives this process. A
// workflow that has ended or never began needs neither: the task's row stops a start that
// is still under way. In every case no task of the workflow is left open.
func (s *Dispatcher) end(ctx context.Context, entry store.OutboxMessage) error {
	now := s.Clock()
	if entry.CancelRequestedAt == nil {
		goesOn, err := s.cancel(ctx, entry.WorkflowID)
		if err != nil {
			return err
		}
		if goesOn {
			return store.MarkCancelRequested(ctx, s.DB, entry.ID, now, now.Add(cancelTimeout))
		}
	} else if err := s.terminate(ctx, entry.WorkflowID, fmt.Sprintf("A cancel was not answered within %s.", cancelTimeout)); err != nil {
		return err
	}
	if err := courses.EndCancelledWorkflow(ctx, s.DB, entry.WorkflowID, now); err != nil {
		return err
	}
	return store.MarkDispatched(ctx, s.DB, entry.ID)
}

// cancel requests the workflow's cancellation and reports whether it was still open.
func (s *Dispatcher) cancel(ctx context.Context, workflowID string) (goesOn bool, err error) {
	err = s.Temporal.CancelWorkflow(ctx, workflowID, "")
	if _, missing := errors.AsType[*serviceerror.NotFound](err); missing {
		return false, nil
	}
	if err != nil {
		return true, fmt.Errorf("cancel %s: %w", workflowID, err)
	}
	return true, nil
}

// terminate terminates the workflow. One that has ended stays as it is.
func (s *Dispatcher) terminate(ctx context.Context, workflowID, reason string) error {
	err := s.Temporal.TerminateWorkflow(ctx, workflowID, "", reason)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return nil
	case err != nil:
		return fmt.Errorf("terminate %s: %w", workflowID, err)
	}
	s.Log.WarnContext(ctx, "a workflow was terminated", "workflow_id", workflowID, "reason", reason)
	return nil
}
