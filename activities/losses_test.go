package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// TestWhatEndsTheWorkerIsGivenUp has attempts begin after what the one before last reported.
func TestWhatEndsTheWorkerIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		last    any
		givenUp bool
	}{
		"lost often":              {map[string]any{"asking": true, "lost": 3}, true},
		"lost, and then refused":  {map[string]any{"asking": false, "lost": 3}, false},
		"lost once":               {map[string]any{"asking": true, "lost": 0, "tokens": 12}, false},
		"begun by an older build": {12, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newExam(t)
			asked := d.model.Count(llmtest.Practice)
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.RegisterActivity(d.writing.WritePractice)
			env.SetHeartbeatDetails(c.last)
			_, err := env.ExecuteActivity(d.writing.WritePractice, d.practiceInput())
			if !c.givenUp {
				require.NoError(t, err)
				return
			}
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, activities.FailureLost, app.Type())
			require.True(t, app.NonRetryable())
			require.Equal(t, asked, d.model.Count(llmtest.Practice))
		})
	}
}

// TestEachPartOfAnActivityHasLossesOfItsOwn has the practice of a lesson begin after its text, or itself, was lost often.
func TestEachPartOfAnActivityHasLossesOfItsOwn(t *testing.T) {
	t.Parallel()
	for part, givenUp := range map[int]bool{0: false, 1: true} {
		d := newExam(t)
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestActivityEnvironment()
		env.RegisterActivity(d.writing.WriteLessonAndPractice)
		env.SetHeartbeatDetails(map[string]any{"asking": true, "lost": 3, "part": part})
		in := activities.WholeLessonInput{LessonInput: d.practiceInput(), PracticeRevision: 1}
		_, err := env.ExecuteActivity(d.writing.WriteLessonAndPractice, in)
		require.Equal(t, 1, d.model.Count(llmtest.Lesson), "the text is there")
		if !givenUp {
			require.NoError(t, err)
			continue
		}
		requireFailure(t, err, activities.FailureLost, true)
	}
}

// TestEachPartOfAnActivityHasTriesOfItsOwn has a text come in the last try that it has, and its practice in the second.
func TestEachPartOfAnActivityHasTriesOfItsOwn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.outline(t)[0]
	for nth := range 6 { // two attempts of three questions
		d.model.On(llmtest.Lesson, nth+1, llmtest.Empty())
	}
	for nth := range 3 {
		d.model.On(llmtest.Practice, nth+1, llmtest.Empty())
	}
	in := activities.WholeLessonInput{LessonInput: activities.LessonInput{CourseID: d.course, LessonID: first.ID, Revision: 1}, PracticeRevision: 1}
	require.NoError(t, d.retried(d.writing.WriteLessonAndPractice, in))
	require.Equal(t, 7, d.model.Count(llmtest.Lesson), "it is written once")
	require.Equal(t, 4, d.model.Count(llmtest.Practice))
	lesson := d.read(t).Lessons[0]
	require.Equal(t, []int{1, 1}, []int{lesson.Revision, lesson.PracticeRevision})
	require.NotEmpty(t, lesson.Content)
	require.Zero(t, d.answers(t))
	require.NoError(t, d.retried(d.writing.WriteLessonAndPractice, in))
	require.Equal(t, 7, d.model.Count(llmtest.Lesson), "what is there is not asked for again")
}
