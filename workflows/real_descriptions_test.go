package workflows_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	querypb "go.temporal.io/api/query/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/proto"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
	"github.com/lyoapp/lyo/workflows/payload"
)

// metadataQuery is the SDK's query for a run's current details.
const metadataQuery = "__temporal_workflow_metadata"

func historyOf(t *testing.T, c client.Client, id string) (all []*history.HistoryEvent) {
	t.Helper()
	events := c.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		all = append(all, e)
	}
	return all
}

// heldOf returns all that Temporal holds or answers about a run, as bytes in which texts can be found.
func heldOf(t *testing.T, c client.Client, id string) []byte {
	t.Helper()
	described, err := c.DescribeWorkflowExecution(t.Context(), id, "")
	require.NoError(t, err)
	listed, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowId = '" + id + "'"})
	require.NoError(t, err)
	told, err := c.WorkflowService().QueryWorkflow(t.Context(), &workflowservice.QueryWorkflowRequest{
		Namespace: "default", Execution: described.GetWorkflowExecutionInfo().GetExecution(), Query: &querypb.WorkflowQuery{QueryType: metadataQuery},
	})
	require.NoError(t, err)
	var all []byte
	for _, message := range []proto.Message{described, listed, told, &history.History{Events: historyOf(t, c, id)}} {
		content, err := proto.Marshal(message)
		require.NoError(t, err)
		all = append(all, content...)
	}
	return all
}

// told is what a reader of a run sees.
type told struct {
	summary, details, current string
	steps                     []string // summaries of activities and timers
}

func toldOf(t *testing.T, c client.Client, values converter.DataConverter, id string) (seen told) {
	t.Helper()
	described, err := c.DescribeWorkflow(t.Context(), id, "")
	require.NoError(t, err)
	seen.summary, err = described.GetStaticSummary()
	require.NoError(t, err)
	seen.details, err = described.GetStaticDetails()
	require.NoError(t, err)
	value, err := c.QueryWorkflow(t.Context(), id, "", metadataQuery)
	require.NoError(t, err)
	var metadata sdkpb.WorkflowMetadata
	require.NoError(t, value.Get(&metadata))
	seen.current = metadata.GetCurrentDetails()
	for _, e := range historyOf(t, c, id) {
		local := e.GetMarkerRecordedEventAttributes().GetMarkerName() == "LocalActivity"
		if local || e.GetEventType() == enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED || e.GetEventType() == enums.EVENT_TYPE_TIMER_STARTED {
			var step string
			require.NoError(t, values.FromPayload(e.GetUserMetadata().GetSummary(), &step))
			seen.steps = append(seen.steps, step)
		}
	}
	return seen
}

// secret is in the topic of a course, and so in each of its titles. Its marks are those that grow as JSON and as Markdown.
const secret = "Quuxology <潮汐> ![x] *y*"

// tellOf makes a course about secret, with a lesson that is written again, and returns its workflow's id.
func tellOf(t *testing.T, c client.Client, titles bool) string {
	t.Helper()
	db, model := storetest.New(t), llmtest.New(t)
	t.Cleanup(startWorkerWith(t, c, db, model, slots{at: 8, throttle: time.Second, titles: titles}))
	for nth := range 2 { // an answer and its repair are refused: the failure is in the history
		model.On(llmtest.Outline, nth+1, llmtest.Text(`{"`+secret+`": 7, "title": "`+secret+`"}`))
	}
	model.Script(func(r llmtest.Request) []llmtest.Fault {
		if r.Kind == llmtest.Lesson && len(r.Prompt()) > 0 && !strings.Contains(r.Prompt(), "epeats the lesson") {
			return []llmtest.Fault{llmtest.Duplicate()}
		}
		return nil
	})
	task, message := ask(t, db)
	require.NoError(t, db.Exec("UPDATE courses SET title = ?, topic = ? WHERE id = ?", strings.Repeat(secret+" ", 6), secret, task.ResultID).Error)
	dispatcher := dispatcherOf(c, db)
	dispatcher.Titles = titles
	dispatcher.TryDispatch(t.Context(), message)
	require.NoError(t, c.GetWorkflow(t.Context(), task.WorkflowID, "").Get(t.Context(), nil))
	_, course := finished(t, db, task)
	require.Contains(t, course.Lessons[0].Title, "Quuxology")
	return task.WorkflowID
}

// TestTitlesStayOutOfTemporal looks for the topic in all that Temporal has of a course.
func TestTitlesStayOutOfTemporal(t *testing.T) {
	t.Parallel()
	c := temporalServer(t)
	id := tellOf(t, c, false)
	require.NotContains(t, string(bytes.ToLower(heldOf(t, c, id))), "quux")
	seen := toldOf(t, c, converter.GetDefaultDataConverter(), id)
	require.Equal(t, "Course, beginner, en", seen.summary)
	require.Contains(t, seen.details, "- level: beginner\n- language: en")
	require.Regexp(t, `(?s)^\*\*100 %\*\*, done\n.*\n- .\d\d:\d\d:\d\d. Lesson 3 of \d is ready\n.*Your course is ready$`, seen.current)
	require.Contains(t, seen.steps, "The deadline")
	require.NotContains(t, seen.steps, "")
	steps := strings.Join(seen.steps, "\n")
	require.Regexp(t, `(?m)^Lesson 3 of \d$`, steps)
	require.Regexp(t, `(?m)^Record 40 %, lessons$`, steps, "what the worker does by itself is there too")
	require.Regexp(t, `(?m)^Lesson \d of \d, once more$`, steps, "or the reasons were not looked at")
}

