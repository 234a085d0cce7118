package llm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// taught returns a lesson with its practice, as the fake writes them.
func taught(t *testing.T, c *llm.Client) (llm.LessonText, llm.Practice) {
	t.Helper()
	text, _, err := c.Lesson(long(t), lesson(), nil)
	require.NoError(t, err)
	practice, _, err := c.Practice(long(t), llm.PracticeRequest{Brief: brief(), LessonTitle: "Water", LessonText: text.Markdown}, nil)
	require.NoError(t, err)
	return text, practice
}

func TestAnIndependentSolveFindsTheAnswersAgain(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	c := client(t, s)
	text, practice := taught(t, c)
	require.NotEmpty(t, practice.KeyTerms)
	request := llm.SolveRequest{Brief: brief(), LessonTitle: "Water", LessonText: text.Markdown, Questions: practice.Quiz}
	answers, usage, err := c.Solve(long(t), request, nil)
	require.NoError(t, err)
	require.Equal(t, 1, usage.Calls)
	require.Equal(t, s.Model(), usage.Model)
	for i, q := range practice.Quiz {
		require.Equal(t, q.Answer, answers[i])
	}
	asked := s.Requests()[len(s.Requests())-1]
	require.Equal(t, llmtest.Solve, asked.Kind)
	for _, q := range practice.Quiz {
		require.NotContains(t, asked.Prompt(), q.Explanation, "the solver does not see why")
	}
	s.On(llmtest.Solve, 0, llmtest.DisagreeSolve())
	answers, _, err = c.Solve(long(t), request, nil)
	require.NoError(t, err)
	for i, q := range practice.Quiz {
		require.NotEqual(t, q.Answer, answers[i])
	}
}

func TestOtherQuestionsLeaveOutWhatWasAsked(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	c := client(t, s)
	text, practice := taught(t, c)
	request := llm.QuestionsRequest{Brief: brief(), LessonTitle: "Water", LessonText: text.Markdown, Count: 2, Avoid: []string{practice.Quiz[0].Prompt}}
	questions, _, err := c.Questions(long(t), request, nil)
	require.NoError(t, err)
	require.Len(t, questions, 2)
	require.NotEqual(t, practice.Quiz[0].Prompt, questions[0].Prompt)
	require.Contains(t, s.Requests()[len(s.Requests())-1].Prompt(), "| Asked before: "+practice.Quiz[0].Prompt)
}

func TestASummaryIsWritten(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	head, _, err := client(t, s).Summary(long(t), llm.SummaryRequest{Brief: brief(), CourseTitle: "Bread", Lessons: []llm.LessonPlan{{Title: "Water"}}}, nil)
	require.NoError(t, err)
	require.NotEmpty(t, head.Summary)
	require.NotEmpty(t, head.Description)
}

func TestTheSmallerTaskComesAfterTheRepair(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	for _, kind := range []llmtest.Kind{llmtest.Outline, llmtest.Lesson, llmtest.Practice} {
		s.On(kind, 1, llmtest.CutOff())
		s.On(kind, 2, llmtest.CutOff())
	}
	c := client(t, s)
	outline, usage, err := c.Outline(long(t), llm.OutlineRequest{Brief: brief()}, nil)
	require.NoError(t, err)
	require.Len(t, outline.Lessons, 3)
	require.True(t, usage.Smaller)
	text, usage, err := c.Lesson(long(t), lesson(), nil)
	require.NoError(t, err)
	require.True(t, text.Shortened)
	require.Equal(t, 3, usage.Calls)
	require.Equal(t, 1, usage.Repairs)
	asked := s.Requests()[len(s.Requests())-1]
	require.Len(t, asked.Messages, 1, "a conversation of its own")
	require.Contains(t, asked.Prompt(), "200 to 350 words")
	practice, usage, err := c.Practice(long(t), llm.PracticeRequest{Brief: brief(), LessonTitle: "Water", LessonText: text.Markdown}, nil)
	require.NoError(t, err)
	require.True(t, usage.Smaller)
	require.Len(t, practice.Quiz, 2)
	require.Empty(t, practice.KeyTerms)
}

func TestOptionsAreShownInAnotherOrder(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	request := llm.SolveRequest{Brief: brief(), LessonTitle: "Water", LessonText: words(60)}
	for range 5 {
		request.Questions = append(request.Questions, llm.Question{Prompt: "Which?", Options: []string{"o0", "o1", "o2", "o3"}, Answer: 1})
	}
	s.On(llmtest.Solve, 0, llmtest.Text(`{"answers":[0,0,0,0,0]}`))
	answers, _, err := client(t, s).Solve(long(t), request, nil)
	require.NoError(t, err)
	for i, chosen := range answers {
		require.NotZero(t, chosen, "who always takes the first option is found out")
		require.Contains(t, s.Requests()[0].Prompt(), fmt.Sprintf("| Question %d, option 0: o%d\n", i+1, chosen))
	}
	answers, usage, err := client(t, s).Solve(long(t), llm.SolveRequest{Brief: brief()}, nil)
	require.NoError(t, err)
	require.Empty(t, answers)
	require.Zero(t, usage.Calls)
}

func TestAQuestionThatWasAskedIsNotTakenAgain(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	c := client(t, s)
	request := llm.QuestionsRequest{Brief: brief(), LessonTitle: "Water", LessonText: words(60), Count: 1}
	first, _, err := c.Questions(long(t), request, nil)
	require.NoError(t, err)
	request.Avoid = []string{strings.ToUpper(first[0].Prompt) + " "}
	_, usage, err := c.Questions(long(t), request, nil)
	require.Equal(t, llm.BadAnswer, llm.KindOf(err), "the stand-in knows no other")
	require.Equal(t, 2, usage.Calls)
}

func TestThePromptContainsTheFeedback(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	c := client(t, s)
	feedback := []string{`It repeats the lesson "Flour".`}
	again := lesson()
	again.Feedback = feedback
	_, _, err := c.Lesson(long(t), again, nil)
	require.NoError(t, err)
	_, _, err = c.Outline(long(t), llm.OutlineRequest{Brief: brief(), Feedback: feedback}, nil)
	require.NoError(t, err)
	_, _, err = c.Practice(long(t), llm.PracticeRequest{Brief: brief(), LessonText: words(60), Feedback: feedback}, nil)
	require.NoError(t, err)
	for _, r := range s.Requests() {
		require.Contains(t, r.Prompt(), "\n| Wrong with an earlier version: "+feedback[0]+"\n")
		require.Contains(t, r.Prompt(), "An earlier version was refused.")
	}
}

func TestSourcesAreCitedByMarksThatWereGiven(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	request := lesson()
	request.Excerpts = []llm.Excerpt{{Label: "S1", Title: "On water", Text: "Water boils, see https://water.example/boil"}, {Label: "S2", Title: "Ice", Text: "Ice floats."}}
	s.On(llmtest.Lesson, 0, llmtest.Text("# Water\n\n"+words(60)+" Ice floats [S2]. It boils [S1, S9] [S7], see https://water.example/boil.\n"))
	text, _, err := client(t, s).Lesson(long(t), request, nil)
	require.NoError(t, err, "an address that a source gives is no invention")
	require.Equal(t, []string{"S2", "S1"}, text.Cited)
	require.Contains(t, text.Markdown, "It boils [S1],")
	require.NotContains(t, text.Markdown, "S7")
	require.NotContains(t, text.Markdown, "S9")
	require.Contains(t, s.Requests()[0].Prompt(), "\n[S1]\n| From: On water\n| Water boils")
}
