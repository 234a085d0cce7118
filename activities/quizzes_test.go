package activities_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/activities/quiz"
	"github.com/lyoapp/lyo/models/courses"
)

// exam is a desk with a course whose first lesson is written.
type exam struct {
	*desk
	first activities.LessonRef
}

func newExam(t *testing.T) exam {
	t.Helper()
	d := newDesk(t)
	refs := d.outline(t)
	require.NoError(t, d.lesson(refs[0], 1))
	return exam{d, refs[0]}
}

func (e exam) practise(revision int) error {
	_, err := e.ExecuteActivity(e.writing.WritePractice, activities.LessonInput{CourseID: e.course, LessonID: e.first.ID, Revision: revision})
	return err
}

// kept returns the lesson with its items: always study questions, and maybe a quiz.
func (e exam) kept(t *testing.T) (courses.Lesson, []courses.QuizQuestion) {
	t.Helper()
	var items []courses.Item
	require.NoError(t, e.db.Order("position").Find(&items, "lesson_id = ?", e.first.ID).Error)
	require.NotEmpty(t, items)
	require.Equal(t, "text", items[0].Type)
	require.NotEmpty(t, items[0].Content)
	require.LessOrEqual(t, len(items), 2)
	lesson := e.read(t).Lessons[0]
	if len(items) == 1 {
		return lesson, nil
	}
	require.Equal(t, "quiz", items[1].Type)
	require.NotEmpty(t, items[1].Quiz, "a quiz without questions is none")
	return lesson, items[1].Quiz
}

// asked counts the requests for a practice, its solves and its other questions.
func (e exam) asked() [3]int {
	return [3]int{e.model.Count(llmtest.Practice), e.model.Count(llmtest.Solve), e.model.Count(llmtest.Questions)}
}

func requireScore(t *testing.T, l courses.Lesson, agreed, asked int) {
	t.Helper()
	require.Equal(t, asked, l.QuizAsked, "asked")
	require.Equal(t, agreed, l.QuizAgreed, "agreed")
}

func TestTheSolverDoesNotSeeTheAnswers(t *testing.T) {
	t.Parallel()
	e := newExam(t)
	require.NoError(t, e.practise(1))
	lesson, quiz := e.kept(t)
	require.Len(t, quiz, 3)
	requireScore(t, lesson, 3, 3)
	require.Equal(t, [3]int{1, 1, 0}, e.asked())
	require.Equal(t, 1, lesson.PracticeRevision)
	require.NotEmpty(t, lesson.KeyTerms)
	for _, r := range e.model.Requests() {
		if r.Kind == llmtest.Solve {
			require.NotContains(t, r.Body, quiz[0].Explanation, "the solver does not see it")
		}
	}
}

func TestAQuizThatIsNeverSolvedTheSameWayIsLeftOut(t *testing.T) {
	t.Parallel()
	e := newExam(t)
	e.model.On(llmtest.Solve, 0, llmtest.DisagreeSolve())
	require.NoError(t, e.practise(1))
	lesson, quiz := e.kept(t)
	require.Empty(t, quiz)
	requireScore(t, lesson, 0, 3)
	require.Equal(t, [3]int{1, 2, 1}, e.asked(), "others are asked for once")

	e.model.Heal()
	require.NoError(t, e.practise(2))
	lesson, quiz = e.kept(t)
	require.Len(t, quiz, 3)
	requireScore(t, lesson, 3, 3)
}

// madeQuiz returns a practice whose right options are recognisable by their words.
func madeQuiz() llmtest.Fault {
	question := func(prompt string, answer int) map[string]any {
		options := []string{"Because of the wind on the sea", "Because of the salt in the sea", "Because of the fish in the sea", "Because of the sand in the sea"}
		options[answer] = "Because the right pull is at work here"
		return map[string]any{"prompt": prompt, "options": options, "answer": answer, "explanation": "The lesson says so in its first part."}
	}
	text, err := json.Marshal(map[string]any{
		"study_questions": []string{"How would you explain the lesson to a friend?", "Which example shows it best?"},
		"key_terms":       []any{},
		"quiz": []any{
			question("Why does the water rise in the harbour?", 0),
			question("Why does the water fall in the harbour?", 2),
			question("Why does the water turn in the harbour?", 3),
		},
	})
	if err != nil {
		panic(err)
	}
	return llmtest.Text(string(text))
}

var shownOption = regexp.MustCompile(`(?m)^\| Question (\d), option (\d): (.*)$`)

// solved answers the made quiz correctly, except questions that contain a word.
func solved(r llmtest.Request, wrong string) llmtest.Fault {
	var answers []int
	turned := map[string]bool{}
	for l := range strings.Lines(r.Prompt()) {
		if strings.HasPrefix(l, "| Question ") && !strings.Contains(l, "option") {
			turned[l[len("| Question "):len("| Question ")+1]] = strings.Contains(l, wrong)
		}
	}
	for _, m := range shownOption.FindAllStringSubmatch(r.Prompt(), -1) {
		if place := int(m[2][0] - '0'); strings.Contains(m[3], "the right pull") {
			if turned[m[1]] {
				place = (place + 1) % 4
			}
			answers = append(answers, place)
		}
	}
	text, err := json.Marshal(map[string]any{"answers": answers})
	if err != nil {
		panic(err)
	}
	return llmtest.Text(string(text))
}