// TestTitlesAreShownWhereTheyMayBe reads them, and finds them nowhere in clear where payloads are encrypted.
func TestTitlesAreShownWhereTheyMayBe(t *testing.T) {
	t.Parallel()
	plain := temporalServer(t)
	keys, err := payload.ParseKeys("one:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	require.NoError(t, err)
	hidden, err := client.NewClientFromExisting(plain, client.Options{Logger: sdklog.NewStructuredLogger(quiet()), DataConverter: payload.Converter(keys), FailureConverter: payload.Failures(keys)})
	require.NoError(t, err)
	t.Cleanup(hidden.Close)
	id := tellOf(t, hidden, true)
	require.NotContains(t, string(bytes.ToLower(heldOf(t, plain, id))), "quux")
	seen := toldOf(t, hidden, payload.Converter(keys), id)
	require.Contains(t, seen.summary, `Course, beginner, en: Quuxology \<潮汐\> \!\[x\] \*y\*`)
	require.True(t, strings.HasSuffix(seen.summary, "…"), seen.summary)
	require.Contains(t, seen.current, "Quuxology")
	require.NotContains(t, seen.current, "![x]", "Markdown of a learner's is shown as it is")
}

// TestErasedAccountsLeaveTemporal deletes an account while runs of another user stay, and one that was restored.
func TestErasedAccountsLeaveTemporal(t *testing.T) {
	t.Parallel()
	c, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	startWorker(t, c, db, model)
	leaver, stays := addUser(t, db), addUser(t, db)
	for _, user := range []uuid.UUID{leaver, stays} {
		task, message := askFor(t, db, user, tasks.TaskSpec{})
		dispatcherOf(c, db).TryDispatch(t.Context(), message)
		require.NoError(t, c.GetWorkflow(t.Context(), task.WorkflowID, "").Get(t.Context(), nil))
	}
	restored := departs(t, c, db, stays, time.Now().Add(time.Hour))
	require.NoError(t, c.CancelWorkflow(t.Context(), restored, ""))
	require.Error(t, c.GetWorkflow(t.Context(), restored, "").Get(t.Context(), nil))
	ended := func(since time.Duration) []uuid.UUID {
		users, err := workflows.EndedDeletions(t.Context(), c, "default", time.Now().Add(since))
		require.NoError(t, err)
		return users
	}
	require.Eventually(t, func() bool { return slices.Contains(ended(-time.Hour), stays) }, time.Minute, 50*time.Millisecond)
	require.Empty(t, ended(time.Minute), "one of long ago is not looked at again")
	reconciler := reconcilerAt(c, db, 0)
	require.NoError(t, reconciler.Reconcile(t.Context()))
	require.Positive(t, runsOf(t, c, leaver), "it has not left")

	require.NoError(t, c.GetWorkflow(t.Context(), departs(t, c, db, leaver, time.Now()), "").Get(t.Context(), nil))
	require.NoError(t, reconcilerAt(c, db, 72*time.Hour).Reconcile(t.Context()))
	require.Positive(t, runsOf(t, c, leaver), "too late: Temporal's retention takes it")
	require.Eventually(t, func() bool {
		require.NoError(t, reconciler.Reconcile(t.Context()))
		return runsOf(t, c, leaver) == 0
	}, time.Minute, 50*time.Millisecond)
	require.EqualValues(t, 2, runsOf(t, c, stays))
	require.NoError(t, reconciler.Reconcile(t.Context()), "with nothing left to do")
}

// departs starts the deletion of an account and returns its workflow's id.
func departs(t *testing.T, c client.Client, db *gorm.DB, user uuid.UUID, due time.Time) string {
	t.Helper()
	deletion, now := uuid.New(), time.Now()
	due = due.UTC().Truncate(time.Microsecond)
	require.NoError(t, db.Exec("UPDATE users SET is_active = false, deletion_id = ?, deletion_requested_at = ?, deletion_due_at = ? WHERE id = ?", deletion, due, due, user).Error)
	message := outbox.DeleteAccount(user, deletion, due, now)
	require.NoError(t, db.Create(&message).Error)
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	return workflows.DeleteAccountID(deletion)
}

func runsOf(t *testing.T, c client.Client, user uuid.UUID) int64 {
	t.Helper()
	found, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Namespace: "default", Query: "LyoUser = '" + user.String() + "'"})
	require.NoError(t, err)
	return found.GetCount()
}
