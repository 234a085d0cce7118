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
)

// again is a wish to have parts of a course written again, under a key if there is one.
type again struct {
	db           *gorm.DB
	user, course uuid.UUID
	key          *string
	spec         models.TaskSpec
	preferences  map[string]any
	quota        models.Quota
}

func (a again) ask() (models.Task, bool, error) {
	id, _ := models.GenerationIDs(a.user, a.key)
	task := models.NewTask(id, a.user, a.course, start.Add(time.Hour))
	hash := sha256.Sum256(fmt.Append(nil, a.course, a.spec.Section, a.spec.LessonID))
	task.TaskType, task.Spec = models.TaskCourseRegeneration, a.spec
	task.WorkflowID, task.IdempotencyKey, task.RequestHash = "regenerate-course/"+id.String(), a.key, hash[:]
	promise := models.OutboxEntry{
		ID: models.NewID(), Action: models.OutboxStart, Workflow: "RegenerateCourse", WorkflowID: task.WorkflowID,
		Input: []byte("{}"), Labels: map[string]string{}, CreatedAt: start, DueAt: start,
	}
	quota := a.quota
	if quota.AtOnce == 0 {
		quota.AtOnce = 2
	}
	return models.CreateRegeneration(context.Background(), a.db, task, a.preferences, promise, quota)
}

// ended is a course of the user whose generation came so far and ended so.
func ended(t *testing.T, lessons int, last models.TaskState) again {
	t.Helper()
	ctx, db, user, task := asked(t)
	outline(t, db, task.ResultID)
	for n := range lessons {
		write(t, db, task.ResultID, n+1)
	}
	require.NoError(t, db.Delete(&models.OutboxEntry{}, "workflow_id = ?", task.WorkflowID).Error)
	gen := models.Generation{Model: "m", GeneratedAt: &start, Notice: "kept"}
	require.NoError(t, models.FinishCourse(ctx, db, task.ID, []models.TaskEvent{event(2, last, 90)}, gen, models.Enqueuer{}))
	return again{db: db, user: user, course: task.ResultID, spec: models.TaskSpec{Section: models.SectionLessons}}
}

func (a again) status(t *testing.T) models.CourseStatus {
	t.Helper()
	var row models.Course
	require.NoError(t, a.db.First(&row, "id = ?", a.course).Error)
	return row.Status
}

func (a again) settle(t *testing.T, task models.Task, last models.TaskState) {
	t.Helper()
	require.NoError(t, models.FinishCourse(context.Background(), a.db, task.ID, []models.TaskEvent{event(2, last, 100)}, models.Generation{}, models.Enqueuer{}))
}

func TestAPublishedCourseStaysPublishedHoweverItsRegenerationEnds(t *testing.T) {
	t.Parallel()
	for _, last := range []models.TaskState{models.TaskDone, models.TaskError} {
		t.Run(string(last), func(t *testing.T) {
			t.Parallel()
			a := ended(t, 3, models.TaskDone)
			stranger := addUser(t, a.db)
			before, err := models.FindCourse(t.Context(), a.db, stranger, a.course)
			require.NoError(t, err)
			_, err = models.CourseToWrite(t.Context(), a.db, a.course)
			require.Equal(t, models.Conflict, models.CodeOf(err), "nobody writes it")

			task, replayed, err := a.ask()
			require.NoError(t, err)
			require.False(t, replayed)
			require.Equal(t, models.CourseReady, a.status(t))
			_, err = models.FindCourse(t.Context(), a.db, stranger, a.course)
			require.NoError(t, err, "all can read it meanwhile")
			_, err = models.CourseToWrite(t.Context(), a.db, a.course)
			require.NoError(t, err)
			text := models.Lesson{ID: models.LessonID(a.course, 1), CourseID: a.course, Content: "newer", Revision: 2, UpdatedAt: start}
			require.NoError(t, models.SaveLesson(t.Context(), a.db, text))

			a.settle(t, task, last)
			after, err := models.FindCourse(t.Context(), a.db, stranger, a.course)
			require.NoError(t, err)
			require.Equal(t, models.CourseReady, after.Status)
			require.Equal(t, "newer", after.Lessons[0].Content)
			require.Equal(t, before.Lessons[1].Content, after.Lessons[1].Content)
			require.Equal(t, before.PublishedAt.UTC(), after.PublishedAt.UTC(), "it was published once")
			require.Equal(t, before.Generation, after.Generation, "who wrote the whole stays")
			require.Equal(t, models.Conflict, models.CodeOf(models.SaveLesson(t.Context(), a.db, text)), "over is over")
		})
	}
}

func TestARegenerationMendsACourseWithHoles(t *testing.T) {
	t.Parallel()
	a := ended(t, 1, models.TaskError)
	require.Equal(t, models.CoursePartial, a.status(t))
	task, _, err := a.ask()
	require.NoError(t, err)
	require.Equal(t, models.CourseGenerating, a.status(t))
	write(t, a.db, a.course, 2)
	a.settle(t, task, models.TaskDone)
	require.Equal(t, models.CoursePartial, a.status(t), "one is still missing")

	task, _, err = a.ask()
	require.NoError(t, err)
	write(t, a.db, a.course, 3)
	a.settle(t, task, models.TaskDone)
	require.Equal(t, models.CourseReady, a.status(t))
	course, err := models.FindCourse(t.Context(), a.db, addUser(t, a.db), a.course)
	require.NoError(t, err, "now all can see it")
	require.NotNil(t, course.PublishedAt)
	require.Equal(t, 21, course.Generation.OutputTokens, "every lesson's call is counted")
}

