package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lyoapp/lyo/workflows"
)

// recordedWorkflows are what the released version leaves in Temporal, by state.
var recordedWorkflows = []string{
	"GenerateCourse-open", "GenerateCourse-closed", "RegenerateCourse-closed", "ReadSource-closed", "DeleteAccount-open", "ExportAccount-closed",
	"SendMail-closed", "ReviewReport-open", "FanOutPush-closed", "PushShard-closed", "UnlockAchievements-closed", "ApplyAchievements-closed",
	"RebuildBoards-closed", "SweepDevices-closed", "RemindOfReviews-closed", "CurateFeeds-closed", "CountTrending-closed", "CheckContent-closed",
}

// TestRecordReleased records what make histories keeps of the released version: a history of each workflow, those that
// wait too, and a dump of its database with courses in flight and plans under review.
func TestRecordReleased(t *testing.T) {
	t.Parallel()
	if os.Getenv("RECORD_RELEASED") == "" {
		t.Skip("NOT RUN: make histories records")
	}
	program, ok := released(t)
	require.True(t, ok, "the commit in deploy/released is not in this clone")
	u := newUpgrade(t, false)
	u.run(program, "released")
	u.begin()
	u.dump(t)

	u.stage.Store(1)
	u.run(program, "released")
	u.requireDone(u.flying[1]...)
	u.everyWorkflow(t)
	u.keepHistories(t)
}

// everyWorkflow has a run of each workflow.
func (u *upgrade) everyWorkflow(t *testing.T) {
	t.Helper()
	first, second := u.learners[0], u.learners[1]
	course := u.flying[1][0].course
	lesson := first.course(course)["lessons"].([]any)[0].(object)["id"].(string)
	first.call(http.MethodPost, "/v1/courses/"+course+"/lessons/"+lesson+"/complete", object{"minutes": 5}, http.StatusOK)
	again := first.call(http.MethodPost, "/v1/courses/"+course+"/regenerate", object{"section": "lessons", "lesson_id": lesson}, http.StatusAccepted)
	require.Equal(t, "DONE", first.await(again["task_id"].(string))["state"])
	first.call(http.MethodPost, "/v1/sources", object{"title": "Notes", "text": "The tide comes twice a day, and goes as often."}, http.StatusCreated)
	first.await(first.call(http.MethodPost, "/v1/users/me/export", nil, http.StatusAccepted)["task_id"].(string))
	post := first.call(http.MethodPost, "/v1/community/posts", object{"title": "Tides", "content": "They come and go.", "post_type": "discussion"}, http.StatusOK)
	second.call(http.MethodPost, "/v1/community/reports", object{"target_type": "post", "target_id": post["id"], "reason": "off topic"}, http.StatusCreated)

	require.NoError(t, u.db.Exec(`
		INSERT INTO devices (id, user_id, token, token_hash, platform, environment, created_at, last_used_at)
		SELECT gen_random_uuid(), id, email, sha256(email::bytea), 'ios', 'production', now(), now() FROM users`).Error)
	require.NoError(t, u.db.Exec(`
		INSERT INTO push_preferences (user_id, course_ready, achievements, community, reminders, marketing, updated_at)
		SELECT id, true, true, true, true, true, now() FROM users ON CONFLICT DO NOTHING`).Error)
	out, err := u.lyo("admin", "grant", "learner-1@example.com")
	require.NoError(t, err, out)
	news := object{"title": "News", "body": "For everyone", "data": object{"action": "open_news"}}
	second.await(second.call(http.MethodPost, "/v1/push/send", news, http.StatusAccepted)["task_id"].(string))

	c := u.dialTemporal()
	for name, input := range map[string]any{"ApplyAchievements": workflows.ApplyAchievementsInput{}, "RebuildBoards": uuid.New()} {
		_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: name, TaskQueue: workflows.QueueBackground}, name, input)
		require.NoError(t, err)
	}
	for _, id := range []string{
		workflows.ScheduleSweepDevices, workflows.ScheduleRemindOfReviews, workflows.ScheduleCurateFeeds, workflows.ScheduleCountTrending, workflows.ScheduleCheckContent,
	} {
		u.temporalCLI("schedule", "trigger", "--schedule-id", id)
	}
	u.learners[3].call(http.MethodDelete, "/v1/users/me", object{"password": "correct horse battery"}, http.StatusOK)
}

// keepHistories waits for each of recordedWorkflows, and keeps the longest history of each.
func (u *upgrade) keepHistories(t *testing.T) {
	t.Helper()
	c := u.dialTemporal()
	longest := map[string]*workflow.WorkflowExecutionInfo{}
	require.Eventually(t, func() bool {
		found, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: client.DefaultNamespace, PageSize: 1000})
		require.NoError(t, err)
		for _, run := range found.GetExecutions() {
			state := map[bool]string{true: "open", false: "closed"}[run.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING]
			key := run.GetType().GetName() + "-" + state
			if run.GetHistoryLength() >= longest[key].GetHistoryLength() {
				longest[key] = run
			}
		}
		for _, key := range recordedWorkflows {
			if longest[key] == nil {
				t.Logf("no %s yet", key)
				return false
			}
		}
		return true
	}, time.Minute, time.Second)
	named, err := os.ReadFile("../deploy/released")
	require.NoError(t, err)
	dir := filepath.Join("../workflows/testdata/histories", string(named[:12]))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for _, key := range recordedWorkflows {
		var h historypb.History
		run := longest[key].GetExecution()
		events := c.GetWorkflowHistory(t.Context(), run.GetWorkflowId(), run.GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			e, err := events.Next()
			require.NoError(t, err)
			h.Events = append(h.Events, e)
		}
		content, err := protojson.Marshal(&h)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, key+".json"), append(content, '\n'), 0o644), fmt.Sprint(dir, key))
	}
}
