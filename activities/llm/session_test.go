package llm_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// shelf keeps answers as rows do.
type shelf map[string][]byte

func (s shelf) keep(_ context.Context, question string, a llm.Answer) {
	s[question], _ = json.Marshal(a)
}

// session returns the session of an attempt that has the answers of those before.
func (s shelf) session(t *testing.T, charged bool) *llm.Session {
	t.Helper()
	answers := map[string]llm.Answer{}
	for question, text := range s {
		var a llm.Answer
		require.NoError(t, json.Unmarshal(text, &a))
		a.Charged = charged
		answers[question] = a
	}
	return &llm.Session{Answers: answers, Keep: s.keep}
}

func TestARepairGoesOnFromTheAnswerThatWasRefused(t *testing.T) {
	t.Parallel()
	for charged, calls := range map[bool]int{false: 2, true: 1} {
		s, kept := llmtest.New(t), shelf{}
		s.On(llmtest.Outline, 1, llmtest.BrokenJSON())
		s.On(llmtest.Outline, 2, llmtest.Cut())
		request := llm.OutlineRequest{Brief: brief()}
		_, first, err := client(t, s).Outline(long(t), request, kept.session(t, false))
		require.Equal(t, llm.Unavailable, llm.KindOf(err))
		require.Equal(t, 2, first.Calls)
		require.Len(t, kept, 1, "an answer that is cut short is none")

		session, tokens := kept.session(t, charged), []int{}
		session.Heartbeat = func(n int) { tokens = append(tokens, n) }
		other := client(t, s, func(o *llm.Options) { o.Dialect, o.MaxOutlineTokens = llm.Hosted, 5000 })
		_, usage, err := other.Outline(long(t), request, session)
		require.NoError(t, err)
		require.Equal(t, 3, s.Count(llmtest.Outline))
		require.True(t, s.Requests()[2].Repair, "the server was asked for what had been answered")
		require.Positive(t, tokens[0], "what was had is in the count from the start")
		require.IsNonDecreasing(t, tokens)
		require.Len(t, kept, 2)
		require.Equal(t, []int{calls, 1}, []int{usage.Calls, usage.Repairs})
		require.Positive(t, usage.InputTokens)

		text, again, err := client(t, s).Outline(long(t), request, kept.session(t, true))
		require.NoError(t, err)
		require.NotEmpty(t, text.Lessons)
		require.Zero(t, again.Calls+again.InputTokens+again.OutputTokens)
		require.Equal(t, 3, s.Count(llmtest.Outline), "all of it had been answered")
	}
}

func TestAnotherQuestionIsAsked(t *testing.T) {
	t.Parallel()
	s, kept := llmtest.New(t), shelf{}
	request := lesson()
	for i := range 2 {
		_, _, err := client(t, s).Lesson(long(t), request, kept.session(t, true))
		require.NoError(t, err)
		require.Equal(t, i+1, s.Count(llmtest.Lesson))
		request.Feedback = []string{"too short"}
	}
	_, _, err := client(t, s).Practice(long(t), llm.PracticeRequest{Brief: brief(), LessonTitle: "x", LessonText: "some words of text"}, kept.session(t, true))
	require.NoError(t, err)
	require.Len(t, kept, 3)
}
