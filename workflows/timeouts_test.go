package workflows_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/lyoapp/lyo/workflows"
)

// TestARunMayTakeALittleLongerThanItsOwnDeadline covers workflows with a deadline in their input.
func TestARunMayTakeALittleLongerThanItsOwnDeadline(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, rule := range []struct {
		name        string
		input       any
		least, most time.Duration
	}{
		{"GenerateCourse", workflows.GenerateCourseInput{TaskInput: workflows.TaskInput{Deadline: 2 * time.Hour}}, 2 * time.Hour, 150 * time.Minute},
		{"GenerateCourse", workflows.GenerateCourseInput{TaskInput: workflows.TaskInput{Deadline: time.Hour}, ReviewFor: 72 * time.Hour}, 73 * time.Hour, 74 * time.Hour},
		{"RegenerateCourse", workflows.RegenerateCourseInput{TaskInput: workflows.TaskInput{Deadline: 2 * time.Hour}}, 2 * time.Hour, 150 * time.Minute},
		{"SendMail", nil, time.Hour, 2 * time.Hour},
		{"DeleteAccount", workflows.DeleteAccountInput{Due: now.AddDate(0, 0, 30)}, 31 * 24 * time.Hour, 90 * 24 * time.Hour},
		{"ReviewReport", workflows.ReviewReportInput{DueAt: now.Add(24 * time.Hour)}, 31 * 24 * time.Hour, 32 * 24 * time.Hour},
	} {
		input, err := json.Marshal(rule.input)
		require.NoError(t, err)
		timeout, err := workflows.ExecutionTimeout(rule.name, input, now)
		require.NoError(t, err)
		require.GreaterOrEqual(t, timeout, rule.least, rule.name)
		require.Less(t, timeout, rule.most, rule.name)
	}
	_, err := workflows.ExecutionTimeout("Unheard", []byte("null"), now)
	require.Error(t, err, "what has no rule does not start")
}

// TestTheScheduledHaveAnExecutionTimeout reads what each schedule starts from a real server.
func TestTheScheduledHaveAnExecutionTimeout(t *testing.T) {
	t.Parallel()
	c := temporalServer(t)
	require.NoError(t, workflows.EnsureSchedules(t.Context(), c))
	for _, id := range []string{
		workflows.ScheduleCurateFeeds, workflows.ScheduleCountTrending, workflows.ScheduleCheckContent, workflows.ScheduleRemindOfReviews,
		workflows.ScheduleSweepDevices, workflows.ScheduleAchievements,
	} {
		description, err := c.ScheduleClient().GetHandle(t.Context(), id).Describe(t.Context())
		require.NoError(t, err, id)
		action, ok := description.Schedule.Action.(*client.ScheduleWorkflowAction)
		require.True(t, ok, id)
		require.Positive(t, action.WorkflowExecutionTimeout, id)
		require.Equal(t, workflows.QueueBackground, action.TaskQueue, id)
	}
}
