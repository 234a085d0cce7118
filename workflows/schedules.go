package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// The ids of the schedules, and of the workflows that they start.
const (
	ScheduleSweepDevices    = "sweep-devices"
	ScheduleRemindOfReviews = "remind-of-reviews"
	ScheduleCurateFeeds     = "curate-feeds"
	ScheduleCountTrending   = "count-trending"
	ScheduleCheckContent    = "check-content"
	ScheduleAchievements    = "check-achievements"
)

const (
	// trendingEvery is the interval of recounting trending content.
	trendingEvery = 5 * time.Minute
	// remindEvery is the interval of looking for users to remind, short enough for time zones
	// with fractional-hour offsets.
	remindEvery = 30 * time.Minute
	// catchUp is how late a nightly run missed during an outage of Temporal is still started.
	catchUp = 12 * time.Hour
)

// schedules returns the schedules, in UTC. A run still going on when the next is due is left
// to end, and the next is skipped.
func schedules() []client.ScheduleOptions {
	schedule := func(id string, spec client.ScheduleSpec, late, within time.Duration, workflow string, args []any) client.ScheduleOptions {
		description := Describe(workflow, Facts{Kind: id})
		return client.ScheduleOptions{
			ID: id, Spec: spec, Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: late,
			Action: &client.ScheduleWorkflowAction{
				ID: id, Workflow: workflow, Args: args, TaskQueue: QueueBackground, WorkflowExecutionTimeout: within,
				StaticSummary: description.Summary, StaticDetails: description.Details, Memo: description.Memo,
			},
		}
	}
	nightly := func(hour, minute int, id string, workflow string, args ...any) client.ScheduleOptions {
		return schedule(id, client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{{
			Hour: []client.ScheduleRange{{Start: hour}}, Minute: []client.ScheduleRange{{Start: minute}}, Comment: "every night",
		}}}, catchUp, nightlyFor, workflow, args)
	}
	every := func(d, within time.Duration, id string, workflow string, args ...any) client.ScheduleOptions {
		return schedule(id, client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: d}}}, d, within, workflow, args)
	}
	return []client.ScheduleOptions{
		nightly(1, 7, ScheduleCheckContent, "CheckContent", CheckContentInput{}),
		nightly(2, 7, ScheduleCurateFeeds, "CurateFeeds", CurateFeedsInput{}),
		nightly(3, 17, ScheduleSweepDevices, "SweepDevices"),
		nightly(3, 37, ScheduleAchievements, "ApplyAchievements", ApplyAchievementsInput{Nightly: true}),
		every(trendingEvery, trendingFor, ScheduleCountTrending, "CountTrending"),
		every(remindEvery, remindFor, ScheduleRemindOfReviews, "RemindOfReviews", uuid.Nil),
	}
}

// EnsureSchedules creates the schedules, or updates existing ones to this version. A manual
// pause stays. It is idempotent, so every worker calls it at its start.
func EnsureSchedules(ctx context.Context, c client.Client) error {
	for _, wanted := range schedules() {
		_, err := c.ScheduleClient().Create(ctx, wanted)
		if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			err = c.ScheduleClient().GetHandle(ctx, wanted.ID).Update(ctx, client.ScheduleUpdateOptions{
				DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
					schedule := in.Description.Schedule
					schedule.Spec, schedule.Action = &wanted.Spec, wanted.Action
					schedule.Policy = &client.SchedulePolicies{Overlap: wanted.Overlap, CatchupWindow: wanted.CatchupWindow}
					return &client.ScheduleUpdate{Schedule: &schedule}, nil
				},
			})
		}
		if err != nil {
			return fmt.Errorf("make schedule %s: %w", wanted.ID, err)
		}
	}
	return nil
}
