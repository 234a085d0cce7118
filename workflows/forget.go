package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// KindDeletion is the LyoKind of a deletion.
const KindDeletion = "account_deletion"

// EndedDeletions returns whose deletions have ended since a time, however they did, as far as Temporal still knows them.
func EndedDeletions(ctx context.Context, c client.Client, namespace string, since time.Time) (users []uuid.UUID, err error) {
	query := fmt.Sprintf("LyoKind = '%s' AND ExecutionStatus != 'Running' AND CloseTime > '%s'", KindDeletion, since.UTC().Format(time.RFC3339))
	err = EachRun(ctx, c, namespace, query, func(run *workflow.WorkflowExecutionInfo) error {
		var text string
		payload := run.GetSearchAttributes().GetIndexedFields()[SearchAttributeUser.GetName()]
		if err := converter.GetDefaultDataConverter().FromPayload(payload, &text); err != nil {
			return fmt.Errorf("read whose deletion %s is: %w", run.GetExecution().GetWorkflowId(), err)
		}
		user, err := uuid.Parse(text)
		users = append(users, user)
		return err
	})
	return users, err
}

// ForgetRuns deletes all runs of an erased user from Temporal; one that is still open is terminated by that. Those of
// the deletion go last, when there is no other, so that another call continues: the server deletes in the
// background, and what it lists lags behind. It returns how many runs there were. Key: the user; what is deleted stays so.
func ForgetRuns(ctx context.Context, c client.Client, namespace string, user uuid.UUID) (found int, err error) {
	whose := fmt.Sprintf("LyoUser = '%s'", user)
	forget := func(run *workflow.WorkflowExecutionInfo) error {
		found++
		return deleteRun(ctx, c, namespace, run.GetExecution())
	}
	err = EachRun(ctx, c, namespace, whose+fmt.Sprintf(" AND LyoKind != '%s'", KindDeletion), forget)
	if err != nil || found > 0 {
		return found, err
	}
	return found, EachRun(ctx, c, namespace, whose, forget)
}

func deleteRun(ctx context.Context, c client.Client, namespace string, run *common.WorkflowExecution) error {
	_, err := c.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{Namespace: namespace, WorkflowExecution: run})
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete run %s: %w", run.GetWorkflowId(), err)
	}
	return nil
}

// EachRun calls do for every run that a query finds, until do or a listing fails.
func EachRun(ctx context.Context, c client.Client, namespace, query string, do func(*workflow.WorkflowExecutionInfo) error) error {
	for page := []byte(nil); ; {
		found, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, Query: query, PageSize: lookedAt, NextPageToken: page})
		if err != nil {
			return fmt.Errorf("list runs: %w", err)
		}
		for _, run := range found.GetExecutions() {
			if err := do(run); err != nil {
				return err
			}
		}
		if page = found.GetNextPageToken(); len(page) == 0 {
			return nil
		}
	}
}
