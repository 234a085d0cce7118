package activities_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/builtin"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// desk is a course about to be written, with everything needed to write it.
type desk struct {
	*testsuite.TestActivityEnvironment
	db      *gorm.DB
	model   *llmtest.Server
	writing *activities.CourseActivities
	course  uuid.UUID
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	model := llmtest.New(t)
	d := &desk{TestActivityEnvironment: suite.NewTestActivityEnvironment(), db: storetest.New(t), model: model}
	d.writing = &activities.CourseActivities{
		Titles:  true,
		DB:      d.db,
		Model:   llm.New(llm.Options{BaseURL: model.BaseURL(), Model: model.Model()}),
		Builtin: builtin.New(),
		Clock:   func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
		Log:     slog.New(slog.DiscardHandler),
	}
	activities.Inference{Courses: d.writing}.Register(d)
	d.course = d.addCourse(t)
	return d
}

func (d *desk) addCourse(t *testing.T) uuid.UUID {
	t.Helper()
	now := d.writing.Clock()
	user := accounts.User{
		ID: store.NewID(), Email: "ada@example.com", FullName: "Ada", PasswordHash: "-", Locale: "en", Timezone: "UTC",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	course := courses.Course{
		ID: store.NewID(), OwnerUserID: user.ID, Title: "Tides", Topic: "How tides work", Status: courses.CourseGenerating,
		Interests: []string{"sailing"}, Tags: []string{}, DifficultyLevel: "beginner", Locale: "en",
		Preferences: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	require.NoError(t, d.db.Create(&user).Error)
	require.NoError(t, d.db.Create(&course).Error)
	return course.ID
}

func (d *desk) outline(t *testing.T) []activities.LessonRef {
	t.Helper()
	value, err := d.ExecuteActivity(d.writing.WriteOutline, activities.OutlineInput{CourseID: d.course})
	require.NoError(t, err)
	var refs []activities.LessonRef
	require.NoError(t, value.Get(&refs))
	return refs
}

func (d *desk) lesson(ref activities.LessonRef, revision int) error {
	_, err := d.ExecuteActivity(d.writing.WriteLesson, activities.LessonInput{CourseID: d.course, LessonID: ref.ID, Revision: revision})
	return err
}

func (d *desk) read(t *testing.T) courses.Course {
	t.Helper()
	c, err := courses.CourseToWrite(context.Background(), d.db, d.course)
	require.NoError(t, err)
	return c
}

func TestWhatIsWrittenIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	refs := d.outline(t)
	require.Equal(t, refs, d.outline(t))
	require.Equal(t, 1, d.model.Count(llmtest.Outline))
	for range 2 {
		require.NoError(t, d.lesson(refs[0], 1))
		_, err := d.ExecuteActivity(d.writing.WritePractice, activities.LessonInput{CourseID: d.course, LessonID: refs[0].ID, Revision: 1})
		require.NoError(t, err)
	}
	require.Equal(t, 1, d.model.Count(llmtest.Lesson))
	require.Equal(t, 1, d.model.Count(llmtest.Practice))
	first := d.read(t).Lessons[0].Content
	require.NoError(t, d.lesson(refs[0], 2))
	require.Equal(t, 2, d.model.Count(llmtest.Lesson), "another revision is another text")
	require.NotEmpty(t, first)
	var items []courses.Item
	require.NoError(t, d.db.Order("position").Find(&items).Error)
	require.Len(t, items, 2, "study questions and a quiz")
	require.Equal(t, "quiz", items[1].Type)
	require.NotEmpty(t, items[1].Quiz)
	require.Nil(t, items[1].SourceURL, "an address only comes from a real source")
}

func TestAnUnreachableModelHandsOverToTheOutlineWriter(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.model.Close()
	value, err := d.ExecuteActivity(d.writing.Prepare, d.course)
	require.NoError(t, err)
	var prepared activities.Prepared
	require.NoError(t, value.Get(&prepared))
	require.True(t, prepared.Fallback)
	require.True(t, prepared.Generation.Fallback)

	d.writing.Builtin = nil
	_, err = d.ExecuteActivity(d.writing.Prepare, d.course)
	requireFailure(t, err, "unavailable", false)
}

func TestFailuresOfTheModelKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault llmtest.Fault
		kind  string
		final bool
	}{
		"server error": {llmtest.Status(500), "unavailable", false},
		"too many":     {llmtest.TooMany(2 * time.Second), "unavailable", false},
		"bad key":      {llmtest.Status(401), activities.FailureMisconfigured, true},
		"broken":       {llmtest.BrokenJSON(), activities.FailureBadAnswer, false},
		"cut off":      {llmtest.Cut(), "unavailable", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.model.On(llmtest.Outline, 0, c.fault)
			_, err := d.ExecuteActivity(d.writing.WriteOutline, activities.OutlineInput{CourseID: d.course})
			requireFailure(t, err, c.kind, c.final)
			require.Empty(t, d.read(t).Lessons)
		})
	}
}

func TestADeletedCourseIsNotWritten(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	refs := d.outline(t)
	require.NoError(t, d.db.Delete(&courses.Course{}, "id = ?", d.course).Error)
	requireFailure(t, d.lesson(refs[0], 1), "not_found", true)
	require.Zero(t, d.model.Count(llmtest.Lesson))
}

func TestWhatTheBuiltInWriterWritesIsEnglish(t *testing.T) {
	t.Parallel()
	for asked, written := range map[string]string{"de-AT": "en", "hi": "en", "en-GB": "en-GB"} {
		d := newDesk(t)
		require.NoError(t, d.db.Model(&courses.Course{}).Where("id = ?", d.course).Update("locale", asked).Error)
		plan := activities.OutlineInput{CourseID: d.course, Generation: activities.Generation{Fallback: true}}
		_, err := d.ExecuteActivity(d.writing.WriteOutline, plan)
		require.NoError(t, err)
		first := d.read(t).Lessons[0]
		in := activities.LessonInput{CourseID: d.course, LessonID: first.ID, Revision: 1, Fallback: true}
		_, err = d.ExecuteActivity(d.writing.WriteLesson, in)
		require.NoError(t, err)
		_, err = d.ExecuteActivity(d.writing.WritePractice, in)
		require.NoError(t, err)
		course := d.read(t)
		require.Equal(t, written, course.Locale)
		require.Equal(t, written == "en", strings.Contains(course.Summary, "English only"))
		require.Equal(t, written == "en", strings.Contains(course.Lessons[0].Content, "English only"), "it says why")
		var languages []string
		require.NoError(t, d.db.Model(&courses.Item{}).Where("lesson_id = ?", first.ID).Pluck("language", &languages).Error)
		require.Equal(t, []string{written, written}, languages)
	}
}

func TestWhatAModelWritesIsInTheLanguageAskedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.db.Model(&courses.Course{}).Where("id = ?", d.course).Update("locale", "hi").Error)
	refs := d.outline(t)
	require.NoError(t, d.lesson(refs[0], 1))
	require.NoError(t, d.practice(refs[0], 1))
	require.Equal(t, "hi", d.read(t).Locale)
	require.Equal(t, "hi", d.quizOf(t, refs[0]).Language)
}
