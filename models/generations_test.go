package models_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

var (
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	begun = start.Add(time.Second)
)

func addUser(t *testing.T, db *gorm.DB) uuid.UUID {
	t.Helper()
	u := models.User{
		ID: models.NewID(), Email: models.NewID().String() + "@example.com", FullName: "Ada", PasswordHash: "-",
		Locale: "en", Timezone: "UTC", IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{},
		CreatedAt: start, UpdatedAt: start,
	}
	require.NoError(t, db.Create(&u).Error)
	return u.ID
}

// generate is a request of the user under a key; body stands for what was asked.
func generate(t *testing.T, db *gorm.DB, user uuid.UUID, key *string, body string) (models.Task, bool, error) {
	t.Helper()
	taskID, courseID := models.GenerationIDs(user, key)
	task := models.NewTask(taskID, user, courseID, start)
	hash := sha256.Sum256([]byte(body))
	task.WorkflowID, task.IdempotencyKey, task.RequestHash = "generate-course/"+taskID.String(), key, hash[:]
	course := models.Course{
		ID: courseID, OwnerUserID: user, Title: body, Topic: body, Status: models.CourseGenerating, Visibility: models.VisibilityPublic,
		Interests: []string{}, Tags: []string{}, DifficultyLevel: "beginner", Locale: "en",
		Preferences: map[string]any{}, CreatedAt: start, UpdatedAt: start,
	}
	promise := models.OutboxEntry{
		ID: models.NewID(), Action: models.OutboxStart, Workflow: "GenerateCourse", WorkflowID: task.WorkflowID,
		Input: []byte("{}"), Labels: map[string]string{}, CreatedAt: start, DueAt: start,
	}
	return models.CreateGeneration(context.Background(), db, models.Request{Task: task, Course: course, Promise: promise}, models.Quota{AtOnce: 2})
}

// asked is a database in which a user has asked for a course.
func asked(t *testing.T) (context.Context, *gorm.DB, uuid.UUID, models.Task) {
	t.Helper()
	db := modelstest.New(t)
	user := addUser(t, db)
	task, _, err := generate(t, db, user, nil, "tides")
	require.NoError(t, err)
	return context.Background(), db, user, task
}

func count(t *testing.T, db *gorm.DB, table string) (n int64) {
	t.Helper()
	require.NoError(t, db.Table(table).Count(&n).Error)
	return n
}

func TestSixtyRequestsWithOneKeyMakeOneTask(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user, key := addUser(t, db), "k"
	var made, replays atomic.Int32
	ids := sync.Map{}
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			task, replayed, err := generate(t, db, user, &key, "tides")
			if err != nil {
				t.Error(err)
				return
			}
			ids.Store(task.ID, task.ResultID)
			if replayed {
				replays.Add(1)
			} else {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, made.Load())
	require.EqualValues(t, 59, replays.Load())
	distinct := 0
	ids.Range(func(any, any) bool { distinct++; return true })
	require.Equal(t, 1, distinct)
	for _, table := range []string{"tasks", "courses", "outbox", "task_events"} {
		require.EqualValues(t, 1, count(t, db, table), table)
	}
}

func TestOneKeyForAnotherBodyIsRefused(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user, key := addUser(t, db), "k"
	_, _, err := generate(t, db, user, &key, "tides")
	require.NoError(t, err)
	_, _, err = generate(t, db, user, &key, "moons")
	require.Equal(t, models.ReusedKey, models.CodeOf(err))
	_, replayed, err := generate(t, db, addUser(t, db), &key, "moons")
	require.NoError(t, err)
	require.False(t, replayed, "another user's key is another key")
}

func event(seq int64, state models.TaskState, progress int) models.TaskEvent {
	e := models.TaskEvent{StartedAt: &begun, Seq: seq, State: state, Progress: progress, Step: "s", Message: fmt.Sprint(seq), At: start.Add(time.Duration(seq) * time.Second)}
	if state == models.TaskError {
		e.Fault = &models.TaskFault{Code: "x", Message: "y"}
	}
	return e
}

