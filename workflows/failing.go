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

// FailingRun is an open run that makes no progress: its workflow task fails repeatedly, for
// example because the code cannot replay its history.
type FailingRun struct {
	Workflow, ID string
	Attempt      int32 // of the workflow task
}

const (
	// failingFrom is the attempt from which a workflow task counts as failing.
	failingFrom = 3
	// lookedAt is how many open runs of each age are checked.
	lookedAt = 100
)

// LookForFailingRuns queries Temporal for open runs and returns the failing ones, sorted by
// id. It samples up to lookedAt runs of each age: all, those older than an hour, and those
// older than a day.
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

// lookAtRun returns the state of a run; one that has ended meanwhile has no workflow task.
func lookAtRun(ctx context.Context, c client.Client, run *workflow.WorkflowExecutionInfo) (FailingRun, error) {
	id := run.GetExecution().GetWorkflowId()
	is, err := c.DescribeWorkflowExecution(ctx, id, run.GetExecution().GetRunId())
	if err != nil {
		return FailingRun{}, fmt.Errorf("look at run %s: %w", id, err)
	}
	return FailingRun{Workflow: run.GetType().GetName(), ID: id, Attempt: is.GetPendingWorkflowTask().GetAttempt()}, nil
}
