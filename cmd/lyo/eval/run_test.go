package eval_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/failover"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/cmd/lyo/eval"
)

// testEnv is a fake server and a chain that calls it.
type testEnv struct {
	*llmtest.Server
	options eval.Options
	waits   []time.Duration
}

func newTestEnv(t *testing.T, topics int) *testEnv {
	t.Helper()
	s := &testEnv{Server: llmtest.New(t)}
	client := llm.New(llm.Options{BaseURL: s.BaseURL(), Model: s.Model()})
	s.options = eval.Options{
		Writer: failover.New([]failover.Endpoint{{Name: "main", Client: client}}, failover.Options{}),
		Topics: eval.Topics()[:topics], Lessons: 2, Pause: time.Second,
		Wait: func(_ context.Context, d time.Duration) error {
			s.waits = append(s.waits, d)
			return nil
		},
	}
	return s
}

func (s *testEnv) figures(t *testing.T) eval.Figures {
	t.Helper()
	return eval.Count(eval.Run(t.Context(), s.options))
}

func TestAGoodModel(t *testing.T) {
	t.Parallel()
	s := newTestEnv(t, 5)
	s.options.Parallel = 3
	var reported []string
	s.options.Done = func(c eval.Course) { reported = append(reported, c.Topic.Locale) }
	courses := eval.Run(t.Context(), s.options)
	f := eval.Count(courses)
	require.ElementsMatch(t, eval.Locales()[:5], reported)
	require.Equal(t, "ja", courses[4].Topic.Locale, "in the order of the topics")
	require.Equal(t, 35, f.Asked, "an outline, and for two lessons a text, practice and a solve")
	require.Equal(t, eval.Rate{N: 35, Of: 35}, f.Schema)
	require.Equal(t, []int{0, 0, 0, 0}, []int{f.Repair.N, f.Smaller.N, f.Duplicate.N, f.Links})
	require.Equal(t, eval.Rate{N: 30, Of: 30}, f.Quiz)
	require.Equal(t, 10, f.Lessons)
	require.Equal(t, 10, f.Language.Of+f.Undetected)
	require.Equal(t, f.Language.Of, f.Language.N)
	require.Positive(t, f.Language.N)
	require.Equal(t, 10, f.Quality.N)
	require.Equal(t, 8, f.Reading["beginner"].N+f.Reading["intermediate"].N+f.Reading["advanced"].N, "not measured for Japanese")
	require.Positive(t, f.In.Mean)
	require.Positive(t, f.TokensPerSecond.Mean)
	require.Zero(t, f.Retried)
}

func TestRepairs(t *testing.T) {
	t.Parallel()
	s := newTestEnv(t, 1)
	s.On(llmtest.Lesson, 1, llmtest.Text("Too short."))
	s.On(llmtest.Practice, 1, llmtest.BrokenJSON())
	s.On(llmtest.Practice, 2, llmtest.BrokenJSON())
	f := s.figures(t)
	require.Equal(t, eval.Rate{N: 5, Of: 7}, f.Schema)
	require.Equal(t, eval.Rate{N: 1, Of: 7}, f.Repair)
	require.Equal(t, eval.Rate{N: 1, Of: 7}, f.Smaller)
}

func TestTheQuizIsSolvedOtherwise(t *testing.T) {
	t.Parallel()
	s := newTestEnv(t, 1)
	s.On(llmtest.Solve, 1, llmtest.DisagreeSolve())
	require.Equal(t, eval.Rate{N: 3, Of: 6}, s.figures(t).Quiz)
}

func TestTheSameLessonTwice(t *testing.T) {
	t.Parallel()
	s := newTestEnv(t, 1)
	s.On(llmtest.Lesson, 0, llmtest.Duplicate())
	require.Equal(t, eval.Rate{N: 2, Of: 2}, s.figures(t).Duplicate)
	s.options.Lessons = 1
	require.Equal(t, eval.Rate{}, s.figures(t).Duplicate, "one lesson has nothing to be like")
}

func TestRefusedAnswers(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]llmtest.Fault{"language": llmtest.WrongLanguage(), "link": llmtest.InventedLink()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTestEnv(t, 1)
			s.On(llmtest.Lesson, 0, fault)
			f := s.figures(t)
			require.Equal(t, 3, f.Asked, "no practice for lessons that are not there")
			require.Equal(t, 2, f.Failures["bad_answer"])
			require.Equal(t, eval.Rate{N: 1, Of: 3}, f.Schema)
			require.Zero(t, f.Links+f.Lessons+f.Language.Of, "what was refused is not judged")
		})
	}
}

func TestAServerThatFails(t *testing.T) {
	t.Parallel()
	s := newTestEnv(t, 1)
	s.On(llmtest.Outline, 1, llmtest.Status(503))
	s.On(llmtest.Outline, 2, llmtest.TooMany(7*time.Second))
	f := s.figures(t)
	require.Equal(t, eval.Rate{N: 7, Of: 7}, f.Schema)
	require.Equal(t, 2, f.Retried)
	require.Equal(t, []time.Duration{time.Second, 7 * time.Second}, s.waits, "the server's wish is heard")

	s = newTestEnv(t, 1)
	s.On(llmtest.Outline, 0, llmtest.Status(503))
	f = s.figures(t)
	require.Equal(t, 1, f.Failures["unavailable"])
	require.Equal(t, []int{1, 2, 0}, []int{f.Asked, f.Retried, f.Lessons})

	s = newTestEnv(t, 1)
	s.On(llmtest.Outline, 0, llmtest.Status(401))
	f = s.figures(t)
	require.Equal(t, 1, f.Failures["misconfigured"])
	require.Zero(t, f.Retried)
}

