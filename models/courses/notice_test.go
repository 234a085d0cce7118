package courses_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// told is a course of three written lessons whose task is about to end.
type told struct {
	again
	task tasks.Task
}

func newTold(t *testing.T) told {
	t.Helper()
	_, db, user, task := fixture.Asked(t)
	fixture.Outline(t, db, task.ResultID)
	for n := range 3 {
		fixture.Write(t, db, task.ResultID, n+1)
	}
	return told{again{db: db, user: user, course: task.ResultID, spec: tasks.TaskSpec{Section: tasks.SectionItems}}, task}
}

func (d told) set(t *testing.T, column string, value any) {
	t.Helper()
	require.NoError(t, d.db.Model(&courses.Course{}).Where("id = ?", d.course).Update(column, value).Error)
}

// cite sets the citations of the first lesson.
func (d told) cite(t *testing.T, citations ...courses.Citation) {
	t.Helper()
	require.NoError(t, d.db.Model(&courses.Lesson{}).Where("id = ?", courses.LessonID(d.course, 1)).Update("citations", store.AsJSON(store.OrEmpty(citations))).Error)
}

func (d told) place(t *testing.T, position int, kind, site string) {
	t.Helper()
	lesson := courses.LessonID(d.course, 1)
	require.NoError(t, d.db.Create(&courses.Item{
		ID: courses.ItemID(lesson, position), CourseID: d.course, LessonID: lesson, Position: position, Type: kind, Title: "t", Source: site,
		DifficultyLevel: "beginner", Language: "en", CreatedAt: fixture.Start,
	}).Error)
}

// end ends the task, and returns what the course then says.
func (d told) end(t *testing.T, gen courses.Generation) courses.Generation {
	t.Helper()
	require.NoError(t, courses.FinishCourse(t.Context(), d.db, d.task.ID, []tasks.TaskEvent{fixture.Event(2, tasks.TaskDone, 100)}, gen, notify.Enqueuer{}))
	return d.read(t).Generation
}

// endAgain has a part of the course written again without a change, and returns what the course then says.
func (d told) endAgain(t *testing.T) courses.Generation {
	t.Helper()
	next, _, err := d.ask()
	require.NoError(t, err)
	d.finish(t, next, tasks.TaskDone)
	return d.read(t).Generation
}

func (d told) read(t *testing.T) (c courses.Course) {
	t.Helper()
	require.NoError(t, d.db.First(&c, "id = ?", d.course).Error)
	return c
}

// written is how a whole course was generated, with or without a site that could be reached.
func written(unreachable bool) courses.Generation {
	return courses.Generation{Model: "m", GeneratedAt: &fixture.Start, SitesUnreachable: &unreachable, Notice: "Of an older worker.", Sources: []string{"own", "wikipedia"}}
}

func TestSourcesAndNoticeNameWhatIsInTheText(t *testing.T) {
	t.Parallel()
	own, site := uuid.New(), courses.Citation{Label: "S2", Title: "Tides", Site: "wikipedia", URL: "https://wikipedia.example/tides", Cited: true}
	diary := courses.Citation{Label: "S1", Title: "My diary", SourceID: &own, Cited: true}
	unused := func(c courses.Citation) courses.Citation {
		c.Cited = false
		return c
	}
	for name, c := range map[string]struct {
		material, unreachable bool
		cited                 []courses.Citation
		placed                []string
		sources               []string
		notice                string
	}{
		"own texts":                 {sources: nil},
		"material that is cited":    {material: true, cited: []courses.Citation{diary}, sources: []string{"own"}},
		"material that is not":      {material: true, cited: []courses.Citation{unused(diary)}, notice: courses.NothingOfOwn},
		"no site":                   {unreachable: true, notice: courses.NoSources},
		"no site, material":         {material: true, unreachable: true, cited: []courses.Citation{diary}, sources: []string{"own"}, notice: courses.OnlyOwnSources},
		"no site, unused material":  {material: true, unreachable: true, cited: []courses.Citation{unused(diary)}, notice: courses.NoSources + " " + courses.NothingOfOwn},
		"no site now, placed items": {unreachable: true, placed: []string{"youtube", "itunes", "youtube"}, sources: []string{"itunes", "youtube"}},
		"an article that is cited":  {cited: []courses.Citation{site}, sources: []string{"wikipedia"}},
		"an article at hand":        {cited: []courses.Citation{unused(site)}},
		"all":                       {material: true, cited: []courses.Citation{site, diary}, placed: []string{"arxiv", "wikipedia"}, sources: []string{"own", "arxiv", "wikipedia"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newTold(t)
			if c.material {
				d.set(t, "rights_confirmed_at", fixture.Start)
				d.set(t, "own_material", true)
			}
			d.cite(t, c.cited...)
			for i, site := range c.placed {
				d.place(t, 11+i, "video", site)
			}
			gen := d.end(t, written(c.unreachable))
			require.Equal(t, c.sources, gen.Sources)
			require.Equal(t, c.notice, gen.Notice)
			require.Equal(t, gen, d.endAgain(t), "as before, said once")
			if len(c.cited) > 0 {
				d.cite(t)
				require.NotContains(t, d.endAgain(t).Sources, "own", "the last one that cited it")
			}
		})
	}
}