func TestARegenerationThatFailsLeavesAHoleAHole(t *testing.T) {
	t.Parallel()
	partial, empty := ended(t, 1, models.TaskError), ended(t, 0, models.TaskError)
	for _, a := range []again{partial, empty} {
		before := a.status(t)
		task, _, err := a.ask()
		require.NoError(t, err)
		a.settle(t, task, models.TaskError)
		require.Equal(t, before, a.status(t))
	}
}

func TestWhoMayHaveWhatWrittenAgain(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, models.TaskDone)
	refused := func(code models.Code, change func(*again)) {
		t.Helper()
		wish := a
		change(&wish)
		_, _, err := wish.ask()
		require.Equal(t, code, models.CodeOf(err), err)
	}
	unknown, first := models.NewID(), models.LessonID(a.course, 1)
	other, _, err := generate(t, a.db, a.user, nil, "moons")
	require.NoError(t, err)
	outline(t, a.db, other.ResultID)
	elsewhere := models.LessonID(other.ResultID, 1)
	tasks, promises := count(t, a.db, "tasks"), count(t, a.db, "outbox")

	refused(models.NotFound, func(w *again) { w.course = models.NewID() })
	refused(models.Forbidden, func(w *again) { w.user = addUser(t, a.db) })
	refused(models.Invalid, func(w *again) { w.spec.LessonID = &unknown })
	refused(models.Invalid, func(w *again) { w.spec.LessonID = &elsewhere })
	refused(models.Conflict, func(w *again) { w.course = other.ResultID })
	refused(models.NotFound, func(w *again) { w.user, w.course = addUser(t, a.db), other.ResultID })
	refused(models.RateLimited, func(w *again) { w.quota.DailyTokens = models.TypicalTokens })
	require.Equal(t, tasks, count(t, a.db, "tasks"), "what is refused leaves nothing")
	require.Equal(t, promises, count(t, a.db, "outbox"))

	a.spec.LessonID = &first
	_, _, err = a.ask()
	require.NoError(t, err)
	refused(models.Conflict, func(*again) {})

	bare := ended(t, 0, models.TaskError)
	require.NoError(t, bare.db.Delete(&models.Lesson{}, "course_id = ?", bare.course).Error)
	for _, section := range []string{models.SectionItems, models.SectionSummary} {
		bare.spec.Section = section
		_, _, err := bare.ask()
		require.Equal(t, models.Conflict, models.CodeOf(err), section)
	}
	bare.spec.Section = models.SectionLessons
	_, _, err = bare.ask()
	require.NoError(t, err, "which plans it anew")
}

func TestARegenerationIsOneForItsKey(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, models.TaskDone)
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
	require.EqualValues(t, 1, count(t, a.db, "outbox"))

	wish := a
	wish.spec.Section = models.SectionSummary
	_, _, err := wish.ask()
	require.Equal(t, models.ReusedKey, models.CodeOf(err))
	_, _, err = generate(t, a.db, a.user, &key, "moons")
	require.Equal(t, models.ReusedKey, models.CodeOf(err), "a course asked for under it is another request, too")
	task, _, err := a.ask()
	require.NoError(t, err)
	a.settle(t, task, models.TaskDone)
	_, replayed, err := a.ask()
	require.NoError(t, err)
	require.True(t, replayed, "also when it is long over")
}

func TestOfManyWithoutAKeyOneWritesTheCourse(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, models.TaskDone)
	a.quota.AtOnce = 100
	var made atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			switch _, _, err := a.ask(); models.CodeOf(err) {
			case models.Conflict:
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
	a := ended(t, 3, models.TaskDone)
	require.NoError(t, a.db.Exec(`UPDATE courses SET preferences = '{"format": "long", "tone": "dry"}'`).Error)
	a.preferences = map[string]any{"format": "short"}
	_, _, err := a.ask()
	require.NoError(t, err)
	c, err := models.CourseToWrite(t.Context(), a.db, a.course)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"format": "short", "tone": "dry"}, c.Preferences)
}

func TestARegenerationWaitsInItsUsersLine(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, models.TaskDone)
	a.quota.AtOnce = 1
	running, _, err := generate(t, a.db, a.user, nil, "moons")
	require.NoError(t, err)
	task, _, err := a.ask()
	require.NoError(t, err)
	require.Equal(t, models.MessageInLine, task.Message)
	held := func() bool {
		var promise models.OutboxEntry
		require.NoError(t, a.db.First(&promise, "workflow_id = ?", task.WorkflowID).Error)
		return promise.Held
	}
	require.True(t, held())
	end(t, a.db, running)
	require.False(t, held())
}
