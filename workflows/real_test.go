package workflows_test

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// temporalServer starts a real Temporal server for one test.
func temporalServer(t *testing.T) client.Client {
	t.Helper()
	bin := os.Getenv("TEST_TEMPORAL_BIN")
	require.NotEmpty(t, bin, "run the tests by make test")
	server, err := local.StartTemporal(t.Context(), local.TemporalOptions{Binary: bin, Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	c, err := client.Dial(client.Options{HostPort: server.Address(), Logger: sdklog.NewStructuredLogger(quiet())})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.NoError(t, workflows.RegisterSearchAttributes(t.Context(), c, "default"))
	require.NoError(t, workflows.RegisterSearchAttributes(t.Context(), c, "default"), "twice is harmless")
	return c
}

// startWorker polls both queues with everything registered. Registration panics when
// two activities have one name.
func startWorker(t *testing.T, c client.Client, db *gorm.DB, model *llmtest.Server) {
	t.Helper()
	t.Cleanup(startWorkerWith(t, c, db, model, slots{at: 8, throttle: time.Second}))
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// slots is the number of slots at the model, the longest throttling of their heartbeats, and whether titles may
// be in Temporal.
type slots struct {
	at       int
	throttle time.Duration
	titles   bool
}

// startWorkerWith is startWorker with the given slots at the model.
func startWorkerWith(t *testing.T, c client.Client, db *gorm.DB, model *llmtest.Server, s slots) (stop func()) {
	t.Helper()
	general := worker.New(c, workflows.Queue, worker.Options{DisableRegistrationAliasing: true})
	workflows.Register(general)
	writing := &activities.CourseActivities{
		DB: db, Clock: time.Now, Log: quiet(), Titles: s.titles, Model: llm.New(llm.Options{BaseURL: model.BaseURL(), Model: model.Model()}),
	}
	background := worker.New(c, workflows.QueueBackground, worker.Options{DisableRegistrationAliasing: true})
	workflows.RegisterBackground(background)
	database := activities.Database{
		Progress: &activities.ProgressActivities{DB: db}, Quality: &activities.QualityActivities{DB: db, Clock: time.Now, Titles: s.titles}, Courses: writing,
		Accounts: &activities.AccountActivities{DB: db, Cancel: outbox.CancelSoon, Clock: time.Now},
		Learning: &activities.LearningActivities{DB: db, Boards: &boards.Boards{DB: db, Clock: time.Now, Log: quiet()}, Clock: time.Now},
		Sources:  &activities.SourceActivities{DB: db, Clock: time.Now, Log: quiet()}, Material: &activities.MaterialActivities{DB: db, Clock: time.Now},
	}
	database.Register(general)
	database.Register(background)
	inference := worker.New(c, workflows.QueueGemma, worker.Options{
		DisableWorkflowWorker: true, MaxHeartbeatThrottleInterval: s.throttle, MaxConcurrentActivityExecutionSize: s.at,
	})
	activities.Inference{Courses: writing}.Register(inference)
	for _, w := range []worker.Worker{general, background, inference} {
		require.NoError(t, w.Start())
	}
	return func() {
		inference.Stop()
		background.Stop()
		general.Stop()
	}
}

// ask commits a request for a course, as the API does, and returns its outbox message.
func ask(t *testing.T, db *gorm.DB) (tasks.Task, store.OutboxMessage) {
	t.Helper()
	return askFor(t, db, addUser(t, db), tasks.TaskSpec{})
}

func addUser(t *testing.T, db *gorm.DB) uuid.UUID {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	user := accounts.User{
		ID: store.NewID(), Email: store.NewID().String() + "@example.com", FullName: "Ada", PasswordHash: "-", Locale: "en",
		Timezone: "UTC", IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	require.NoError(t, db.Create(&user).Error)
	return user.ID
}

func askFor(t *testing.T, db *gorm.DB, user uuid.UUID, spec tasks.TaskSpec) (tasks.Task, store.OutboxMessage) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	taskID, courseID := courses.GenerationIDs(user, nil)
	task := tasks.NewTask(taskID, user, courseID, now)
	task.Spec = spec
	task.WorkflowID, task.RequestHash = workflows.GenerateCourseID(taskID), make([]byte, 32)
	course := courses.Course{
		ID: courseID, OwnerUserID: user, Title: "Tides", Topic: "How tides work", Status: courses.CourseGenerating,
		DifficultyLevel: "beginner", Locale: "en", CreatedAt: now, UpdatedAt: now,
	}
	message := outbox.Course(task, outbox.Timeouts{Deadline: time.Hour, Review: time.Hour}, now)
	request := courses.Request{Task: task, Course: course, Start: message}
	task, _, err := courses.CreateGeneration(t.Context(), db, request, courses.Quota{AtOnce: 2})
	require.NoError(t, err)
	return task, message
}

func finished(t *testing.T, db *gorm.DB, task tasks.Task) (tasks.Task, courses.Course) {
	t.Helper()
	row, err := tasks.FindTask(t.Context(), db, task.UserID, task.ID)
	require.NoError(t, err)
	course, err := courses.FindCourse(t.Context(), db, task.UserID, task.ResultID)
	require.NoError(t, err)
	return row, course
}

func dispatcherOf(c client.Client, db *gorm.DB) *outbox.Dispatcher {
	return &outbox.Dispatcher{DB: db, Temporal: c, Clock: time.Now, Log: quiet()}
}

func TestARealWorkerMakesACourse(t *testing.T) {
	t.Parallel()
	c, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	startWorker(t, c, db, model)
	task, message := ask(t, db)
	for range 3 {
		dispatcherOf(c, db).TryDispatch(t.Context(), message)
	}
	require.NoError(t, c.GetWorkflow(t.Context(), task.WorkflowID, "").Get(t.Context(), nil))
	row, course := finished(t, db, task)
	require.Equal(t, tasks.TaskDone, row.State)
	require.Equal(t, courses.CourseReady, course.Status)
	require.GreaterOrEqual(t, len(course.Lessons), 3)
	require.Equal(t, len(course.Lessons), model.Count(llmtest.Lesson), "each lesson once")
	for _, l := range course.Lessons {
		require.NotEmpty(t, l.Content)
	}
	require.Len(t, course.Items, 2*len(course.Lessons))
	require.Positive(t, course.Generation.OutputTokens)
	require.NotNil(t, course.Generation.QuizAgreement)
	require.InDelta(t, 1, *course.Generation.QuizAgreement, 0)
	for _, l := range course.Lessons {
		require.NotNil(t, l.QualityScore)
		require.NotEmpty(t, l.KeyTerms)
		require.Positive(t, l.EstimatedDurationMinutes)
	}
	recorded, err := tasks.EventsAfter(t.Context(), db, task.ID, 1)
	require.NoError(t, err)
	asked, err := workflows.ProgressOf(t.Context(), c, task.WorkflowID, 1)
	require.NoError(t, err)
	require.Len(t, asked, len(recorded), "the row and the query have the same events")
	var left int64
	require.NoError(t, db.Model(&store.OutboxMessage{}).Count(&left).Error)
	require.Zero(t, left)
}

func TestCancelClosesTheModelsStream(t *testing.T) {
	t.Parallel()
	c, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	startWorker(t, c, db, model)
	model.On(llmtest.Lesson, 2, llmtest.Stall())
	task, message := ask(t, db)
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	require.NoError(t, model.WaitStalled(t.Context(), 1))
	cancel := outbox.Cancel(task, time.Now())
	require.NoError(t, courses.CancelTask(t.Context(), db, task.UserID, task.ID, cancel, time.Now()))
	dispatcherOf(c, db).TryDispatch(t.Context(), cancel)
	require.NoError(t, model.WaitClosed(t.Context(), 1))
	require.Error(t, c.GetWorkflow(t.Context(), task.WorkflowID, "").Get(t.Context(), nil))
	row, course := finished(t, db, task)
	require.True(t, row.Fault.Cancelled())
	require.Contains(t, []courses.CourseStatus{courses.CoursePartial, courses.CourseError}, course.Status)
}

func TestTheRelayKeepsWhatTheHandlerCouldNot(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	db, err := store.Open(url, store.Pool{MaxOpen: 10})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close(db)) }()
	c, model := temporalServer(t), llmtest.New(t)
	startWorker(t, c, db, model)
	relay := &outbox.Relay{Dispatcher: dispatcherOf(c, db), DatabaseURL: url, Clock: time.Now, Log: quiet(), Poll: time.Second}
	stop := runRelay(t, relay)
	task, _ := ask(t, db) // the handler crashes here
	// No client asks for the course's dispatch: the task's end shows that the relay did it.
	require.Eventually(t, func() bool {
		row, _ := finished(t, db, task)
		return row.State == tasks.TaskDone
	}, time.Minute, 50*time.Millisecond)
	stop()
}

// runRelay runs the relay until stop is called.
func runRelay(t *testing.T, relay *outbox.Relay) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- relay.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-stopped)
	}
}

