package workflows_test

import (
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
	"github.com/lyoapp/lyo/workflows/payload"
)

// made generates a course and returns its task.
func made(t *testing.T, c client.Client, db *gorm.DB) tasks.Task {
	t.Helper()
	task, message := ask(t, db)
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	_ = c.GetWorkflow(t.Context(), task.WorkflowID, "").Get(t.Context(), nil) // some tests expect it to fail
	row, _ := finished(t, db, task)
	return row
}

// again requests parts of a task's course to be written again.
func again(t *testing.T, db *gorm.DB, task tasks.Task, spec tasks.TaskSpec) (tasks.Task, store.OutboxMessage, error) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	id, _ := courses.GenerationIDs(task.UserID, nil)
	hash := sha256.Sum256(id[:])
	next := tasks.NewTask(id, task.UserID, task.ResultID, now)
	next.TaskType, next.WorkflowID, next.RequestHash, next.Spec = tasks.TaskCourseRegeneration, workflows.RegenerateCourseID(id), hash[:], spec
	message := outbox.Course(next, outbox.Timeouts{Deadline: time.Hour}, now)
	next, _, err := courses.CreateRegeneration(t.Context(), db, next, nil, message, courses.Quota{AtOnce: 2})
	return next, message, err
}

func TestAPartialCourseIsMended(t *testing.T) {
	t.Parallel()
	c, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	startWorker(t, c, db, model)
	var spoilt string // the title of the failing lesson
	model.Script(func(r llmtest.Request) []llmtest.Fault {
		if r.Kind == llmtest.Lesson && (spoilt == "" || spoilt == r.Title) && r.Title != "" {
			return []llmtest.Fault{llmtest.Refusal()}
		}
		return nil
	})
	spoilt = "The parts of How tides work"
	task := made(t, c, db)
	row, course := finished(t, db, task)
	require.Equal(t, "unfinished", row.Fault.Code)
	require.Equal(t, courses.CoursePartial, course.Status)

	model.Heal()
	before := model.Count(llmtest.Lesson)
	next, message, err := again(t, db, task, tasks.TaskSpec{Section: tasks.SectionLessons})
	require.NoError(t, err)
	_, _, err = again(t, db, task, tasks.TaskSpec{Section: tasks.SectionLessons})
	require.Equal(t, store.Conflict, store.CodeOf(err), "one at a time writes a course")
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	require.NoError(t, c.GetWorkflow(t.Context(), next.WorkflowID, "").Get(t.Context(), nil))
	row, course = finished(t, db, next)
	require.Equal(t, tasks.TaskDone, row.State)
	require.Equal(t, courses.CourseReady, course.Status)
	require.Equal(t, before+1, model.Count(llmtest.Lesson), "only what was missing")
}

func TestAReadyCourseStaysReadableWhileALessonIsWrittenAgain(t *testing.T) {
	t.Parallel()
	c, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	startWorker(t, c, db, model)
	task := made(t, c, db)
	_, course := finished(t, db, task)
	lesson := course.Lessons[1].ID
	model.On(llmtest.Lesson, 0, llmtest.Hold())
	next, message, err := again(t, db, task, tasks.TaskSpec{Section: tasks.SectionLessons, LessonID: &lesson})
	require.NoError(t, err)
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	require.NoError(t, model.WaitHeld(t.Context(), 1))
	_, meanwhile := finished(t, db, task)
	require.Equal(t, courses.CourseReady, meanwhile.Status)
	require.NotEmpty(t, meanwhile.Lessons[1].Content)
	model.Heal()
	model.Release()
	require.NoError(t, c.GetWorkflow(t.Context(), next.WorkflowID, "").Get(t.Context(), nil))
	_, after := finished(t, db, next)
	require.Equal(t, 2, after.Lessons[1].Revision)
	require.Equal(t, 1, after.Lessons[0].Revision)
	require.Equal(t, courses.CourseReady, after.Status)
	require.Equal(t, course.PublishedAt, after.PublishedAt)
}

// reviewed begins a course and returns its task when the plan waits for review.
func reviewed(t *testing.T, c client.Client, db *gorm.DB) tasks.Task {
	t.Helper()
	task, message := askFor(t, db, addUser(t, db), tasks.TaskSpec{Review: true})
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	require.Eventually(t, func() bool {
		row, _ := finished(t, db, task)
		return row.Step == workflows.StepReview
	}, 30*time.Second, 20*time.Millisecond)
	return task
}

// decided sends a decision and waits until it is taken.
func decided(t *testing.T, c client.Client, task tasks.Task, name string, d workflows.OutlineDecision) error {
	t.Helper()
	update, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: task.WorkflowID, UpdateName: name, Args: []any{d}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = update.Get(t.Context(), nil)
	}
	return err
}

// TestTheLargestPlanIsWritten edits a plan to be as large as allowed, with the bound on payloads that production has.
func TestTheLargestPlanIsWritten(t *testing.T) {
	t.Parallel()
	plain, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	c, err := client.NewClientFromExisting(plain, client.Options{DataConverter: payload.Converter(nil), Logger: sdklog.NewStructuredLogger(quiet())})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	startWorker(t, c, db, model)
	task := reviewed(t, c, db)
	plan := fixture.LargestPlan()
	inline := workflows.OutlineDecision{Action: workflows.OutlineEdit, Plan: plan}
	require.ErrorContains(t, decided(t, c, task, workflows.UpdateOutline, inline), "hand on an id")
	edit := courses.PlanEdit{ID: store.NewID(), TaskID: task.ID, UserID: task.UserID, Plan: plan, CreatedAt: time.Now()}
	require.NoError(t, courses.SavePlanEdit(t.Context(), db, edit))
	require.NoError(t, decided(t, c, task, workflows.UpdateEditedOutline, workflows.OutlineDecision{Action: workflows.OutlineEdit, PlanID: edit.ID}))
	require.NoError(t, c.GetWorkflow(t.Context(), task.WorkflowID, "").Get(t.Context(), nil))
	row, course := finished(t, db, task)
	require.Equal(t, tasks.TaskDone, row.State)
	require.Equal(t, plan.Title, course.Title)
	require.Len(t, course.Lessons, len(plan.Lessons))
	_, err = courses.FindPlanEdit(t.Context(), db, edit.ID, course.ID)
	require.Equal(t, store.NotFound, store.CodeOf(err), "it goes with its task")
}