func TestACourseSaysThatItsTextsTakeAnotherTime(t *testing.T) {
	t.Parallel()
	d := newTold(t)
	d.set(t, "target_duration_hours", 10)
	minutes := func(n int) {
		require.NoError(t, d.db.Model(&courses.Lesson{}).Where("course_id = ?", d.course).Update("estimated_duration_minutes", n).Error)
	}
	minutes(24)
	require.Equal(t, "The texts take about 1.2 of the 10 hours you asked for.", d.end(t, written(false)).Notice)
	for n, want := range map[int]string{
		133: "The texts take about 6.7 of the 10 hours you asked for.", 134: "", 266: "", 267: "The texts take about 13.4 hours, more than the 10 you asked for.",
	} {
		minutes(n)
		require.Equal(t, want, d.endAgain(t).Notice, n)
		require.InDelta(t, float64(3*n)/60, *d.read(t).EstimatedDurationHours, 1e-9)
	}
	d.set(t, "target_duration_hours", nil)
	require.Empty(t, d.endAgain(t).Notice)
}

func TestACourseIsAsLongAsItsLessons(t *testing.T) {
	t.Parallel()
	_, db, _, task := fixture.Asked(t)
	fixture.Outline(t, db, task.ResultID)
	read := func() (c courses.Course) {
		require.NoError(t, db.First(&c, "id = ?", task.ResultID).Error)
		return c
	}
	require.Zero(t, *read().EstimatedDurationHours)
	for n := range 3 {
		fixture.Write(t, db, task.ResultID, n+1)
		require.InDelta(t, float64(n+1)/60, *read().EstimatedDurationHours, 1e-9, "each takes a minute")
	}
	quiz := courses.Item{
		ID: store.NewID(), CourseID: task.ResultID, LessonID: courses.LessonID(task.ResultID, 2), Position: 2, Type: "quiz", Title: "t", Source: courses.SourceLyo,
		DifficultyLevel: "beginner", Language: "en", CreatedAt: fixture.Start, Quiz: make([]courses.QuizQuestion, 4),
	}
	study := quiz
	study.ID, study.Position, study.Type, study.Quiz, study.Content = store.NewID(), 1, "text", nil, "1. Why?\n2. How so?\n"
	lesson := courses.Lesson{ID: quiz.LessonID, CourseID: task.ResultID, Content: "water", PracticeRevision: 2, UpdatedAt: fixture.Start}
	for range 2 { // the second changes nothing
		require.NoError(t, courses.SavePractice(t.Context(), db, lesson, []courses.Item{study, quiz}))
		require.InDelta(t, float64(3+6)/60, *read().EstimatedDurationHours, 1e-9, "and a minute a question")
	}
}

func TestACourseWhoseQuizzesWereAllLeftOutSaysSo(t *testing.T) {
	t.Parallel()
	d := newTold(t)
	require.NoError(t, d.db.Delete(&courses.Item{}, "course_id = ? AND type = 'quiz'", d.course).Error)
	require.NoError(t, d.db.Model(&courses.Lesson{}).Where("course_id = ?", d.course).Update("quiz_asked", 3).Error)
	d.set(t, "generation", store.AsJSON(courses.Generation{AskedLocale: "hi"}))
	gen := d.end(t, written(true))
	require.Equal(t, courses.NoSources+" "+courses.NoQuizzes, gen.Notice)
	require.Equal(t, "hi", gen.AskedLocale)
	require.Equal(t, gen.Notice, d.endAgain(t).Notice, "it is said once")
	d.place(t, 9, "quiz", courses.SourceLyo)
	require.Equal(t, courses.NoSources, d.endAgain(t).Notice)
}
