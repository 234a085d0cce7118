package llm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/quality"
)

// topics has one for each language that is tested.
var topics = map[string]string{
	"en": "Sourdough bread", "de": "Brot mit Sauerteig", "es": "Pan de masa madre", "fr": "Le pain au levain", "pt": "Pão de fermento natural",
	"it": "Il pane a lievito madre", "nl": "Brood met zuurdesem", "pl": "Chleb na zakwasie", "ru": "Хлеб на закваске", "uk": "Хліб на заквасці",
	"tr": "Ekşi mayalı ekmek", "ar": "خبز العجين المخمر", "fa": "نان خمیر ترش", "ur": "خمیر والی روٹی", "hi": "खमीर वाली रोटी",
	"bn": "টক খামিরের রুটি", "th": "ขนมปังซาวโดว์", "vi": "Bánh mì men tự nhiên", "zh": "天然酵母面包", "ja": "天然酵母のパン", "ko": "천연 발효 빵",
}

func TestCoursesAreWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	require.Len(t, topics, 21)
	for locale, topic := range topics {
		for _, level := range []string{"beginner", "advanced"} {
			t.Run(locale+"/"+level, func(t *testing.T) {
				t.Parallel()
				writesCourseIn(t, llm.Brief{Topic: topic, Level: level, Locale: locale})
			})
		}
	}
}

// writesCourseIn requires that every first answer is accepted, and that the lesson is a whole one.
func writesCourseIn(t *testing.T, b llm.Brief) {
	t.Helper()
	s := llmtest.New(t)
	c, ctx := client(t, s), long(t)
	accepted := func(usage llm.Usage, err error) {
		t.Helper()
		require.NoError(t, err)
		require.Equal(t, 1, usage.Calls, "the first answer is accepted")
	}
	outline, usage, err := c.Outline(ctx, llm.OutlineRequest{Brief: b}, nil)
	accepted(usage, err)
	require.Contains(t, outline.Title, b.Topic)
	text, usage, err := c.Lesson(ctx, llm.LessonRequest{Brief: b, CourseTitle: outline.Title, Titles: []string{outline.Lessons[0].Title}, Number: 1, Plan: outline.Lessons[0]}, nil)
	accepted(usage, err)
	require.False(t, text.TooHard)
	require.NotContains(t, text.Markdown, "Hovil", "the stand-in knows the language")
	score := quality.Quality(text.Markdown, b.Locale, b.Level)
	require.Equal(t, []float64{1, 1}, []float64{score.Examples, score.Summary})
	require.Greater(t, score.Length, 0.4)
	require.Greater(t, score.Repetition, 0.2)
	practice, usage, err := c.Practice(ctx, llm.PracticeRequest{Brief: b, LessonTitle: outline.Lessons[0].Title, LessonText: text.Markdown}, nil)
	accepted(usage, err)
	require.Len(t, practice.Quiz, 3)
	answers, usage, err := c.Solve(ctx, llm.SolveRequest{Brief: b, LessonTitle: outline.Lessons[0].Title, LessonText: text.Markdown, Questions: practice.Quiz}, nil)
	accepted(usage, err)
	for i, q := range practice.Quiz {
		require.Equal(t, q.Answer, answers[i])
	}
	summary, usage, err := c.Summary(ctx, llm.SummaryRequest{Brief: b, CourseTitle: outline.Title, Lessons: outline.Lessons}, nil)
	accepted(usage, err)
	require.NotEmpty(t, strings.TrimSpace(summary.Summary))
}
