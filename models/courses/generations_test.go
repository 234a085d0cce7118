package courses_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestSixtyRequestsWithOneKeyMakeOneTask(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user, key := fixture.AddUser(t, db), "k"
	var made, replays atomic.Int32
	ids := sync.Map{}
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			task, replayed, err := fixture.Generate(t, db, user, &key, "tides")
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
		require.EqualValues(t, 1, fixture.Count(t, db, table), table)
	}
}

func TestOneKeyForAnotherBodyIsRefused(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user, key := fixture.AddUser(t, db), "k"
	_, _, err := fixture.Generate(t, db, user, &key, "tides")
	require.NoError(t, err)
	_, _, err = fixture.Generate(t, db, user, &key, "moons")
	require.Equal(t, store.ReusedKey, store.CodeOf(err))
	_, replayed, err := fixture.Generate(t, db, fixture.AddUser(t, db), &key, "moons")
	require.NoError(t, err)
	require.False(t, replayed, "another user's key is another key")
}

func TestAnEndedGenerationLeavesNoCourseGenerating(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lessons int
		last    tasks.TaskState
		want    courses.CourseStatus
	}{
		"done":               {3, tasks.TaskDone, courses.CourseReady},
		"failed, some there": {1, tasks.TaskError, courses.CoursePartial},
		"failed, none there": {0, tasks.TaskError, courses.CourseError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, db, user, task := fixture.Asked(t)
			fixture.Outline(t, db, task.ResultID)
			for n := range c.lessons {
				fixture.Write(t, db, task.ResultID, n+1)
			}
			gen := courses.Generation{Model: "m", GeneratedAt: &fixture.Start}
			require.NoError(t, courses.FinishCourse(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(2, c.last, 40)}, gen, notify.Enqueuer{}))
			course, err := courses.FindCourse(ctx, db, user, task.ResultID)
			require.NoError(t, err)
			require.Equal(t, c.want, course.Status)
			require.Equal(t, 7*c.lessons, course.Generation.OutputTokens, "what the calls cost")
			require.Equal(t, c.want == courses.CourseReady, course.PublishedAt != nil)
		})
	}
}

func TestALessonIsKeptOnce(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := fixture.Asked(t)
	fixture.Outline(t, db, task.ResultID)
	fixture.Outline(t, db, task.ResultID) // the first outline stays
	fixture.Write(t, db, task.ResultID, 1)
	again := courses.Lesson{ID: courses.LessonID(task.ResultID, 1), CourseID: task.ResultID, Content: "other", Revision: 1, UpdatedAt: fixture.Start}
	require.NoError(t, courses.SaveLesson(ctx, db, again))
	item := courses.Item{
		ID: courses.ItemID(again.ID, 1), CourseID: task.ResultID, LessonID: again.ID, Position: 1, Type: "text", Title: "t",
		Source: "lyo", Tags: []string{}, DifficultyLevel: "beginner", Language: "en", CreatedAt: fixture.Start,
	}
	for range 2 {
		again.PracticeRevision = 1
		require.NoError(t, courses.SavePractice(ctx, db, again, []courses.Item{item}))
	}
	course, err := courses.FindCourse(ctx, db, user, task.ResultID)
	require.NoError(t, err)
	require.Len(t, course.Lessons, 3)
	require.Equal(t, "water", course.Lessons[0].Content)
	require.Len(t, course.Items, 1)
}
