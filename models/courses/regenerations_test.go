package courses_test

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

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// again is a wish to have parts of a course written again, under a key if there is one.
type again struct {
	db           *gorm.DB
	user, course uuid.UUID
	key          *string
	spec         tasks.TaskSpec
	preferences  map[string]any
	quota        courses.Quota
}

func (a again) ask() (tasks.Task, bool, error) {
	id, _ := courses.GenerationIDs(a.user, a.key)
	task := tasks.NewTask(id, a.user, a.course, fixture.Start.Add(time.Hour))
	hash := sha256.Sum256(fmt.Append(nil, a.course, a.spec.Section, a.spec.LessonID))
	task.TaskType, task.Spec = tasks.TaskCourseRegeneration, a.spec
	task.WorkflowID, task.IdempotencyKey, task.RequestHash = "regenerate-course/"+id.String(), a.key, hash[:]
	message := store.OutboxMessage{
		ID: store.NewID(), Action: store.OutboxStart, Workflow: "RegenerateCourse", WorkflowID: task.WorkflowID,
		Input: []byte("{}"), SearchAttributes: map[string]string{}, CreatedAt: fixture.Start, DueAt: fixture.Start,
	}
	quota := a.quota
	if quota.AtOnce == 0 {
		quota.AtOnce = 2
	}
	return courses.CreateRegeneration(context.Background(), a.db, task, a.preferences, message, quota)
}

// ended returns a course of the user whose generation came so far and ended so.
func ended(t *testing.T, lessons int, last tasks.TaskState) again {
	t.Helper()
	ctx, db, user, task := fixture.Asked(t)
	fixture.Outline(t, db, task.ResultID)
	for n := range lessons {
		fixture.Write(t, db, task.ResultID, n+1)
	}
	require.NoError(t, db.Delete(&store.OutboxMessage{}, "workflow_id = ?", task.WorkflowID).Error)
	gen := courses.Generation{Model: "m", GeneratedAt: &fixture.Start, Notice: "kept"}
	require.NoError(t, courses.FinishCourse(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(2, last, 90)}, gen, notify.Enqueuer{}))
	return again{db: db, user: user, course: task.ResultID, spec: tasks.TaskSpec{Section: tasks.SectionLessons}}
}

func (a again) status(t *testing.T) courses.CourseStatus {
	t.Helper()
	var row courses.Course
	require.NoError(t, a.db.First(&row, "id = ?", a.course).Error)
	return row.Status
}

func (a again) finish(t *testing.T, task tasks.Task, last tasks.TaskState) {
	t.Helper()
	require.NoError(t, courses.FinishCourse(context.Background(), a.db, task.ID, []tasks.TaskEvent{fixture.Event(2, last, 100)}, courses.Generation{}, notify.Enqueuer{}))
}

func TestAPublishedCourseStaysPublishedHoweverItsRegenerationEnds(t *testing.T) {
	t.Parallel()
	for _, last := range []tasks.TaskState{tasks.TaskDone, tasks.TaskError} {
		t.Run(string(last), func(t *testing.T) {
			t.Parallel()
			a := ended(t, 3, tasks.TaskDone)
			stranger := fixture.AddUser(t, a.db)
			before, err := courses.FindCourse(t.Context(), a.db, stranger, a.course)
			require.NoError(t, err)
			_, err = courses.CourseToWrite(t.Context(), a.db, a.course)
			require.Equal(t, store.Conflict, store.CodeOf(err), "nobody writes it")

			task, replayed, err := a.ask()
			require.NoError(t, err)
			require.False(t, replayed)
			require.Equal(t, courses.CourseReady, a.status(t))
			_, err = courses.FindCourse(t.Context(), a.db, stranger, a.course)
			require.NoError(t, err, "all can read it meanwhile")
			_, err = courses.CourseToWrite(t.Context(), a.db, a.course)
			require.NoError(t, err)
			text := courses.Lesson{ID: courses.LessonID(a.course, 1), CourseID: a.course, Content: "newer", Revision: 2, UpdatedAt: fixture.Start}
			require.NoError(t, courses.SaveLesson(t.Context(), a.db, text))

			a.finish(t, task, last)
			after, err := courses.FindCourse(t.Context(), a.db, stranger, a.course)
			require.NoError(t, err)
			require.Equal(t, courses.CourseReady, after.Status)
			require.Equal(t, "newer", after.Lessons[0].Content)
			require.Equal(t, before.Lessons[1].Content, after.Lessons[1].Content)
			require.Equal(t, before.PublishedAt.UTC(), after.PublishedAt.UTC(), "it was published once")
			require.Equal(t, before.Generation, after.Generation, "who wrote the whole stays")
			require.Equal(t, store.Conflict, store.CodeOf(courses.SaveLesson(t.Context(), a.db, text)), "over is over")
		})
	}
}

func TestARegenerationMendsACourseWithHoles(t *testing.T) {
	t.Parallel()
	a := ended(t, 1, tasks.TaskError)
	require.Equal(t, courses.CoursePartial, a.status(t))
	task, _, err := a.ask()
	require.NoError(t, err)
	require.Equal(t, courses.CourseGenerating, a.status(t))
	fixture.Write(t, a.db, a.course, 2)
	a.finish(t, task, tasks.TaskDone)
	require.Equal(t, courses.CoursePartial, a.status(t), "one is still missing")

	task, _, err = a.ask()
	require.NoError(t, err)
	fixture.Write(t, a.db, a.course, 3)
	a.finish(t, task, tasks.TaskDone)
	require.Equal(t, courses.CourseReady, a.status(t))
	course, err := courses.FindCourse(t.Context(), a.db, fixture.AddUser(t, a.db), a.course)
	require.NoError(t, err, "now all can see it")
	require.NotNil(t, course.PublishedAt)
	require.Equal(t, 21, course.Generation.OutputTokens, "every lesson's call is counted")
}

