package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// embedder returns a stand-in for embeddings, of the words of a text in whatever order.
func embedder(t *testing.T) (*llmtest.Server, *llm.Client) {
	t.Helper()
	s := llmtest.New(t, llmtest.WithEmbeddings("vectors"))
	return s, llm.New(llm.Options{BaseURL: s.BaseURL(), Model: "vectors", EmbedTimeout: 200 * time.Millisecond})
}

// sentences returns a lesson whose sentences begin at another place for each n: the words are the same, and
// few runs of five of them.
func sentences(n int) string {
	words := strings.Fields("moon pulls water harbour rises falls twice daily coast table sailor reads hour depth current slack spring neap bulge orbit")
	var text strings.Builder
	text.WriteString("# Tides\n\n")
	for i := range 8 {
		for j := range words {
			fmt.Fprintf(&text, "%s ", words[(j*(2*n+1)+i*7)%len(words)])
		}
		text.WriteString("here.\n\n")
	}
	return text.String()
}

func TestLessonsThatMeanTheSameAreFoundByEmbeddings(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	refs := d.outline(t)
	for i := range 2 {
		require.NoError(t, d.lesson(refs[i], 1))
		require.NoError(t, d.db.Exec("UPDATE lessons SET content = ?, quality_score = 1 WHERE id = ?", sentences(i), refs[i].ID).Error)
	}
	var log bytes.Buffer
	check := &activities.QualityActivities{DB: d.db, Titles: true, Log: slog.New(slog.NewTextHandler(&log, nil))}
	find := func() []activities.WeakLesson {
		weak, err := check.FindWeakLessons(t.Context(), d.course)
		require.NoError(t, err)
		return slices.DeleteFunc(weak, func(w activities.WeakLesson) bool {
			return !strings.Contains(strings.Join(w.Reasons, ""), "repeats the lesson")
		})
	}
	require.Empty(t, find(), "by their words they differ")

	s, client := embedder(t)
	check.Embedder = client
	found := find()
	require.Len(t, found, 1)
	require.Equal(t, refs[1].ID, found[0].ID, "the later of two")
	require.Contains(t, found[0].Reasons, `It repeats the lesson "`+refs[0].Title+`".`)
	require.Empty(t, log.String())
	for _, text := range s.Embedded() {
		require.LessOrEqual(t, len(text), llm.MaxEmbedBytes)
	}

	for name, fault := range map[string]llmtest.Fault{"error": llmtest.Status(500), "silence": llmtest.Hold(), "nonsense": llmtest.Text(`{"data":[]}`)} {
		log.Reset()
		s.Heal()
		s.On(llmtest.Embeddings, 0, fault)
		require.Empty(t, find(), name)
		require.Contains(t, log.String(), "compared by their words", name)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := check.FindWeakLessons(gone, d.course)
	require.Error(t, err, "a cancelled check finds nothing, whatever the reason")
}

func TestOneLessonNeedsNoEmbeddings(t *testing.T) {
	t.Parallel()
	d, _ := taught(t)
	s, client := embedder(t)
	check := &activities.QualityActivities{DB: d.db, Embedder: client}
	_, err := check.FindWeakLessons(t.Context(), d.course)
	require.NoError(t, err)
	require.NoError(t, d.lesson(d.outline(t)[1], 1))
	require.NoError(t, d.db.Exec(`UPDATE courses SET generation = jsonb_set(generation, '{fallback}', 'true')`).Error)
	_, err = check.FindWeakLessons(t.Context(), d.course)
	require.NoError(t, err)
	require.Zero(t, s.Count(llmtest.Embeddings), "nor do those of the built-in writer")
}

// questionsAnswer is an answer with questions by prompt and right option, which contains "right".
func questionsAnswer(questions ...[2]string) llmtest.Fault {
	return jsonAnswer(map[string]any{"quiz": quizOf(questions)})
}

// practiceAnswer is one with study questions, too.
func practiceAnswer(questions ...[2]string) llmtest.Fault {
	study := []string{"How would you explain the lesson to a friend?", "Which example shows it best?"}
	return jsonAnswer(map[string]any{"study_questions": study, "key_terms": []any{}, "quiz": quizOf(questions)})
}

func quizOf(questions [][2]string) (quiz []any) {
	for _, q := range questions {
		quiz = append(quiz, map[string]any{
			"prompt": q[0], "options": []string{q[1], "Because of the wind", "Because of the salt", "Because of the fish"}, "answer": 0,
			"explanation": "The lesson says so in its first part.",
		})
	}
	return quiz
}

func jsonAnswer(value any) llmtest.Fault {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return llmtest.Text(string(text))
}

// pull is a right option in which most words are one, so that the stand-in's embeddings are alike.
const pull = "right right right right right right right right: the right pull"

// solveAll answers every question with the option of the right pull.
func solveAll(r llmtest.Request) []llmtest.Fault {
	if r.Kind != llmtest.Solve {
		return nil
	}
	var answers []int
	for _, m := range shownOption.FindAllStringSubmatch(r.Prompt(), -1) {
		if strings.Contains(m[3], "right") {
			answers = append(answers, int(m[2][0]-'0'))
		}
	}
	return []llmtest.Fault{jsonAnswer(map[string]any{"answers": answers})}
}

func (e exam) prompts(t *testing.T) []string {
	t.Helper()
	_, quiz := e.kept(t)
	prompts := make([]string, len(quiz))
	for i, q := range quiz {
		prompts[i] = q.Prompt
	}
	return prompts
}

const (
	rise   = "Why does the water rise in the harbour?"
	inRise = "In the harbour, why does the water rise?"
	fall   = "Why does the water fall in the harbour?"
	turn   = "When does the current turn?"
)

// avoided returns the prompts that the request for other questions named.
func (e exam) avoided() []string {
	var found []string
	for _, r := range e.model.Requests() {
		for l := range strings.Lines(r.Prompt()) {
			if prompt, is := strings.CutPrefix(l, "| Asked before: "); is && r.Kind == llmtest.Questions {
				found = append(found, strings.TrimSpace(prompt))
			}
		}
	}
	return found
}

func TestAQuestionAskedTwiceIsReplacedOnce(t *testing.T) {
	t.Parallel()
	e := newExam(t)
	e.model.Script(solveAll)
	e.model.On(llmtest.Practice, 1, practiceAnswer([2]string{rise, pull}, [2]string{inRise, pull}, [2]string{fall, pull}))
	e.model.On(llmtest.Questions, 1, questionsAnswer([2]string{turn, pull}))
	require.NoError(t, e.practise(1))
	require.Equal(t, []string{rise, fall, turn}, e.prompts(t))
	lesson, _ := e.kept(t)
	requireScore(t, lesson, 3, 3)
	require.Equal(t, []string{rise, inRise, fall, rise}, e.avoided())

	// A replacement that repeats one, too, is left out.
	e.model.On(llmtest.Practice, 2, practiceAnswer([2]string{rise, pull}, [2]string{inRise, pull}, [2]string{fall, pull}))
	e.model.On(llmtest.Questions, 2, questionsAnswer([2]string{"Why in the harbour does the water fall?", pull}))
	require.NoError(t, e.practise(2))
	require.Equal(t, []string{rise, fall}, e.prompts(t))
	require.Equal(t, 2, e.model.Count(llmtest.Questions))
}

// TestAQuestionOfAnEarlierLessonIsReplaced: the later lesson looks at the earlier one's quiz, and not the other
// way round.
func TestAQuestionOfAnEarlierLessonIsReplaced(t *testing.T) {
	t.Parallel()
	e := newExam(t)
	refs := e.outline(t)
	require.NoError(t, e.lesson(refs[1], 1))
	e.model.Script(solveAll)
	e.model.On(llmtest.Practice, 0, practiceAnswer([2]string{rise, pull}, [2]string{fall, pull}))
	require.NoError(t, e.practise(1))
	require.Zero(t, e.model.Count(llmtest.Questions))

	second := exam{e.desk, refs[1]}
	e.model.Heal()
	e.model.Script(solveAll)
	e.model.On(llmtest.Practice, 0, practiceAnswer([2]string{inRise, pull}, [2]string{turn, pull}))
	e.model.On(llmtest.Questions, 1, questionsAnswer([2]string{"How high is spring water?", pull}))
	require.NoError(t, second.practise(1))
	require.Equal(t, []string{inRise, turn, rise}, second.avoided())
	var titles []string
	for _, q := range e.quizOf(t, refs[1]).Quiz {
		titles = append(titles, q.Prompt)
	}
	require.Equal(t, []string{turn, "How high is spring water?"}, titles)

	require.NoError(t, e.db.Exec("UPDATE items SET quiz = jsonb_set(quiz, '{0,prompt}', to_jsonb(?::text)) WHERE lesson_id = ? AND type = 'quiz'", rise, refs[1].ID).Error)
	e.model.Heal()
	e.model.Script(solveAll)
	e.model.On(llmtest.Practice, 0, practiceAnswer([2]string{rise, pull}, [2]string{fall, pull}))
	asked := e.model.Count(llmtest.Questions)
	require.NoError(t, e.practise(2))
	require.Equal(t, []string{rise, fall}, e.prompts(t), "a later lesson's question is none that was asked before")
	require.Equal(t, asked, e.model.Count(llmtest.Questions))
}

func TestQuestionsThatMeanTheSameAreFoundByEmbeddings(t *testing.T) {
	t.Parallel()
	const water, sea = "Where does the water go?", "Where does the sea go?"
	for name, c := range map[string]struct {
		fault llmtest.Fault
		want  []string
		calls int
	}{
		"with embeddings":    {nil, []string{water, turn}, 2},
		"without an answer":  {llmtest.Hold(), []string{water, sea}, 1},
		"with wrong vectors": {llmtest.Text(`{"data":[{"index":0,"embedding":[]}]}`), []string{water, sea}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newExam(t)
			s, client := embedder(t)
			var log bytes.Buffer
			e.writing.Embedder, e.writing.Log = client, slog.New(slog.NewTextHandler(&log, nil))
			if c.fault != nil {
				s.On(llmtest.Embeddings, 0, c.fault)
			}
			e.model.Script(solveAll)
			e.model.On(llmtest.Practice, 1, practiceAnswer([2]string{water, pull}, [2]string{sea, pull}))
			e.model.On(llmtest.Questions, 1, questionsAnswer([2]string{turn, "it is right at slack water"}))
			require.NoError(t, e.practise(1))
			require.Equal(t, c.want, e.prompts(t))
			require.Equal(t, c.calls, s.Count(llmtest.Embeddings))
			require.Equal(t, c.fault != nil, strings.Contains(log.String(), "compared by their words"))
		})
	}
}
