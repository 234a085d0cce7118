package workflows

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// Register puts every workflow on a worker.
func Register(w worker.WorkflowRegistry) {
	w.RegisterWorkflow(GenerateCourse)
}

// RegisterLabels makes the search attributes known to the namespace. Doing it
// twice is harmless; until it is done no workflow can start.
func RegisterLabels(ctx context.Context, c client.Client, namespace string) error {
	types := map[string]enums.IndexedValueType{}
	for _, label := range Labels() {
		types[label.GetName()] = label.GetValueType()
	}
	_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: types,
	})
	var there *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &there) {
		return fmt.Errorf("register search attributes: %w", err)
	}
	return nil
}
