package courses_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// foundItem is something from outside at a place of a lesson.
func foundItem(course, lesson uuid.UUID, position int, title string) courses.Item {
	address := "https://site.example/" + title
	return courses.Item{
		ID: courses.ItemID(lesson, position), CourseID: course, LessonID: lesson, Position: position, Type: "article", Title: title,
		Source: "site", SourceURL: &address, DifficultyLevel: "beginner", Language: "en", CreatedAt: fixture.Start,
	}
}

func ownItem(course, lesson uuid.UUID, position int, title string) courses.Item {
	item := foundItem(course, lesson, position, title)
	item.Source, item.SourceURL = courses.SourceLyo, nil
	return item
}

// shelf returns what a course's lessons hold, in order.
func shelf(t *testing.T, db *gorm.DB, course uuid.UUID) (titles []string) {
	t.Helper()
	require.NoError(t, db.Model(&courses.Item{}).Where("course_id = ?", course).Order("lesson_id, position").Pluck("title", &titles).Error)
	return titles
}

func TestFindingsAreReplacedAndKeepTheirOrder(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := fixture.Asked(t)
	none, err := courses.Findings(ctx, db, task.ResultID)
	require.NoError(t, err)
	require.Empty(t, none)
	var items []courses.Item
	for n := range 12 {
		items = append(items, courses.Item{Type: "video", Title: fmt.Sprint("Found ", n), Source: "site", Tags: []string{"sea"}})
	}
	require.NoError(t, courses.SaveFindings(ctx, db, task.ResultID, items))
	found, err := courses.Findings(ctx, db, task.ResultID)
	require.NoError(t, err)
	require.Equal(t, items, found, "the best first, twelve after nine")

	require.NoError(t, courses.SaveFindings(ctx, db, task.ResultID, items[:1]))
	found, err = courses.Findings(ctx, db, task.ResultID)
	require.NoError(t, err)
	require.Equal(t, items[:1], found)
	require.NoError(t, courses.SaveFindings(ctx, db, task.ResultID, nil))
	require.Zero(t, fixture.Count(t, db, "findings"))

	require.NoError(t, courses.SaveFindings(ctx, db, task.ResultID, items))
	fixture.End(t, db, task)
	require.Equal(t, store.Conflict, store.CodeOf(courses.SaveFindings(ctx, db, task.ResultID, nil)), "too late")
	require.Equal(t, store.NotFound, store.CodeOf(courses.SaveFindings(ctx, db, store.NewID(), items)))
	require.NoError(t, db.Delete(&courses.Course{}, "id = ? AND owner_user_id = ?", task.ResultID, user).Error)
	require.Zero(t, fixture.Count(t, db, "findings"), "they go with their course")
}

func TestFoundAndOwnItemsLeaveEachOtherAlone(t *testing.T) {
	t.Parallel()
	ctx, db, _, task := fixture.Asked(t)
	course, lesson := task.ResultID, courses.LessonID(task.ResultID, 1)
	fixture.Outline(t, db, course)
	practice := func(revision int, titles ...string) {
		var items []courses.Item
		for i, title := range titles {
			items = append(items, ownItem(course, lesson, i+1, title))
		}
		row := courses.Lesson{ID: lesson, CourseID: course, PracticeRevision: revision, UpdatedAt: fixture.Start}
		require.NoError(t, courses.SavePractice(ctx, db, row, items))
	}
	practice(1, "study", "quiz")
	place := func(titles ...string) {
		var items []courses.Item
		for i, title := range titles {
			items = append(items, foundItem(course, lesson, 11+i, title))
		}
		require.NoError(t, courses.PlaceItems(ctx, db, course, items))
	}
	place("a", "b")
	place("a", "b")
	require.Equal(t, []string{"study", "quiz", "a", "b"}, shelf(t, db, course), "placing twice is placing once")
	practice(2, "other study")
	require.Equal(t, []string{"other study", "a", "b"}, shelf(t, db, course))
	practice(2, "late")
	require.Equal(t, []string{"other study", "a", "b"}, shelf(t, db, course), "this revision is there already")
	place("c")
	require.Equal(t, []string{"other study", "c"}, shelf(t, db, course))
	place()
	require.Equal(t, []string{"other study"}, shelf(t, db, course))

	place("d")
	fixture.End(t, db, task)
	require.Equal(t, store.Conflict, store.CodeOf(courses.PlaceItems(ctx, db, course, nil)))
	require.Equal(t, []string{"other study", "d"}, shelf(t, db, course))
}

func TestItemsOfAnotherCourseAreNotTouched(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := fixture.Asked(t)
	other, _, err := fixture.Generate(t, db, user, nil, "moons")
	require.NoError(t, err)
	for _, course := range []uuid.UUID{task.ResultID, other.ResultID} {
		fixture.Outline(t, db, course)
		item := foundItem(course, courses.LessonID(course, 1), 11, "found")
		require.NoError(t, courses.PlaceItems(ctx, db, course, []courses.Item{item}))
		require.NoError(t, courses.SaveFindings(ctx, db, course, []courses.Item{item}))
	}
	require.NoError(t, courses.PlaceItems(ctx, db, task.ResultID, nil))
	require.NoError(t, courses.SaveFindings(ctx, db, task.ResultID, nil))
	require.Equal(t, []string{"found"}, shelf(t, db, other.ResultID))
	require.EqualValues(t, 1, fixture.Count(t, db, "findings"))
}

func TestAnAnswerOfASiteIsKeptForItsTime(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), storetest.New(t)
	keep := func(provider, key, items string, until, now time.Time) {
		answer := courses.SourceAnswer{Provider: provider, Key: key, Items: json.RawMessage(items), ExpiresAt: until}
		require.NoError(t, courses.KeepAnswer(ctx, db, answer, now))
	}
	find := func(provider, key string, now time.Time) string {
		items, found, err := courses.FindAnswer(ctx, db, provider, key, now)
		require.NoError(t, err)
		require.Equal(t, items != nil, found)
		return string(items)
	}
	hour := fixture.Start.Add(time.Hour)
	keep("wikipedia", "tides", `[1]`, hour, fixture.Start)
	require.Equal(t, `[1]`, find("wikipedia", "tides", fixture.Start))
	require.Equal(t, `[1]`, find("wikipedia", "tides", hour.Add(-time.Microsecond)))
	require.Empty(t, find("wikipedia", "tides", hour), "too old to the moment")
	require.Empty(t, find("wikipedia", "moons", fixture.Start))
	require.Empty(t, find("arxiv", "tides", fixture.Start), "another site's")

	keep("wikipedia", "tides", `[2]`, hour.Add(time.Hour), fixture.Start)
	require.Equal(t, `[2]`, find("wikipedia", "tides", hour), "a newer one takes its place")
	keep("arxiv", "tides", `[3]`, hour, fixture.Start)
	require.EqualValues(t, 2, fixture.Count(t, db, "source_answers"))
	keep("itunes", "tides", `[]`, hour.Add(3*time.Hour), hour.Add(time.Second))
	require.EqualValues(t, 2, fixture.Count(t, db, "source_answers"), "the one that is too old is forgotten")
	require.Equal(t, `[2]`, find("wikipedia", "tides", fixture.Start))
	require.Equal(t, `[]`, find("itunes", "tides", hour), "nothing found is an answer")
}