func TestTheOneQuestionThatDoesNotPassIsReplaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		replacement llmtest.Fault // of the other question; nil: a good one
		want        []string
	}{
		"by another":                     {nil, []string{"rise", "turn", ""}},
		"by nothing, when it fails, too": {llmtest.DisagreeSolve(), []string{"rise", "turn"}},
		"by nothing, when unusable":      {llmtest.BrokenJSON(), []string{"rise", "turn"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newExam(t)
			e.model.On(llmtest.Practice, 1, madeQuiz())
			e.model.Script(func(r llmtest.Request) []llmtest.Fault {
				switch {
				case r.Kind == llmtest.Solve && r.Nth == 1:
					return []llmtest.Fault{solved(r, "fall")}
				case r.Kind == llmtest.Solve && c.replacement != nil:
					return []llmtest.Fault{c.replacement}
				default:
					return nil
				}
			})
			require.NoError(t, e.practise(1))
			lesson, quiz := e.kept(t)
			requireScore(t, lesson, 2, 3)
			require.Len(t, quiz, len(c.want))
			for i, word := range c.want {
				require.Contains(t, quiz[i].Prompt, word)
				require.NotContains(t, quiz[i].Prompt, "fall in the harbour")
			}
			for _, r := range e.model.Requests() {
				if r.Kind == llmtest.Questions {
					require.Contains(t, r.Prompt(), "| Asked before: Why does the water fall in the harbour?")
				}
			}
		})
	}
}

func TestAnUnusableSolveCostsTheQuizOnly(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*llmtest.Server){
		"answers that are no JSON":  func(s *llmtest.Server) { s.On(llmtest.Solve, 0, llmtest.BrokenJSON()) },
		"answers of another shape":  func(s *llmtest.Server) { s.On(llmtest.Solve, 0, llmtest.WrongSchema()) },
		"too few answers":           func(s *llmtest.Server) { s.On(llmtest.Solve, 0, llmtest.Text(`{"answers":[]}`)) },
		"answers that are no place": func(s *llmtest.Server) { s.On(llmtest.Solve, 0, llmtest.Text(`{"answers":[7,-1,9]}`)) },
		"a refusal of others": func(s *llmtest.Server) {
			s.On(llmtest.Solve, 0, llmtest.DisagreeSolve())
			s.On(llmtest.Questions, 0, llmtest.Refusal())
		},
		"others with a made-up link": func(s *llmtest.Server) {
			s.On(llmtest.Solve, 1, llmtest.DisagreeSolve())
			s.On(llmtest.Questions, 0, llmtest.InventedLink())
		},
		"others in another language": func(s *llmtest.Server) {
			s.On(llmtest.Solve, 1, llmtest.DisagreeSolve())
			s.On(llmtest.Questions, 0, llmtest.WrongLanguage())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newExam(t)
			spoil(e.model)
			require.NoError(t, e.practise(1))
			lesson, quiz := e.kept(t)
			require.Empty(t, quiz)
			requireScore(t, lesson, 0, 3)
			require.Equal(t, 1, lesson.PracticeRevision)
		})
	}
}

func TestAModelThatGoesAwayDuringASolveIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*llmtest.Server){
		"the solve": func(s *llmtest.Server) { s.On(llmtest.Solve, 1, llmtest.Status(503)) },
		"the other questions": func(s *llmtest.Server) {
			s.On(llmtest.Solve, 1, llmtest.DisagreeSolve())
			s.On(llmtest.Questions, 1, llmtest.Cut())
		},
		"their solve": func(s *llmtest.Server) {
			s.On(llmtest.Solve, 1, llmtest.DisagreeSolve())
			s.On(llmtest.Solve, 2, llmtest.Status(502))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newExam(t)
			spoil(e.model)
			requireFailure(t, e.practise(1), "unavailable", false)
			require.Zero(t, e.read(t).Lessons[0].PracticeRevision, "nothing half done is kept")
			var items int64
			require.NoError(t, e.db.Model(&courses.Item{}).Count(&items).Error)
			require.Zero(t, items)

			e.model.Heal()
			require.NoError(t, e.practise(1))
			lesson, quiz := e.kept(t)
			require.Len(t, quiz, 3)
			requireScore(t, lesson, 3, 3)
		})
	}
}

func TestTheBuiltInWritersQuizIsNotPutToATest(t *testing.T) {
	t.Parallel()
	e := newExam(t)
	in := activities.LessonInput{CourseID: e.course, LessonID: e.first.ID, Revision: 1, Fallback: true}
	_, err := e.ExecuteActivity(e.writing.WritePractice, in)
	require.NoError(t, err)
	lesson, _ := e.kept(t)
	requireScore(t, lesson, 0, 0)
	require.Equal(t, [3]int{}, e.asked())
}

func TestTheOrderOfOptionsSaysNothing(t *testing.T) {
	t.Parallel()
	e := newExam(t)
	e.model.On(llmtest.Practice, 1, madeQuiz())
	e.model.Script(func(r llmtest.Request) []llmtest.Fault {
		if r.Kind != llmtest.Solve {
			return nil
		}
		return []llmtest.Fault{solved(r, "nowhere")}
	})
	require.NoError(t, e.practise(1))
	_, stored := e.kept(t)
	require.Len(t, stored, 3)
	id := courses.ItemID(e.first.ID, 2).String()
	var item courses.Item
	require.NoError(t, e.db.First(&item, "id = ?", id).Error)
	for i, answer := range []int{0, 2, 3} {
		options := []string{"Because of the wind on the sea", "Because of the salt in the sea", "Because of the fish in the sea", "Because of the sand in the sea"}
		options[answer] = "Because the right pull is at work here"
		want := quiz.Arrange(id+"/"+stored[i].ID, quiz.Question{Options: options, Answer: answer})
		require.Equal(t, want.Options, stored[i].Options)
		require.Equal(t, want.Answer, stored[i].Answer)
		require.Contains(t, stored[i].Options[stored[i].Answer], "right pull")
		require.Contains(t, item.Content, "   - A) "+want.Options[0]+"\n   - B) "+want.Options[1]+"\n", "the text has the same order")
	}
}
