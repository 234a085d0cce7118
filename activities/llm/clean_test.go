package llm_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// hidden are characters that no reader sees, between two letters.
const hidden = "a\u200b\u202e\u2066\U000E0049\U000E0067\u00ad\ufeffb"

func TestWhatTheModelWritesIsCleanedLikeUploads(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	c := client(t, s)
	body := "# Water\r\n\r\nWater cafe\u0301 " + hidden + " می\u200cخواهم 👩\u200d🔬\n\n\tx := 1\n\n" + "Plain water is what most of the earth's surface is covered by. It falls as rain, runs in rivers to the sea, and rises again as vapour. " +
		"Whoever heats it to a hundred degrees sees it boil, and whoever cools it below zero has ice to skate on. Without it nothing that we know of lives."
	s.On(llmtest.Lesson, 1, llmtest.Text(body))
	text, usage, err := c.Lesson(long(t), lesson(), nil)
	require.NoError(t, err)
	require.Equal(t, 1, usage.Calls, "what is harmless is no problem")
	require.True(t, strings.HasPrefix(text.Markdown, "# Water\n\nWater café ab می\u200cخواهم 👩\u200d🔬\n\n\tx := 1\n\nPlain"), "%q", text.Markdown)

	question := map[string]any{"prompt": "What " + hidden + "?", "options": []string{hidden, "c\u202e", "d", "e\u0000"}, "explanation": "It is " + hidden + ".", "answer": 0}
	practice := map[string]any{
		"study_questions": []string{"Why " + hidden + "?", "Why\u200b ab?"},
		"key_terms":       []any{map[string]string{"term": hidden, "definition": "Is " + hidden + "."}},
		"quiz":            []any{question, question},
	}
	answer, err := json.Marshal(practice)
	require.NoError(t, err)
	s.On(llmtest.Practice, 0, llmtest.Text(string(answer)))
	p, _, err := c.Practice(long(t), llm.PracticeRequest{Brief: brief(), LessonTitle: "Water", LessonText: text.Markdown}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"Why ab?"}, p.StudyQuestions)
	require.Equal(t, []llm.KeyTerm{{Term: "ab", Definition: "Is ab."}}, p.KeyTerms)
	require.Equal(t, []llm.Question{{Prompt: "What ab?", Options: []string{"ab", "c", "d", "e"}, Explanation: "It is ab."}}, p.Quiz)
}

func TestDamagedTextIsRepairedOnceThenRefused(t *testing.T) {
	t.Parallel()
	summary := func(text string) string { return `{"summary":"All about water.","description":"` + text + `"}` }
	for name, damaged := range map[string]string{
		"a lost character": summary("Water \ufffd and ice."), "half of a pair": summary(`Water \ud83d and ice.`), "an escape": summary(`Water \ufffd and ice.`),
		"stacked marks": summary("Wa" + strings.Repeat("\u0335", 12) + "ter and ice."), "stacked escapes": summary("Wa" + strings.Repeat(`\u0335`, 12) + "ter and ice."),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := llmtest.New(t)
			c := client(t, s)
			request := llm.SummaryRequest{Brief: brief(), CourseTitle: "Water", Lessons: []llm.LessonPlan{{Title: "Water", Summary: "How wet."}}}
			s.On(llmtest.Summary, 1, llmtest.Text(damaged))
			whole, usage, err := c.Summary(long(t), request, nil)
			require.NoError(t, err)
			require.Equal(t, 2, usage.Calls)
			require.NotContains(t, whole.Description, "\ufffd")
			require.Contains(t, s.Requests()[1].Messages[2].Content, "damaged characters")

			s.On(llmtest.Summary, 0, llmtest.Text(damaged))
			_, usage, err = c.Summary(long(t), request, nil)
			require.Equal(t, llm.BadAnswer, llm.KindOf(err))
			require.Equal(t, 2, usage.Calls)
		})
	}
}
