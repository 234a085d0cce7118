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
	w.RegisterWorkflow(GenerateCourse)
	w.RegisterWorkflow(RegenerateCourse)
	w.RegisterWorkflow(ReadSource)
	// A deletion sleeps for weeks: it moves to the newest build, so that its own can be retired.
	w.RegisterWorkflowWithOptions(DeleteAccount, workflow.RegisterOptions{VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	w.RegisterWorkflow(ExportAccount)
	w.RegisterWorkflow(SendMail)
	RegisterBackground(w)
}

// RegisterBackground registers the workflows of the queue "lyo-background" on a worker.
func RegisterBackground(w worker.WorkflowRegistry) {
	w.RegisterWorkflow(ReviewReport)
	w.RegisterWorkflow(FanOutPush)
	w.RegisterWorkflow(UnlockAchievements)
	w.RegisterWorkflow(SweepDevices)
	w.RegisterWorkflow(ApplyAchievements)
	w.RegisterWorkflow(RebuildBoards)
	w.RegisterWorkflow(RemindOfReviews)
	w.RegisterWorkflow(CurateFeeds)
	w.RegisterWorkflow(CountTrending)
	w.RegisterWorkflow(CheckContent)
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
