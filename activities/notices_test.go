package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/activities/sources/sourcetest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// own brings the course material of its owner, as a request with source_ids does.
func (d *desk) own(t *testing.T) {
	t.Helper()
	d.bringAs(t, 1, "My diary of the harbour", "The first steps along the tides: the moon pulls.")
	require.NoError(t, d.db.Model(&courses.Course{}).Where("id = ?", d.course).Update("own_material", true).Error)
}

// settle ends a task that wrote the course, and returns what comes of it.
func (d *desk) settle(t *testing.T, in activities.FinishInput) courses.Course {
	t.Helper()
	task := tasks.NewTask(store.NewID(), d.read(t).OwnerUserID, d.course, d.writing.Clock())
	task.WorkflowID, task.RequestHash = task.ID.String(), make([]byte, 32)
	require.NoError(t, d.db.Create(&task).Error)
	in.TaskID = task.ID
	in.Rest = []activities.Event{{Seq: 2, State: activities.Done, Progress: 100, Step: "done", Message: "Ready", At: d.writing.Clock()}}
	_, err := (&activities.ProgressActivities{DB: d.db}).SettleCourse(t.Context(), in)
	require.NoError(t, err)
	c, err := courses.FindWhole(d.db, d.course)
	require.NoError(t, err)
	return c
}

// whole is the end of a run that searched for sources.
func whole(found activities.Research) activities.FinishInput {
	return activities.FinishInput{Generation: &activities.Generation{Model: "m"}, Research: &found}
}

// again opens the course for a run that writes parts of it.
func (d *desk) again(t *testing.T) {
	t.Helper()
	require.NoError(t, d.db.Model(&courses.Course{}).Where("id = ?", d.course).Update("status", courses.CourseGenerating).Error)
}

func TestACourseNamesMaterialOnlyWhileALessonCitesIt(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.own(t)
	l.fail(sourcetest.Status(500), allSites...)
	found, err := l.research(l.researching)
	require.NoError(t, err)
	refs := l.outline(t)
	l.model.On(llmtest.Lesson, 0, citing("[S1]"))
	require.NoError(t, l.practiceAfterText(refs[0]))
	gen := l.settle(t, whole(found)).Generation
	require.Equal(t, []string{courses.OwnSource}, gen.Sources)
	require.Equal(t, courses.OnlyOwnSources, gen.Notice)

	l.again(t)
	l.model.On(llmtest.Lesson, 0, citing())
	require.NoError(t, l.lesson(refs[0], 2))
	gen = l.settle(t, activities.FinishInput{}).Generation
	require.Empty(t, gen.Sources, "it was the only one to cite it")
	require.Equal(t, courses.NoSources+" "+courses.NothingOfOwn, gen.Notice)

	l.again(t)
	l.fail(sourcetest.Fault{}, allSites...)
	found, err = l.research(l.researching)
	require.NoError(t, err)
	require.NotEmpty(t, l.place(t))
	gen = l.settle(t, activities.FinishInput{Research: &found}).Generation
	require.NotEmpty(t, gen.Sources)
	require.NotContains(t, gen.Sources, courses.OwnSource)
	require.Equal(t, courses.NothingOfOwn, gen.Notice)
	require.Equal(t, "m", gen.Model)
}

func TestAStudyPlanSaysThatItUsesNoMaterial(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.own(t)
	d.find(t, article("Tides", "The first steps along the tides."))
	refs := d.outline(t)
	in := activities.LessonInput{CourseID: d.course, LessonID: refs[0].ID, Revision: 1, Fallback: true}
	_, err := d.ExecuteActivity(d.writing.WriteLesson, in)
	require.NoError(t, err)
	require.Empty(t, d.read(t).Lessons[0].Citations, "it is written from nothing")
	gen := d.settle(t, whole(activities.Research{})).Generation
	require.Empty(t, gen.Sources)
	require.Equal(t, courses.NothingOfOwn, gen.Notice)
}

func TestALessonTakesTheTimeOfItsTextWhateverWasAskedFor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.NoError(t, d.db.Model(&courses.Course{}).Where("id = ?", d.course).Update("target_duration_hours", 10).Error)
	refs := d.outline(t)
	planned := d.read(t)
	d.model.On(llmtest.Lesson, 0, llmtest.Text("# Steps\n\nThe water at the coast rises and falls twice on most days, and the people who live there have known it for ages, as all of them did who came before.\n\n"+
		"1. Fill a glass with water to the brim.\n2. Wait for an hour or two.\n3. Look at the water in the glass again.\n"))
	require.NoError(t, d.lesson(refs[0], 1))
	require.Equal(t, 4, d.read(t).Lessons[0].EstimatedDurationMinutes, "to read it, and its steps")
	require.NoError(t, d.practice(refs[0], 1))
	c := d.read(t)
	questions := len(d.quizOf(t, refs[0]).Quiz)
	require.Greater(t, c.Lessons[0].EstimatedDurationMinutes, 4+questions, "and study questions too")
	require.Less(t, c.Lessons[0].EstimatedDurationMinutes, 4+questions+6)
	require.Equal(t, planned.Lessons[1].EstimatedDurationMinutes, c.Lessons[1].EstimatedDurationMinutes, "which is not written")
	sum := 0
	for _, l := range c.Lessons {
		sum += l.EstimatedDurationMinutes
	}
	require.InDelta(t, float64(sum)/60, *c.EstimatedDurationHours, 1e-9)
	c = d.settle(t, whole(activities.Research{}))
	require.Equal(t, "The texts take about 0.2 of the 10 hours you asked for.", c.Generation.Notice)
	require.InDelta(t, float64(sum)/60, *c.EstimatedDurationHours, 1e-9)

	d.again(t)
	require.NoError(t, d.lesson(refs[0], 2))
	after := d.read(t).Lessons[0]
	require.Greater(t, after.EstimatedDurationMinutes, questions, "its questions stay until new ones are there")
}
