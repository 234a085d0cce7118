package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// The ids of the schedules that keep feeds.
const (
	ScheduleCurateFeeds   = "curate-feeds"
	ScheduleCountTrending = "count-trending"
	ScheduleCheckContent  = "check-content"
)

// trendingEvery is how old a count of what trends gets.
const trendingEvery = 5 * time.Minute

// feedSchedules are what is started by the clock. A run that is still going on when the
// next is due is left to end.
func feedSchedules() []client.ScheduleOptions {
	daily := func(hour int) client.ScheduleSpec {
		return client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: hour}}}}, Jitter: 10 * time.Minute}
	}
	schedule := func(id string, spec client.ScheduleSpec, workflow any, args ...any) client.ScheduleOptions {
		return client.ScheduleOptions{
			ID: id, Spec: spec, Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP,
			Action: &client.ScheduleWorkflowAction{ID: id, Workflow: workflow, Args: args, TaskQueue: Queue},
		}
	}
	return []client.ScheduleOptions{
		schedule(ScheduleCurateFeeds, daily(3), CurateFeeds, CurateFeedsInput{}),
		schedule(ScheduleCountTrending, client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: trendingEvery}}}, CountTrending),
		schedule(ScheduleCheckContent, daily(1), CheckContent, CheckContentInput{}),
	}
}

// EnsureFeedSchedules makes the schedules that keep feeds. Those that are there stay as they
// are, paused ones too, so doing it at every start is harmless.
func EnsureFeedSchedules(ctx context.Context, c client.Client) error {
	for _, options := range feedSchedules() {
		_, err := c.ScheduleClient().Create(ctx, options)
		if err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			return fmt.Errorf("make schedule %s: %w", options.ID, err)
		}
	}
	return nil
}