func TestTheEndOfARunCountsWhatCameBefore(t *testing.T) {
	t.Parallel()
	s := newTestEnv(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	s.Script(func(r llmtest.Request) []llmtest.Fault {
		if r.Kind == llmtest.Practice {
			cancel()
			return []llmtest.Fault{llmtest.Hold()}
		}
		return nil
	})
	f := eval.Count(eval.Run(ctx, s.options))
	require.Equal(t, 1, f.Courses)
	require.Equal(t, eval.Rate{N: 2, Of: 2}, f.Schema, "an outline and a lesson")
	require.Equal(t, 1, f.Lessons)
}

// careless accepts answers that llm.Client rejects.
type careless struct {
	failover.Writer
	change func(string) string
}

func (c careless) Lesson(ctx context.Context, r llm.LessonRequest, session *llm.Session) (llm.LessonText, llm.Usage, error) {
	text, usage, err := c.Writer.Lesson(ctx, r, session)
	text.Markdown = c.change(text.Markdown)
	return text, usage, err
}

func TestAcceptedLinksAreCounted(t *testing.T) {
	t.Parallel()
	const added = "\n\nSee _https://www.made-up.org/x_ and www.made-up.org. `curl http://localhost:80/x` and\n\n```sh\ncurl HTTPS://made-up.org http://api.example.com/\n```\n"
	s := newTestEnv(t, 1)
	s.options.Writer = careless{s.options.Writer, func(text string) string { return text + added }}
	f := s.figures(t)
	require.Equal(t, 6, f.Links, "three in each of two lessons")
	require.Equal(t, 4, f.Placeholders)
}

func TestLanguageIsJudged(t *testing.T) {
	t.Parallel()
	const german = "Der Mond zieht das Wasser der Meere an, und deshalb steigt und fällt der Spiegel an den meisten Küsten zweimal am Tag. " +
		"Auch die Sonne zieht es an, aber mit weniger Kraft, weil sie viel weiter von der Erde entfernt ist. " +
		"Wer einen Hafen kennt, sieht in einer Tafel nach, wann das Wasser kommt und wie hoch es stehen wird."
	for name, c := range map[string]struct {
		topic, match, of, undetected int
		text                         string
	}{
		"German for English":       {0, 0, 2, 0, german},
		"German for German":        {1, 2, 2, 0, german + "\n\n```go\n" + strings.Repeat("// the code speaks English and says so all of the time\n", 20) + "```\n"},
		"no language":              {1, 0, 0, 2, "1 2 3 4"},
		"German for Japanese":      {4, 0, 2, 0, german},
		"Chinese for Japanese":     {4, 0, 2, 0, strings.Repeat("月亮的引力使海水上涨。", 9)},
		"Japanese with many kanji": {4, 2, 2, 0, strings.Repeat("江戸時代後期町人文化発展、経済成長の都市と人口増加である。", 5)},
		"Japanese":                 {4, 2, 2, 0, strings.Repeat("月の引力で海の水が引かれて、潮が満ちたり引いたりします。", 5)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTestEnv(t, 5)
			s.options.Topics = s.options.Topics[c.topic : c.topic+1]
			s.options.Writer = careless{s.options.Writer, func(string) string { return c.text }}
			f := s.figures(t)
			require.Equal(t, []int{c.match, c.of, c.undetected}, []int{f.Language.N, f.Language.Of, f.Undetected})
		})
	}
}

func TestTopics(t *testing.T) {
	t.Parallel()
	topics := eval.Topics()
	require.Len(t, topics, 30)
	count := map[string]int{}
	var texts []string
	for _, topic := range topics {
		count[topic.Locale]++
		count[topic.Level]++
		count[topic.Kind]++
		texts = append(texts, topic.Text)
	}
	require.Len(t, eval.Locales(), 21)
	for _, locale := range eval.Locales() {
		require.Positive(t, count[locale])
	}
	for _, level := range []string{"beginner", "intermediate", "advanced"} {
		require.Equal(t, 10, count[level])
	}
	for _, kind := range []string{"craft", "science", "history", "code", "language", "everyday"} {
		require.Equal(t, 5, count[kind], kind)
	}
	slices.Sort(texts)
	require.Len(t, slices.Compact(texts), 30)
	require.NotContains(t, texts, "")
}

func TestEveryTopicOfTheSetCanBeWritten(t *testing.T) {
	t.Parallel()
	s := newTestEnv(t, len(eval.Topics()))
	s.options.Lessons, s.options.Parallel = 1, 4
	f := s.figures(t)
	require.Equal(t, eval.Rate{N: 4 * 30, Of: 4 * 30}, f.Schema, "the stand-in writes every language")
	require.Equal(t, 30, f.Lessons)
	require.Equal(t, f.Language.Of, f.Language.N)
	require.Equal(t, eval.Rate{N: f.Quiz.Of, Of: f.Quiz.Of}, f.Quiz)
}
