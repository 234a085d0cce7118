package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// SweepDevices switches off devices that were silent for too long, and tells how many.
func SweepDevices(ctx workflow.Context) (off int, err error) {
	var s *activities.Sweeping
	err = workflow.ExecuteActivity(packing(ctx), s.SwitchOffSilent).Get(ctx, &off)
	return off, err
}

// SweepDevicesSchedule is the id of the schedule by which devices are swept.
const SweepDevicesSchedule = "sweep-devices"

// ScheduleSweep has devices swept every night. Doing it twice is harmless: the schedule is
// then brought to what this version wants, and a pause by hand stays.
func ScheduleSweep(ctx context.Context, c client.Client) error {
	spec := client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{{
		Hour: []client.ScheduleRange{{Start: 3}}, Minute: []client.ScheduleRange{{Start: 17}}, Comment: "every night",
	}}}
	action := &client.ScheduleWorkflowAction{ID: "sweep-devices", Workflow: SweepDevices, TaskQueue: Queue}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: SweepDevicesSchedule, Spec: spec, Action: action, CatchupWindow: 12 * time.Hour,
	})
	if err == nil {
		return nil
	}
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fmt.Errorf("schedule the sweep of devices: %w", err)
	}
	return c.ScheduleClient().GetHandle(ctx, SweepDevicesSchedule).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := in.Description.Schedule
			schedule.Spec, schedule.Action = &spec, action
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
}
