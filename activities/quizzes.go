package activities

import (
	"context"
	"slices"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/quality"
)

// WritePractice has study questions, key terms and a quiz made from a lesson's text and
// saves them. An independent solve must find the quiz's answers again: questions where
// it does not are replaced once, and dropped if that fails. So are those that repeat another question, of this
// quiz or of an earlier lesson whose practice is saved already: lessons that are written at the same time do
// not see each other's. Key: (lesson, revision), as for WriteLesson.
func (w *CourseActivities) WritePractice(ctx context.Context, in LessonInput) error {
	c, lesson, err := w.lesson(ctx, in)
	if err != nil || lesson.PracticeRevision >= in.Revision {
		return toApplicationError(err)
	}
	if err := courses.ReadText(ctx, w.DB, &lesson); err != nil {
		return toApplicationError(err)
	}
	return w.practise(ctx, c, &lesson, in)
}

// practise writes and saves a lesson's practice.
func (w *CourseActivities) practise(ctx context.Context, c courses.Course, lesson *courses.Lesson, in LessonInput) error {
	if c.Extractive() {
		return w.practiseQuoted(ctx, c, lesson, in)
	}
	writer, err := w.writer(in.Fallback)
	if err != nil {
		return err
	}
	request := llm.PracticeRequest{Brief: briefOf(c, in.Fallback), LessonTitle: lesson.Title, LessonText: lesson.Content}
	practice, err := converse(ctx, w, c, "practice", in.Fallback, func(ctx context.Context, session *llm.Session) (llm.Practice, llm.Usage, error) {
		return writer.Practice(ctx, request, session)
	})
	if err != nil {
		return err
	}
	lesson.QuizAsked, lesson.QuizAgreed = 0, 0
	if !in.Fallback { // the built-in writer takes its questions from the text itself
		exam := &exam{w: w, writer: writer, course: c, lesson: lesson, embedder: w.Embedder}
		if exam.asked, err = w.askedBefore(ctx, c, *lesson); err != nil {
			return toApplicationError(err)
		}
		if practice.Quiz, err = exam.pass(ctx, practice.Quiz); err != nil {
			return err
		}
	}
	lesson.PracticeRevision, lesson.UpdatedAt, lesson.KeyTerms = in.Revision, w.Clock(), termsOf(practice.KeyTerms)
	c.Locale = writtenLocale(c, in.Fallback)
	return w.saved(ctx, in.Fallback, courses.SavePractice(ctx, w.DB, *lesson, practiceItems(c, *lesson, practice, englishWords, w.Clock())))
}

// exam validates a quiz.
type exam struct {
	w      *CourseActivities
	writer Writer
	course courses.Course
	lesson *courses.Lesson

	asked    []quality.Question // of earlier lessons, and those that this quiz keeps
	repeated []string           // prompts of asked that another question repeated
	embedder Embedder           // nil: none, or it failed
}

// askedBefore returns the questions of the lessons before this one whose practice is saved.
func (w *CourseActivities) askedBefore(ctx context.Context, c courses.Course, lesson courses.Lesson) ([]quality.Question, error) {
	quizzes, err := courses.EarlierQuizzes(ctx, w.DB, c.ID, lesson.Position)
	var asked []quality.Question
	for _, q := range quizzes {
		if q.Answer >= 0 && q.Answer < len(q.Options) {
			asked = append(asked, quality.Question{Prompt: q.Prompt, Answer: q.Options[q.Answer]})
		}
	}
	return asked, err
}

// pass returns the questions whose answers the solve confirmed and that repeat no other, first the original
// ones, then replacements for the others. An attempt that follows one that was cut short solves the same
// questions: what repeats another is left out afterwards.
func (e *exam) pass(ctx context.Context, quiz []llm.Question) ([]llm.Question, error) {
	if len(quiz) == 0 {
		return nil, nil
	}
	agreed, err := e.agreed(ctx, "solve", quiz)
	if err != nil {
		return nil, err
	}
	e.lesson.QuizAsked, e.lesson.QuizAgreed = len(quiz), len(agreed)
	kept, err := e.fresh(ctx, agreed)
	if err != nil || len(kept) == len(quiz) {
		return kept, err
	}
	again, err := e.replace(ctx, quiz, len(quiz)-len(kept))
	if err != nil {
		return nil, err
	}
	again, err = e.fresh(ctx, again)
	return append(kept, again...), err
}

