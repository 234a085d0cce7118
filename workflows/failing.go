package workflows

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"
)

// FailingRun is an open run that does not go on: its workflow task fails again and again, as
// it does where the code cannot replay what the run has done so far.
type FailingRun struct {
	Workflow, ID string
	Attempt      int32 // of the workflow task
}

const (
	// failingFrom is the attempt from which a workflow task is not only unlucky.
	failingFrom = 3
	// lookedAt is how many open runs of each age are looked at.
	lookedAt = 100
)

// LookForFailingRuns asks Temporal about open runs and returns those that do not go on, by
// their ids. Of many open runs some of each age are asked about: those of the last hour, of
// the last day, and older ones.
func LookForFailingRuns(ctx context.Context, c client.Client, namespace string, now time.Time) ([]FailingRun, error) {
	var mu sync.Mutex
	var failing []FailingRun
	asking, asked := errgroup.Group{}, map[string]bool{}
	asking.SetLimit(8)
	for _, age := range []time.Duration{0, time.Hour, 24 * time.Hour} {
		found, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: namespace, PageSize: lookedAt,
			Query: fmt.Sprintf("ExecutionStatus = 'Running' AND StartTime <= '%s'", now.Add(-age).UTC().Format(time.RFC3339)),
		})
		if err != nil {
			return nil, fmt.Errorf("list open runs: %w", err)
		}
		for _, run := range found.GetExecutions() {
			if asked[run.GetExecution().GetRunId()] {
				continue
			}
			asked[run.GetExecution().GetRunId()] = true
			asking.Go(func() error {
				f, err := lookAtRun(ctx, c, run)
				if f.Attempt >= failingFrom {
					mu.Lock()
					defer mu.Unlock()
					failing = append(failing, f)
				}
				return err
			})
		}
	}
	if err := asking.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(failing, func(a, b FailingRun) int { return strings.Compare(a.ID, b.ID) })
	return failing, nil
}

// lookAtRun is how a run stands; one that has ended meanwhile has no workflow task.
func lookAtRun(ctx context.Context, c client.Client, run *workflow.WorkflowExecutionInfo) (FailingRun, error) {
	id := run.GetExecution().GetWorkflowId()
	is, err := c.DescribeWorkflowExecution(ctx, id, run.GetExecution().GetRunId())
	if err != nil {
		return FailingRun{}, fmt.Errorf("look at run %s: %w", id, err)
	}
	return FailingRun{Workflow: run.GetType().GetName(), ID: id, Attempt: is.GetPendingWorkflowTask().GetAttempt()}, nil
}
