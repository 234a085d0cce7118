package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/workflows"
)

// Starter keeps promises.
type Starter struct {
	DB       *gorm.DB
	Temporal client.Client
	Log      *slog.Logger
}

// kickTime bounds how long a request waits for Temporal; the relay has the rest of time.
const kickTime = time.Second

// Kick keeps a promise right after its commit. It reports nothing: what it
// cannot keep within a second the relay will. One that waits in its user's line
// is left there.
func (s *Starter) Kick(ctx context.Context, entry models.OutboxEntry) {
	// The caller may hang up; the commit has happened all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), kickTime)
	defer cancel()
	stored, found, err := models.PromiseOf(ctx, s.DB, entry.ID)
	if err == nil && found && !stored.Held {
		err = s.keep(ctx, stored)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "left to the relay", "workflow_id", entry.WorkflowID, "action", entry.Action, "error", err)
	}
}

// keep does what an entry asks for and removes it.
func (s *Starter) keep(ctx context.Context, entry models.OutboxEntry) error {
	act := s.start
	if entry.Action == models.OutboxCancel {
		act = s.cancel
	}
	if err := act(ctx, entry); err != nil {
		return err
	}
	return models.KeepPromise(ctx, s.DB, entry.ID)
}

// start starts the workflow. One that runs, or ran, under the id is what was asked for.
func (s *Starter) start(ctx context.Context, entry models.OutboxEntry) error {
	_, err := s.Temporal.ExecuteWorkflow(entry.Traced(ctx), client.StartWorkflowOptions{
		ID:                                       entry.WorkflowID,
		TaskQueue:                                entry.TaskQueue,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    labels(entry.Labels),
		Priority:                                 priority(entry),
	}, entry.Workflow, json.RawMessage(entry.Input))
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if err != nil && !errors.As(err, &already) {
		return fmt.Errorf("start %s: %w", entry.WorkflowID, err)
	}
	s.Log.InfoContext(ctx, "workflow started", "workflow_id", entry.WorkflowID, "already", err != nil)
	return nil
}

// priority orders waiting work: urgent first, and users in turn among equals.
// Servers that know neither pass over it.
func priority(entry models.OutboxEntry) temporal.Priority {
	p := temporal.Priority{PriorityKey: entry.Priority}
	if entry.UserID != nil {
		p.FairnessKey = entry.UserID.String()
	}
	return p
}

func labels(values map[string]string) temporal.SearchAttributes {
	var updates []temporal.SearchAttributeUpdate
	for _, key := range workflows.Labels() {
		if value, ok := values[key.GetName()]; ok {
			updates = append(updates, key.ValueSet(value))
		}
	}
	return temporal.NewSearchAttributes(updates...)
}

// cancel asks the workflow to end. One that has ended or never began needs nothing:
// the task's row stops a start that is still on its way.
func (s *Starter) cancel(ctx context.Context, entry models.OutboxEntry) error {
	err := s.Temporal.CancelWorkflow(ctx, entry.WorkflowID, "")
	var missing *serviceerror.NotFound
	if err != nil && !errors.As(err, &missing) {
		return fmt.Errorf("cancel %s: %w", entry.WorkflowID, err)
	}
	return nil
}