func TestEventsMoveTheRowOnceAndOnlyForward(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := asked(t)
	story := []models.TaskEvent{event(2, models.TaskRunning, 5), event(3, models.TaskRunning, 40)}
	for range 2 {
		require.NoError(t, models.RecordEvents(ctx, db, task.ID, story))
	}
	require.NoError(t, models.RecordEvents(ctx, db, task.ID, story[:1]))
	row, err := models.FindTask(ctx, db, user, task.ID)
	require.NoError(t, err)
	require.EqualValues(t, 3, row.Seq)
	require.Equal(t, 40, row.Progress)
	require.Equal(t, begun, row.StartedAt.UTC())

	require.NoError(t, models.FinishCourse(ctx, db, task.ID, []models.TaskEvent{event(4, models.TaskDone, 100)}, models.Generation{}, models.Enqueuer{}))
	err = models.RecordEvents(ctx, db, task.ID, []models.TaskEvent{event(5, models.TaskRunning, 50)})
	require.Equal(t, models.Conflict, models.CodeOf(err))
	require.NoError(t, models.FinishCourse(ctx, db, task.ID, []models.TaskEvent{event(5, models.TaskError, 50)}, models.Generation{}, models.Enqueuer{}))
	events, err := models.EventsAfter(ctx, db, task.ID, 0)
	require.NoError(t, err)
	require.Len(t, events, 4)
	require.Equal(t, models.TaskDone, events[3].State)
	require.Equal(t, "DONE 100", status(t, db, task.ID))
}

func status(t *testing.T, db *gorm.DB, id uuid.UUID) string {
	t.Helper()
	var row models.Task
	require.NoError(t, db.First(&row, "id = ?", id).Error)
	return fmt.Sprintf("%s %d", row.State, row.Progress)
}

func TestAnEndedGenerationLeavesNoCourseGenerating(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lessons int
		last    models.TaskState
		want    models.CourseStatus
	}{
		"done":               {3, models.TaskDone, models.CourseReady},
		"failed, some there": {1, models.TaskError, models.CoursePartial},
		"failed, none there": {0, models.TaskError, models.CourseError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, db, user, task := asked(t)
			outline(t, db, task.ResultID)
			for n := range c.lessons {
				write(t, db, task.ResultID, n+1)
			}
			gen := models.Generation{Model: "m", GeneratedAt: &start}
			require.NoError(t, models.FinishCourse(ctx, db, task.ID, []models.TaskEvent{event(2, c.last, 40)}, gen, models.Enqueuer{}))
			course, err := models.FindCourse(ctx, db, user, task.ResultID)
			require.NoError(t, err)
			require.Equal(t, c.want, course.Status)
			require.Equal(t, 7*c.lessons, course.Generation.OutputTokens, "what the calls cost")
			require.Equal(t, c.want == models.CourseReady, course.PublishedAt != nil)
		})
	}
}

func outline(t *testing.T, db *gorm.DB, course uuid.UUID) {
	t.Helper()
	plan, err := models.CourseToWrite(context.Background(), db, course)
	require.NoError(t, err)
	plan.Title = "The tides"
	for n := 1; n <= 3; n++ {
		plan.Lessons = append(plan.Lessons, models.Lesson{
			ID: models.LessonID(course, n), CourseID: course, Position: n, Title: fmt.Sprint("Lesson ", n),
			Objectives: []string{}, Prerequisites: []string{}, CreatedAt: start, UpdatedAt: start,
		})
	}
	_, err = models.SaveOutline(context.Background(), db, plan)
	require.NoError(t, err)
}