func TestARegenerationThatFailsLeavesAHoleAHole(t *testing.T) {
	t.Parallel()
	partial, empty := ended(t, 1, tasks.TaskError), ended(t, 0, tasks.TaskError)
	for _, a := range []again{partial, empty} {
		before := a.status(t)
		task, _, err := a.ask()
		require.NoError(t, err)
		a.finish(t, task, tasks.TaskError)
		require.Equal(t, before, a.status(t))
	}
}

func TestWhoMayHaveWhatWrittenAgain(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, tasks.TaskDone)
	refused := func(code store.Code, change func(*again)) {
		t.Helper()
		wish := a
		change(&wish)
		_, _, err := wish.ask()
		require.Equal(t, code, store.CodeOf(err), err)
	}
	unknown, first := store.NewID(), courses.LessonID(a.course, 1)
	other, _, err := fixture.Generate(t, a.db, a.user, nil, "moons")
	require.NoError(t, err)
	fixture.Outline(t, a.db, other.ResultID)
	elsewhere := courses.LessonID(other.ResultID, 1)
	before, messages := fixture.Count(t, a.db, "tasks"), fixture.Count(t, a.db, "outbox")

	refused(store.NotFound, func(w *again) { w.course = store.NewID() })
	refused(store.Forbidden, func(w *again) { w.user = fixture.AddUser(t, a.db) })
	refused(store.Invalid, func(w *again) { w.spec.LessonID = &unknown })
	refused(store.Invalid, func(w *again) { w.spec.LessonID = &elsewhere })
	refused(store.Conflict, func(w *again) { w.course = other.ResultID })
	refused(store.NotFound, func(w *again) { w.user, w.course = fixture.AddUser(t, a.db), other.ResultID })
	refused(store.RateLimited, func(w *again) { w.quota.DailyTokens = courses.TypicalTokens })
	require.Equal(t, before, fixture.Count(t, a.db, "tasks"), "what is refused leaves nothing")
	require.Equal(t, messages, fixture.Count(t, a.db, "outbox"))

	a.spec.LessonID = &first
	_, _, err = a.ask()
	require.NoError(t, err)
	refused(store.Conflict, func(*again) {})

	bare := ended(t, 0, tasks.TaskError)
	require.NoError(t, bare.db.Delete(&courses.Lesson{}, "course_id = ?", bare.course).Error)
	for _, section := range []string{tasks.SectionItems, tasks.SectionSummary} {
		bare.spec.Section = section
		_, _, err := bare.ask()
		require.Equal(t, store.Conflict, store.CodeOf(err), section)
	}
	bare.spec.Section = tasks.SectionLessons
	_, _, err = bare.ask()
	require.NoError(t, err, "which plans it anew")
}

func TestARegenerationIsOneForItsKey(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, tasks.TaskDone)
	key := "k"
	a.key = &key
	var made, replays atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, replayed, err := a.ask()
			switch {
			case err != nil:
				t.Error(err)
			case replayed:
				replays.Add(1)
			default:
				made.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, made.Load())
	require.EqualValues(t, 19, replays.Load())
	require.EqualValues(t, 1, fixture.Count(t, a.db, "outbox"))

	wish := a
	wish.spec.Section = tasks.SectionSummary
	_, _, err := wish.ask()
	require.Equal(t, store.ReusedKey, store.CodeOf(err))
	_, _, err = fixture.Generate(t, a.db, a.user, &key, "moons")
	require.Equal(t, store.ReusedKey, store.CodeOf(err), "a course asked for under it is another request, too")
	task, _, err := a.ask()
	require.NoError(t, err)
	a.finish(t, task, tasks.TaskDone)
	_, replayed, err := a.ask()
	require.NoError(t, err)
	require.True(t, replayed, "also when it is long over")
}

func TestOfManyWithoutAKeyOneWritesTheCourse(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, tasks.TaskDone)
	a.quota.AtOnce = 100
	var made atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			switch _, _, err := a.ask(); store.CodeOf(err) {
			case store.Conflict:
			case "":
				made.Add(1)
				if err != nil {
					t.Error(err)
				}
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, made.Load())
}

func TestPreferencesAreKeptWithTheCourse(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, tasks.TaskDone)
	require.NoError(t, a.db.Exec(`UPDATE courses SET preferences = '{"format": "long", "tone": "dry"}'`).Error)
	a.preferences = store.Object{"format": "short"}
	_, _, err := a.ask()
	require.NoError(t, err)
	c, err := courses.CourseToWrite(t.Context(), a.db, a.course)
	require.NoError(t, err)
	require.Equal(t, store.Object{"format": "short", "tone": "dry"}, c.Preferences)
}

func TestARegenerationWaitsInItsUsersLine(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, tasks.TaskDone)
	a.quota.AtOnce = 1
	running, _, err := fixture.Generate(t, a.db, a.user, nil, "moons")
	require.NoError(t, err)
	task, _, err := a.ask()
	require.NoError(t, err)
	require.Equal(t, courses.MessageWaiting, task.Message)
	waiting := func() bool {
		var message store.OutboxMessage
		require.NoError(t, a.db.First(&message, "workflow_id = ?", task.WorkflowID).Error)
		return message.Waiting
	}
	require.True(t, waiting())
	fixture.End(t, a.db, running)
	require.False(t, waiting())
}