func TestAnEditedPlanIsWritten(t *testing.T) {
	t.Parallel()
	c, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	startWorker(t, c, db, model)
	task := reviewed(t, c, db)
	_, course := finished(t, db, task)
	require.Len(t, course.Lessons, 4, "the plan can be read while it waits")
	require.Zero(t, model.Count(llmtest.Lesson))
	edit := workflows.OutlineDecision{Action: workflows.OutlineEdit, Plan: workflows.PlanEdit{Title: "Mine", Lessons: []workflows.LessonEdit{
		{Title: "Ebb", Summary: "s", Minutes: 10}, {Title: "Flood", Summary: "s", Minutes: 10}, {Title: "Slack water", Summary: "s", Minutes: 10},
	}}}
	decide := func() error { return decided(t, c, task, workflows.UpdateOutline, edit) }
	require.NoError(t, decide())
	require.NoError(t, c.GetWorkflow(t.Context(), task.WorkflowID, "").Get(t.Context(), nil))
	require.Error(t, decide(), "it has been decided")
	_, course = finished(t, db, task)
	require.Equal(t, "Mine", course.Title)
	require.Equal(t, courses.CourseReady, course.Status)
	require.Len(t, course.Lessons, 3)
	require.Equal(t, "Slack water", course.Lessons[2].Title)
}

// TestALongLineDelaysOthersByLittle measures, with one slot at the model, how long a course
// waits for the slot while none of its own parts uses it: the delay caused by others. Both
// times are of one machine in one run, and mostly made of the fake model's delay.
func TestALongLineDelaysOthersByLittle(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	db, err := store.Open(url, store.Pool{MaxOpen: 10})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close(db)) }()
	c, model := temporalServer(t), llmtest.New(t)
	defer startWorkerWith(t, c, db, model, slots{at: 1, throttle: time.Second})()
	relay := &outbox.Relay{Dispatcher: dispatcherOf(c, db), DatabaseURL: url, Clock: time.Now, Log: quiet(), Poll: 50 * time.Millisecond}
	model.Script(func(llmtest.Request) []llmtest.Fault {
		return []llmtest.Fault{llmtest.Delay(4 * time.Millisecond)}
	})
	empty, _ := timesOf(t, c, made(t, c, db))

	greedy := addUser(t, db)
	for range 100 {
		_, message := askFor(t, db, greedy, tasks.TaskSpec{})
		dispatcherOf(c, db).TryDispatch(t.Context(), message)
	}
	defer runRelay(t, relay)()
	before := model.State().Done
	require.NoError(t, model.Wait(t.Context(), func(s llmtest.State) bool { return s.Done > before+5 }))
	blocked := time.Hour
	for try := 0; try < 3 && blocked >= empty/2; try++ { // what else the machine does only adds to it
		_, blocked = timesOf(t, c, made(t, c, db))
		t.Logf("an empty queue takes %s; behind a line of 100 courses another waits %s for somebody else", empty, blocked)
	}
	require.Less(t, blocked, empty/2)
	line, err := courses.QueueOf(t.Context(), db, greedy)
	require.NoError(t, err)
	require.LessOrEqual(t, line.Running, 2)
	require.Positive(t, line.Waiting)
}

// timesOf returns, from a run's history, how long it took and how long parts of it
// waited for a slot at the model while none of it was running.
func timesOf(t *testing.T, c client.Client, task tasks.Task) (whole, blocked time.Duration) {
	t.Helper()
	// The server records a start when the activity ends, so the history is not in order of time.
	var moments []moment
	ours := map[int64]bool{}
	var first, last time.Time
	events := c.GetWorkflowHistory(t.Context(), task.WorkflowID, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		at := e.GetEventTime().AsTime()
		if first.IsZero() {
			first = at
		}
		last = at
		switch {
		case e.GetActivityTaskScheduledEventAttributes().GetTaskQueue().GetName() == workflows.QueueGemma:
			ours[e.GetEventId()] = true
			moments = append(moments, moment{at, 1, 0})
		case ours[e.GetActivityTaskStartedEventAttributes().GetScheduledEventId()]:
			moments = append(moments, moment{at, -1, 1})
		case ours[e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()]:
			moments = append(moments, moment{at, 0, -1})
		}
	}
	require.NotEmpty(t, moments)
	slices.SortStableFunc(moments, func(a, b moment) int { return a.at.Compare(b.at) })
	waiting, running := 0, 0
	for i, m := range moments {
		if i > 0 && waiting > 0 && running == 0 {
			blocked += m.at.Sub(moments[i-1].at)
		}
		waiting, running = waiting+m.waiting, running+m.running
	}
	return last.Sub(first), blocked
}

// moment is a change in the number of waiting and running activities.
type moment struct {
	at               time.Time
	waiting, running int
}