func TestTheReconcilerEndsWhatWasTerminatedAndRestartsWhatWasLost(t *testing.T) {
	t.Parallel()
	c, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	startWorker(t, c, db, model)
	model.On(llmtest.Outline, 1, llmtest.Stall())
	task, message := ask(t, db)
	dispatcherOf(c, db).TryDispatch(t.Context(), message)
	require.NoError(t, model.WaitStalled(t.Context(), 1))
	require.NoError(t, c.TerminateWorkflow(t.Context(), task.WorkflowID, "", "by hand"))
	lost, _ := ask(t, db)
	require.NoError(t, db.Exec("DELETE FROM outbox").Error)

	reconciler := &outbox.Reconciler{
		Dispatcher: dispatcherOf(c, db), Log: quiet(), Timeouts: outbox.Timeouts{Deadline: time.Hour},
		Clock: func() time.Time { return time.Now().Add(time.Hour) }, Stale: time.Minute, Every: time.Minute,
	}
	require.NoError(t, reconciler.Reconcile(t.Context()))
	row, course := finished(t, db, task)
	require.Equal(t, "stopped", row.Fault.Code)
	require.Equal(t, courses.CourseError, course.Status)
	var again store.OutboxMessage
	require.NoError(t, db.First(&again, "workflow_id = ?", lost.WorkflowID).Error)
	dispatcherOf(c, db).TryDispatch(t.Context(), again)
	require.NoError(t, c.GetWorkflow(t.Context(), lost.WorkflowID, "").Get(t.Context(), nil))
	row, _ = finished(t, db, lost)
	require.Equal(t, tasks.TaskDone, row.State)
	events, err := tasks.EventsAfter(t.Context(), db, lost.ID, 0)
	require.NoError(t, err)
	for i, e := range events {
		require.EqualValues(t, i+1, e.Seq)
	}
}
