package models_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

// foundItem is something from outside at a place of a lesson.
func foundItem(course, lesson uuid.UUID, position int, title string) models.Item {
	address := "https://site.example/" + title
	return models.Item{
		ID: models.ItemID(lesson, position), CourseID: course, LessonID: lesson, Position: position, Type: "article", Title: title,
		Source: "site", SourceURL: &address, DifficultyLevel: "beginner", Language: "en", CreatedAt: start,
	}
}

func ownItem(course, lesson uuid.UUID, position int, title string) models.Item {
	item := foundItem(course, lesson, position, title)
	item.Source, item.SourceURL = models.SourceLyo, nil
	return item
}

// shelf is what a course's lessons hold, in order.
func shelf(t *testing.T, db *gorm.DB, course uuid.UUID) (titles []string) {
	t.Helper()
	require.NoError(t, db.Model(&models.Item{}).Where("course_id = ?", course).Order("lesson_id, position").Pluck("title", &titles).Error)
	return titles
}

func TestFindingsAreReplacedAndKeepTheirOrder(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := asked(t)
	none, err := models.Findings(ctx, db, task.ResultID)
	require.NoError(t, err)
	require.Empty(t, none)
	var items []models.Item
	for n := range 12 {
		items = append(items, models.Item{Type: "video", Title: fmt.Sprint("Found ", n), Source: "site", Tags: []string{"sea"}})
	}
	require.NoError(t, models.SaveFindings(ctx, db, task.ResultID, items))
	found, err := models.Findings(ctx, db, task.ResultID)
	require.NoError(t, err)
	require.Equal(t, items, found, "the best first, twelve after nine")

	require.NoError(t, models.SaveFindings(ctx, db, task.ResultID, items[:1]))
	found, err = models.Findings(ctx, db, task.ResultID)
	require.NoError(t, err)
	require.Equal(t, items[:1], found)
	require.NoError(t, models.SaveFindings(ctx, db, task.ResultID, nil))
	require.Zero(t, count(t, db, "findings"))

	require.NoError(t, models.SaveFindings(ctx, db, task.ResultID, items))
	end(t, db, task)
	require.Equal(t, models.Conflict, models.CodeOf(models.SaveFindings(ctx, db, task.ResultID, nil)), "too late")
	require.Equal(t, models.NotFound, models.CodeOf(models.SaveFindings(ctx, db, models.NewID(), items)))
	require.NoError(t, db.Delete(&models.Course{}, "id = ? AND owner_user_id = ?", task.ResultID, user).Error)
	require.Zero(t, count(t, db, "findings"), "they go with their course")
}

func TestFoundAndOwnItemsLeaveEachOtherAlone(t *testing.T) {
	t.Parallel()
	ctx, db, _, task := asked(t)
	course, lesson := task.ResultID, models.LessonID(task.ResultID, 1)
	outline(t, db, course)
	practice := func(revision int, titles ...string) {
		var items []models.Item
		for i, title := range titles {
			items = append(items, ownItem(course, lesson, i+1, title))
		}
		row := models.Lesson{ID: lesson, CourseID: course, PracticeRevision: revision, UpdatedAt: start}
		require.NoError(t, models.SavePractice(ctx, db, row, items))
	}
	practice(1, "study", "quiz")
	place := func(titles ...string) {
		var items []models.Item
		for i, title := range titles {
			items = append(items, foundItem(course, lesson, 11+i, title))
		}
		require.NoError(t, models.PlaceItems(ctx, db, course, items))
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
	end(t, db, task)
	require.Equal(t, models.Conflict, models.CodeOf(models.PlaceItems(ctx, db, course, nil)))
	require.Equal(t, []string{"other study", "d"}, shelf(t, db, course))
}

func TestItemsOfAnotherCourseAreNotTouched(t *testing.T) {
	t.Parallel()
	ctx, db, user, task := asked(t)
	other, _, err := generate(t, db, user, nil, "moons")
	require.NoError(t, err)
	for _, course := range []uuid.UUID{task.ResultID, other.ResultID} {
		outline(t, db, course)
		item := foundItem(course, models.LessonID(course, 1), 11, "found")
		require.NoError(t, models.PlaceItems(ctx, db, course, []models.Item{item}))
		require.NoError(t, models.SaveFindings(ctx, db, course, []models.Item{item}))
	}
	require.NoError(t, models.PlaceItems(ctx, db, task.ResultID, nil))
	require.NoError(t, models.SaveFindings(ctx, db, task.ResultID, nil))
	require.Equal(t, []string{"found"}, shelf(t, db, other.ResultID))
	require.EqualValues(t, 1, count(t, db, "findings"))
}

func TestAnAnswerOfASiteIsKeptForItsTime(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), modelstest.New(t)
	keep := func(provider, key, items string, until, now time.Time) {
		answer := models.SourceAnswer{Provider: provider, Key: key, Items: json.RawMessage(items), ExpiresAt: until}
		require.NoError(t, models.KeepAnswer(ctx, db, answer, now))
	}
	find := func(provider, key string, now time.Time) string {
		items, found, err := models.FindAnswer(ctx, db, provider, key, now)
		require.NoError(t, err)
		require.Equal(t, items != nil, found)
		return string(items)
	}
	hour := start.Add(time.Hour)
	keep("wikipedia", "tides", `[1]`, hour, start)
	require.Equal(t, `[1]`, find("wikipedia", "tides", start))
	require.Equal(t, `[1]`, find("wikipedia", "tides", hour.Add(-time.Microsecond)))
	require.Empty(t, find("wikipedia", "tides", hour), "too old to the moment")
	require.Empty(t, find("wikipedia", "moons", start))
	require.Empty(t, find("arxiv", "tides", start), "another site's")

	keep("wikipedia", "tides", `[2]`, hour.Add(time.Hour), start)
	require.Equal(t, `[2]`, find("wikipedia", "tides", hour), "a newer one takes its place")
	keep("arxiv", "tides", `[3]`, hour, start)
	require.EqualValues(t, 2, count(t, db, "source_answers"))
	keep("itunes", "tides", `[]`, hour.Add(3*time.Hour), hour.Add(time.Second))
	require.EqualValues(t, 2, count(t, db, "source_answers"), "the one that is too old is forgotten")
	require.Equal(t, `[2]`, find("wikipedia", "tides", start))
	require.Equal(t, `[]`, find("itunes", "tides", hour), "nothing found is an answer")
}
