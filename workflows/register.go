package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Register registers the workflows of the queues "lyo" and "lyo-background" on a worker of "lyo":
// a client may wait for a background one, and some runs began before that queue existed.
func Register(w worker.WorkflowRegistry) {
	autoUpgrade(w, GenerateCourse) // a plan waits for its learner's decision
	w.RegisterWorkflow(RegenerateCourse)
	autoUpgrade(w, ReadSource)    // documents wait for each other
	autoUpgrade(w, DeleteAccount) // sleeps for weeks
	w.RegisterWorkflow(ExportAccount)
	w.RegisterWorkflow(SendMail)
	RegisterBackground(w)
}

// RegisterBackground registers the workflows of the queue "lyo-background" on a worker.
func RegisterBackground(w worker.WorkflowRegistry) {
	autoUpgrade(w, ReviewReport) // sleeps until a report is due
	autoUpgrade(w, FanOutPush)   // waits for quiet hours to end, and continues as new
	w.RegisterWorkflow(UnlockAchievements)
	autoUpgrade(w, ApplyAchievements) // continues as new
	w.RegisterWorkflow(RebuildBoards)
	for _, scheduled := range []any{SweepDevices, RemindOfReviews, CurateFeeds, CountTrending, CheckContent} {
		autoUpgrade(w, scheduled)
	}
}

// autoUpgrade registers a workflow whose runs go on with the current build where workers are versioned,
// because they wait for a person, a queue or the clock: a pinned one would keep the workers of its own
// build from being retired. Changes of such a workflow have to replay the open runs.
func autoUpgrade(w worker.WorkflowRegistry, run any) {
	w.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
}

// RegisterPush registers the workflows of the queue "lyo-push" on a worker.
func RegisterPush(w worker.WorkflowRegistry) { w.RegisterWorkflow(PushShard) }

// RegisterSearchAttributes adds the search attributes to the namespace and waits until the
// server knows them, which can take seconds. It is idempotent. Until it is done no workflow
// can start.
func RegisterSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	types := map[string]enums.IndexedValueType{}
	for _, label := range SearchAttributes() {
		types[label.GetName()] = label.GetValueType()
	}
	_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: types,
	})
	var there *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &there) {
		return fmt.Errorf("register search attributes: %w", err)
	}
	return awaitSearchAttributes(ctx, c, namespace)
}

// awaitSearchAttributes repeats a query by the search attributes until the server accepts it.
func awaitSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	query := "LyoUser = 'nobody' AND LyoKind = 'nothing' AND LyoCourse = 'none'"
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: query})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for search attributes: %w", err)
		case <-ticker.C:
		}
	}
}
