package builtin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/builtin"
	"github.com/lyoapp/lyo/models/quality"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func requestFor(b llm.Brief, o llm.Outline, number int) llm.LessonRequest {
	r := llm.LessonRequest{Brief: b, CourseTitle: o.Title, Number: number, Plan: o.Lessons[number-1]}
	for _, l := range o.Lessons {
		r.Titles = append(r.Titles, l.Title)
	}
	return r
}

func TestAnyTopicMakesASoundCourse(t *testing.T) {
	t.Parallel()
	odd := rapid.SampledFrom([]string{"```\n# x", "a\x00b", "<script>", "\u202Eabc", "| a |", strings.Repeat("very long ", 20), "[x](http://y)", "", "  ", "~~~", "\xff\xfe", "$$", "שלום", "x. y. z."})
	rapid.Check(t, func(t *rapid.T) {
		b := llm.Brief{
			Topic:     rapid.OneOf(odd, rapid.String()).Draw(t, "topic"),
			Interests: rapid.SliceOfN(rapid.OneOf(odd, rapid.String()), 0, 4).Draw(t, "interests"),
			Level:     rapid.SampledFrom([]string{"beginner", "intermediate", "advanced", "?"}).Draw(t, "level"),
			Locale:    rapid.SampledFrom([]string{"en", "en-GB", "", "de", "pt-BR"}).Draw(t, "locale"),
			Hours:     rapid.SampledFrom([]float64{0, 0.1, 1, 3, 8, 500}).Draw(t, "hours"),
		}
		checkCourse(t, b)
	})
}

func checkCourse(t require.TestingT, b llm.Brief) {
	w, ctx := builtin.New(), context.Background()
	o, _, err := w.Outline(ctx, llm.OutlineRequest{Brief: b}, nil)
	require.NoError(t, err)
	require.True(t, len(o.Lessons) >= 4 && len(o.Lessons) <= 6)
	require.Contains(t, o.Summary, "without a language model")
	require.LessOrEqual(t, utf8.RuneCountInString(o.Title), 120)
	require.LessOrEqual(t, utf8.RuneCountInString(o.Summary), 300)
	require.LessOrEqual(t, utf8.RuneCountInString(o.Description), 400)
	english := !strings.HasPrefix(b.Locale, "de") && !strings.HasPrefix(b.Locale, "pt")
	titles, places := map[string]bool{}, map[int]bool{}
	for i, plan := range o.Lessons {
		require.False(t, titles[plan.Title])
		titles[plan.Title] = true
		require.NotEmpty(t, plan.Objectives)
		require.Len(t, plan.Prerequisites, min(i, 1))
		written, _, err := w.Lesson(ctx, requestFor(b, o, i+1), nil)
		require.NoError(t, err)
		text := written.Markdown
		require.LessOrEqual(t, utf8.RuneCountInString(plan.Title), 120)
		require.NotContains(t, plan.Title+plan.Summary+strings.Join(plan.Objectives, ""), "{{.Topic}}")
		checkText(t, text)
		require.Equal(t, i == 0, strings.Contains(text, "without a language model"))
		require.Equal(t, !english, strings.Contains(text, "English only"))
		p, _, err := w.Practice(ctx, llm.PracticeRequest{Brief: b, LessonTitle: plan.Title, LessonText: text}, nil)
		require.NoError(t, err)
		checkPractice(t, p, text, places)
		require.InDelta(t, quality.LessonMinutes(text, len(p.StudyQuestions)+len(p.Quiz)), plan.Minutes, 3, "as planned, whatever hours were asked for")
	}
	require.Greater(t, len(places), 2)
}

