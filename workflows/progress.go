package workflows

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/client"

	"github.com/lyoapp/lyo/activities"
)

// ProgressOf queries a task's workflow for every event after since. An error means that
// the query was not answered: no worker, no Temporal, or no such run. The deadline is the
// context's.
func ProgressOf(ctx context.Context, c client.Client, workflowID string, since int64) ([]activities.Event, error) {
	value, err := c.QueryWorkflow(ctx, workflowID, "", QueryProgress, since)
	if err != nil {
		return nil, fmt.Errorf("query progress: %w", err)
	}
	var answer ProgressAnswer
	if err := value.Get(&answer); err != nil {
		return nil, fmt.Errorf("read progress: %w", err)
	}
	return answer.Events, nil
}