// fresh returns the questions that repeat none that was asked.
func (e *exam) fresh(ctx context.Context, quiz []llm.Question) ([]llm.Question, error) {
	if len(quiz) == 0 {
		return nil, nil
	}
	all := slices.Clone(e.asked)
	for _, q := range quiz {
		all = append(all, quality.Question{Prompt: q.Prompt, Answer: q.Options[q.Answer]})
	}
	if err := e.embed(ctx, all); err != nil {
		return nil, err
	}
	e.asked = all[:len(e.asked):len(e.asked)]
	var kept []llm.Question
	for i, q := range all[len(e.asked):] {
		if twin := slices.IndexFunc(e.asked, q.Repeats); twin >= 0 {
			e.repeated = append(e.repeated, e.asked[twin].Prompt)
			continue
		}
		e.asked = append(e.asked, q)
		kept = append(kept, quiz[i])
	}
	return kept, nil
}

// embed sets the embeddings of questions. Without any, when they cannot be had, questions are compared by
// their words alone: that is logged, and not tried again for this quiz.
func (e *exam) embed(ctx context.Context, questions []quality.Question) error {
	if e.embedder == nil || len(questions) < 2 {
		return nil
	}
	var failed error
	err := lasting(ctx, func(ctx context.Context) error {
		failed = embedQuestions(ctx, e.embedder, questions)
		return ctx.Err() // the activity's end counts, and no other failure
	})
	if err == nil && failed != nil {
		e.embedder = nil
		e.w.Log.WarnContext(ctx, "no embeddings could be had, questions are compared by their words", "course_id", e.course.ID, "error", failed)
	}
	return err
}

// replace requests n other questions and returns those that pass.
func (e *exam) replace(ctx context.Context, quiz []llm.Question, n int) ([]llm.Question, error) {
	request := llm.QuestionsRequest{Brief: briefOf(e.course, false), LessonTitle: e.lesson.Title, LessonText: e.lesson.Content, Count: n}
	for _, q := range quiz {
		request.Avoid = append(request.Avoid, q.Prompt)
	}
	written := len(request.Avoid)
	request.Avoid = append(request.Avoid, e.repeated...)
	fresh, err := converseOnce(ctx, e.w, e.course, "questions", func(ctx context.Context, session *llm.Session) ([]llm.Question, llm.Usage, error) {
		return e.writer.Questions(ctx, request, session)
	})
	if err != nil {
		return nil, unlessUnusable(err)
	}
	fresh = slices.DeleteFunc(fresh, func(q llm.Question) bool { return slices.Contains(request.Avoid[:written], q.Prompt) })
	if len(fresh) == 0 {
		return nil, nil
	}
	return e.agreed(ctx, "solve again", fresh)
}

// agreed returns the questions whose answers the solve confirmed. A solve without a usable
// answer confirms none.
func (e *exam) agreed(ctx context.Context, kind string, quiz []llm.Question) ([]llm.Question, error) {
	request := llm.SolveRequest{Brief: briefOf(e.course, false), LessonTitle: e.lesson.Title, LessonText: e.lesson.Content, Questions: quiz}
	answers, err := converseOnce(ctx, e.w, e.course, kind, func(ctx context.Context, session *llm.Session) ([]int, llm.Usage, error) {
		return e.writer.Solve(ctx, request, session)
	})
	if err != nil {
		return nil, unlessUnusable(err)
	}
	var agreed []llm.Question
	for i, q := range quiz {
		if i < len(answers) && answers[i] == q.Answer {
			agreed = append(agreed, q)
		}
	}
	return agreed, nil
}

// unlessUnusable drops the error of an unusable answer of the model: a quiz may have
// fewer questions.
func unlessUnusable(err error) error {
	if isUnusable(err) {
		return nil
	}
	return err
}

func termsOf(terms []llm.KeyTerm) []courses.KeyTerm {
	kept := make([]courses.KeyTerm, len(terms))
	for i, t := range terms {
		kept[i] = courses.KeyTerm{Term: t.Term, Definition: t.Definition}
	}
	return kept
}
