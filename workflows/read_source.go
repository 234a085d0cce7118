package workflows

import (
	"errors"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// ReadSource extracts the text of a learner's material. However it ends, the material is
// READY or FAILED.
func ReadSource(ctx workflow.Context, source uuid.UUID) error {
	var m *activities.MaterialActivities
	err := workflow.ExecuteActivity(reading(ctx, "Read the material"), m.ReadSource, source).Get(ctx, nil)
	if err == nil {
		return nil
	}
	reason := "The material could not be read."
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() == "unavailable" {
		reason = app.Message()
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if failed := workflow.ExecuteActivity(quick(ctx, "Give up"), m.GiveUp, source, reason).Get(ctx, nil); failed != nil {
		return failed
	}
	return err
}
