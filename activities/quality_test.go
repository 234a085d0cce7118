package activities_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/activities/sources/sourcetest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

func (d *desk) practice(ref activities.LessonRef, revision int) error {
	_, err := d.ExecuteActivity(d.writing.WritePractice, activities.LessonInput{CourseID: d.course, LessonID: ref.ID, Revision: revision})
	return err
}

// quizOf returns the quiz item of a lesson; nil when it has none.
func (d *desk) quizOf(t *testing.T, ref activities.LessonRef) *courses.Item {
	t.Helper()
	var items []courses.Item
	require.NoError(t, d.db.Find(&items, "lesson_id = ? AND type = 'quiz'", ref.ID).Error)
	if len(items) == 0 {
		return nil
	}
	return &items[0]
}

// taught returns a desk with one lesson written.
func taught(t *testing.T) (*desk, activities.LessonRef) {
	t.Helper()
	d := newDesk(t)
	ref := d.outline(t)[0]
	require.NoError(t, d.lesson(ref, 1))
	return d, ref
}

func TestAQuizStandsWhenTheSolveAgrees(t *testing.T) {
	t.Parallel()
	d, ref := taught(t)
	require.NoError(t, d.practice(ref, 1))
	lesson := d.read(t).Lessons[0]
	require.Equal(t, 3, lesson.QuizAsked)
	require.Equal(t, 3, lesson.QuizAgreed)
	require.Len(t, d.quizOf(t, ref).Quiz, 3)
	require.NotEmpty(t, lesson.KeyTerms)
	require.Zero(t, d.model.Count(llmtest.Questions))
}

func TestQuestionsTheSolveAnswersOtherwiseAreWrittenAgainOnce(t *testing.T) {
	t.Parallel()
	d, ref := taught(t)
	d.model.On(llmtest.Solve, 1, llmtest.DisagreeSolve())
	require.NoError(t, d.practice(ref, 1))
	lesson := d.read(t).Lessons[0]
	require.Equal(t, 3, lesson.QuizAsked)
	require.Zero(t, lesson.QuizAgreed, "the rate is that of the first writing")
	require.Equal(t, 1, d.model.Count(llmtest.Questions))
	require.Equal(t, 2, d.model.Count(llmtest.Solve))
	require.NotEmpty(t, d.quizOf(t, ref).Quiz, "the new ones stood the test")
}

func TestTheSameLessonTwiceIsFound(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	refs := d.outline(t)
	d.model.On(llmtest.Lesson, 0, llmtest.Duplicate())
	require.NoError(t, d.lesson(refs[0], 1))
	require.NoError(t, d.lesson(refs[1], 1))
	weak, err := (&activities.QualityActivities{DB: d.db}).FindWeakLessons(context.Background(), d.course)
	require.NoError(t, err)
	require.Len(t, weak, 1)
	require.Equal(t, refs[1].ID, weak[0].ID, "the later of two")
	require.Contains(t, weak[0].Reasons[0], "repeats the lesson")
}

func TestALowScoreIsAReasonToWriteAgain(t *testing.T) {
	t.Parallel()
	d, ref := taught(t)
	check := &activities.QualityActivities{DB: d.db}
	weak, err := check.FindWeakLessons(context.Background(), d.course)
	require.NoError(t, err)
	require.Empty(t, weak)
	require.NoError(t, d.db.Exec(`UPDATE lessons SET quality_score = 0.2, quality = '{"length":0.9,"examples":0}' WHERE id = ?`, ref.ID).Error)
	weak, err = check.FindWeakLessons(context.Background(), d.course)
	require.NoError(t, err)
	require.Equal(t, []string{"It shows no worked example."}, weak[0].Reasons)
}

// bring adds READY material of the course's owner to the course.
func (d *desk) bring(t *testing.T, title, content string, state courses.SourceState) courses.Source {
	t.Helper()
	c := d.read(t)
	s := courses.Source{
		ID: store.NewID(), UserID: c.OwnerUserID, Kind: "text", Title: title, MediaType: "text/plain", State: state, Content: content,
		CreatedAt: d.writing.Clock(), UpdatedAt: d.writing.Clock(),
	}
	require.NoError(t, d.db.Create(&s).Error)
	require.NoError(t, d.db.Create(&courses.CourseSource{CourseID: c.ID, SourceID: s.ID, Position: 1}).Error)
	return s
}

func (d *desk) researching(f activities.Finder) *activities.SourceActivities {
	r := &activities.SourceActivities{DB: d.db, Finder: f, Clock: d.writing.Clock, Log: slog.New(slog.DiscardHandler)}
	d.RegisterActivity(r)
	return r
}

func (d *desk) research(r *activities.SourceActivities) (found activities.Research, err error) {
	value, err := d.ExecuteActivity(r.FindSources, d.course)
	if err == nil {
		err = value.Get(&found)
	}
	return found, err
}

func TestFoundItemsAreDealtOutToTheLessons(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	sites := sourcetest.New(t)
	r := d.researching(sources.New(sites.Options()))
	_, err := d.research(r)
	require.NoError(t, err)
	refs := d.outline(t)
	require.NoError(t, d.practiceAfterText(refs[0]))
	for range 2 { // the second changes nothing
		_, err = d.ExecuteActivity(r.PlaceSources, d.course)
		require.NoError(t, err)
		var placed []courses.Item
		require.NoError(t, d.db.Find(&placed, "course_id = ? AND source <> 'lyo'", d.course).Error)
		require.NotEmpty(t, placed)
		perLesson, seen := map[string]int{}, map[string]bool{}
		for _, item := range placed {
			perLesson[item.LessonID.String()]++
			require.LessOrEqual(t, perLesson[item.LessonID.String()], 3)
			require.False(t, seen[*item.SourceURL], "none twice")
			seen[*item.SourceURL] = true
			require.NotEmpty(t, item.Attribution)
			require.NotNil(t, item.LicenseType)
		}
		require.NotNil(t, d.quizOf(t, refs[0]), "what Lyo wrote stays")
	}
	require.NoError(t, d.practice(refs[0], 2))
	var outside int64
	require.NoError(t, d.db.Model(&courses.Item{}).Where("source <> 'lyo'").Count(&outside).Error)
	require.Positive(t, outside, "and new practice leaves what was found")
}

func (d *desk) practiceAfterText(ref activities.LessonRef) error {
	if err := d.lesson(ref, 1); err != nil {
		return err
	}
	return d.practice(ref, 1)
}

func TestALessonThatIsTooHardIsKeptWithANote(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ref := d.outline(t)[0]
	var long strings.Builder
	for i := range 8 {
		long.WriteString("Tides")
		for j := range 60 {
			fmt.Fprintf(&long, " word%d", i*60+j)
		}
		long.WriteString(".\n\n")
	}
	d.model.On(llmtest.Lesson, 0, llmtest.Text(long.String()))
	require.NoError(t, d.lesson(ref, 1))
	lesson := d.read(t).Lessons[0]
	require.Contains(t, lesson.Content, "word479")
	require.Contains(t, lesson.Quality, "readability")
	require.Zero(t, lesson.Quality["readability"])
	require.Equal(t, 2, d.model.Count(llmtest.Lesson), "one repair")
}
