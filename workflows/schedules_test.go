package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/lyoapp/lyo/workflows"
)

// TestSchedulesAreMadeOnce creates them as every starting worker does. Manual changes are
// reverted, except a pause.
func TestSchedulesAreMadeOnce(t *testing.T) {
	t.Parallel()
	c := temporalServer(t)
	require.NoError(t, workflows.EnsureSchedules(t.Context(), c))
	sweep := c.ScheduleClient().GetHandle(t.Context(), workflows.ScheduleSweepDevices)
	wanted, err := sweep.Describe(t.Context())
	require.NoError(t, err)
	require.NoError(t, sweep.Pause(t.Context(), client.SchedulePauseOptions{Note: "by hand"}))
	require.NoError(t, sweep.Update(t.Context(), client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		schedule := in.Description.Schedule
		schedule.Spec = &client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}}
		return &client.ScheduleUpdate{Schedule: &schedule}, nil
	}}))
	require.NoError(t, workflows.EnsureSchedules(t.Context(), c))
	is, err := sweep.Describe(t.Context())
	require.NoError(t, err)
	require.Equal(t, wanted.Schedule.Spec, is.Schedule.Spec)
	require.True(t, is.Schedule.State.Paused)
	for _, id := range []string{
		workflows.ScheduleCurateFeeds, workflows.ScheduleCountTrending, workflows.ScheduleCheckContent, workflows.ScheduleRemindOfReviews,
	} {
		description, err := c.ScheduleClient().GetHandle(t.Context(), id).Describe(t.Context())
		require.NoError(t, err, id)
		require.NotEmpty(t, description.Info.NextActionTimes, id)
		require.False(t, description.Schedule.State.Paused, id)
	}
}