func write(t *testing.T, db *gorm.DB, course uuid.UUID, n int) {
	t.Helper()
	text := models.Lesson{
		ID: models.LessonID(course, n), CourseID: course, Content: "water", Revision: 1, PracticeRevision: 1, WrittenAt: &start, UpdatedAt: start,
	}
	require.NoError(t, models.SaveLesson(context.Background(), db, text))
	item := models.Item{
		ID: models.ItemID(text.ID, 1), CourseID: course, LessonID: text.ID, Position: 1, Type: "text", Title: "t",
		Source: models.SourceLyo, DifficultyLevel: "beginner", Language: "en", CreatedAt: start,
	}
	require.NoError(t, models.SavePractice(context.Background(), db, text, []models.Item{item}))
	var row models.Course
	require.NoError(t, db.First(&row, "id = ?", course).Error)
	call := models.ModelCall{ID: models.NewID(), UserID: row.OwnerUserID, CourseID: course, Kind: "lesson", OutputTokens: 7, At: start}
	for range 2 {
		require.NoError(t, models.SaveModelCall(context.Background(), db, call))
	}
}

func TestALessonIsKeptOnce(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := asked(t)
	outline(t, db, task.ResultID)
	outline(t, db, task.ResultID) // the first outline stays
	write(t, db, task.ResultID, 1)
	again := models.Lesson{ID: models.LessonID(task.ResultID, 1), CourseID: task.ResultID, Content: "other", Revision: 1, UpdatedAt: start}
	require.NoError(t, models.SaveLesson(ctx, db, again))
	item := models.Item{
		ID: models.ItemID(again.ID, 1), CourseID: task.ResultID, LessonID: again.ID, Position: 1, Type: "text", Title: "t",
		Source: "lyo", Tags: []string{}, DifficultyLevel: "beginner", Language: "en", CreatedAt: start,
	}
	for range 2 {
		again.PracticeRevision = 1
		require.NoError(t, models.SavePractice(ctx, db, again, []models.Item{item}))
	}
	course, err := models.FindCourse(ctx, db, user, task.ResultID)
	require.NoError(t, err)
	require.Len(t, course.Lessons, 3)
	require.Equal(t, "water", course.Lessons[0].Content)
	require.Len(t, course.Items, 1)
}

func TestCancelBeforeTheStartEndsTheTaskAtOnce(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := asked(t)
	promise := models.OutboxEntry{ID: models.NewID(), Action: models.OutboxCancel, WorkflowID: task.WorkflowID, Input: []byte("null"), Labels: map[string]string{}, CreatedAt: start, DueAt: start}
	stranger := addUser(t, db)
	require.Equal(t, models.NotFound, models.CodeOf(models.CancelTask(ctx, db, stranger, task.ID, promise, start)))
	require.NoError(t, models.CancelTask(ctx, db, user, task.ID, promise, start))
	row, err := models.FindTask(ctx, db, user, task.ID)
	require.NoError(t, err)
	require.Equal(t, models.TaskError, row.State)
	require.True(t, row.Fault.Cancelled())
	course, err := models.FindCourse(ctx, db, user, task.ResultID)
	require.NoError(t, err)
	require.Equal(t, models.CourseError, course.Status)
	require.EqualValues(t, 1, count(t, db, "outbox"), "the cancel stays, the start is gone")
	require.Equal(t, models.Conflict, models.CodeOf(models.CancelTask(ctx, db, user, task.ID, promise, start)))
}

func TestOutboxLeasesEachPromiseToOne(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), modelstest.New(t)
	user := addUser(t, db)
	for n := range 40 {
		_, _, err := generate(t, db, user, nil, fmt.Sprint(n))
		require.NoError(t, err)
	}
	require.NoError(t, db.Exec("UPDATE outbox SET held = false").Error)
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				got, err := models.LeaseOutbox(ctx, db, false, start, start.Add(time.Minute), 3)
				if err != nil {
					t.Error(err)
					return
				}
				if len(got) == 0 {
					return
				}
				taken.Add(int32(len(got)))
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 40, taken.Load())
	due, ok, err := models.NextPromise(ctx, db, false)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, start.Add(time.Minute), due.UTC())
	left, err := models.LeaseOutbox(ctx, db, false, start.Add(time.Minute), start.Add(2*time.Minute), 100)
	require.NoError(t, err)
	require.Len(t, left, 40, "a relay that died loses nothing")
}