func checkText(t require.TestingT, text string) {
	require.True(t, strings.HasPrefix(text, "# "))
	require.True(t, utf8.ValidString(text))
	require.GreaterOrEqual(t, len(strings.Fields(text)), 250)
	fences, headings := 0, 0
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, "```") || strings.HasPrefix(l, "~~~") {
			fences++
		}
		if strings.HasPrefix(l, "# ") {
			headings++
		}
	}
	require.Equal(t, 2, fences)
	require.Equal(t, 1, headings)
	require.Contains(t, text, "- [ ] ")
	require.NotContains(t, text, "{{.")
	require.NotContains(t, text, "<no value>")
	for _, hidden := range []string{"\x00", "\u202E", "\n<"} {
		require.NotContains(t, text, hidden)
	}
}

func checkPractice(t require.TestingT, p llm.Practice, text string, places map[int]bool) {
	require.True(t, len(p.StudyQuestions) >= 2 && len(p.StudyQuestions) <= 5)
	require.True(t, len(p.Quiz) >= 2 && len(p.Quiz) <= 5)
	seen := map[int]bool{}
	for _, q := range p.Quiz {
		require.Len(t, q.Options, 4)
		options := map[string]bool{}
		for _, o := range q.Options {
			require.NotEmpty(t, o)
			options[strings.ToLower(o)] = true
		}
		require.Len(t, options, 4)
		require.True(t, q.Answer >= 0 && q.Answer < 4)
		require.False(t, seen[q.Answer])
		seen[q.Answer], places[q.Answer] = true, true
		_, key, _ := strings.Cut(q.Explanation, "“")
		key, found := strings.CutSuffix(key, "”")
		require.True(t, found && key != "")
		require.Contains(t, text, key)
	}
}

func TestDeterministicAndHonest(t *testing.T) {
	t.Parallel()
	w, b := builtin.New(), llm.Brief{Topic: "C++", Hours: 8, Interests: []string{"chess"}}
	info, err := w.Probe(t.Context())
	require.NoError(t, err)
	require.True(t, info.Fallback)
	one, _, _ := w.Outline(t.Context(), llm.OutlineRequest{Brief: b}, nil)
	two, _, _ := w.Outline(t.Context(), llm.OutlineRequest{Brief: b}, nil)
	require.Equal(t, one, two)
	require.Len(t, one.Lessons, 6)
	a, _, _ := w.Lesson(t.Context(), requestFor(b, one, 5), nil)
	c, _, _ := w.Lesson(t.Context(), requestFor(b, one, 5), nil)
	require.Equal(t, a, c)
	require.Contains(t, a.Markdown, `C\+\+`)
	require.Contains(t, a.Markdown, "chess")
}

func TestServesForeignOutlines(t *testing.T) {
	t.Parallel()
	w := builtin.New()
	for n := range 10 {
		r := llm.LessonRequest{Brief: llm.Brief{Topic: "tea"}, Number: n, Titles: make([]string, n), Plan: llm.LessonPlan{Title: fmt.Sprint("Own ", n)}}
		text, _, err := w.Lesson(t.Context(), r, nil)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(text.Markdown, fmt.Sprintf("# Own %d\n", n)))
	}
}

func TestPracticeOnForeignTexts(t *testing.T) {
	t.Parallel()
	w := builtin.New()
	text := "# Tea\n\nGreen leaves become bitter whenever the kettle boils too vigorously. Patient brewers usually measure temperature before pouring anything.\n\nPorcelain keeps warmth for shorter periods than earthenware does. Small vessels encourage repeated infusions of the same leaves."
	p, _, err := w.Practice(t.Context(), llm.PracticeRequest{Brief: llm.Brief{Topic: "tea"}, LessonTitle: "Tea", LessonText: text}, nil)
	require.NoError(t, err)
	checkPractice(t, p, text, map[int]bool{})
	_, _, err = w.Practice(t.Context(), llm.PracticeRequest{LessonText: "Too short."}, nil)
	require.Equal(t, llm.BadAnswer, llm.KindOf(err))
}

func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := builtin.New().Outline(ctx, llm.OutlineRequest{Brief: llm.Brief{Topic: "tea"}}, nil)
	require.ErrorIs(t, err, context.Canceled)
}
