package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// SweepDevices switches off devices that were silent for too long, and returns their number.
func SweepDevices(ctx workflow.Context) (off int, err error) {
	var s *activities.DeviceActivities
	err = workflow.ExecuteActivity(packing(ctx, "Switch off silent devices"), s.SwitchOffSilent).Get(ctx, &off)
	return off, err
}
