package activities

import (
	"context"
	"slices"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/courses"
)

// WritePractice has study questions, key terms and a quiz made from a lesson's text and
// saves them. An independent solve must find the quiz's answers again: questions where
// it does not are replaced once, and dropped if that fails. Key: (lesson, revision), as
// for WriteLesson.
func (w *CourseActivities) WritePractice(ctx context.Context, in LessonInput) error {
	c, lesson, err := w.lesson(ctx, in)
	if err != nil || lesson.PracticeRevision >= in.Revision {
		return toApplicationError(err)
	}
	writer, err := w.writer(in.Fallback)
	if err != nil {
		return err
	}
	request := llm.PracticeRequest{Brief: briefOf(c, in.Fallback), LessonTitle: lesson.Title, LessonText: lesson.Content}
	practice, err := converse(ctx, w, c, "practice", func(ctx context.Context, session *llm.Session) (llm.Practice, llm.Usage, error) {
		return writer.Practice(ctx, request, session)
	})
	if err != nil {
		return err
	}
	lesson.QuizAsked, lesson.QuizAgreed = 0, 0
	if !in.Fallback { // the built-in writer takes its questions from the text itself
		exam := &exam{w: w, writer: writer, course: c, lesson: &lesson}
		if practice.Quiz, err = exam.pass(ctx, practice.Quiz); err != nil {
			return err
		}
	}
	lesson.PracticeRevision, lesson.UpdatedAt, lesson.KeyTerms = in.Revision, w.Clock(), termsOf(practice.KeyTerms)
	return w.saved(ctx, courses.SavePractice(ctx, w.DB, lesson, practiceItems(c, lesson, practice, in.Fallback, w.Clock())))
}

// exam validates a quiz.
type exam struct {
	w      *CourseActivities
	writer Writer
	course courses.Course
	lesson *courses.Lesson
}

// pass returns the questions whose answers the solve confirmed, first the original ones,
// then replacements for the others.
func (e *exam) pass(ctx context.Context, quiz []llm.Question) ([]llm.Question, error) {
	if len(quiz) == 0 {
		return nil, nil
	}
	agreed, err := e.agreed(ctx, "solve", quiz)
	if err != nil {
		return nil, err
	}
	e.lesson.QuizAsked, e.lesson.QuizAgreed = len(quiz), len(agreed)
	if len(agreed) == len(quiz) {
		return quiz, nil
	}
	again, err := e.replace(ctx, quiz, len(quiz)-len(agreed))
	if err != nil {
		return nil, err
	}
	return append(agreed, again...), nil
}

// replace requests n other questions and returns those that pass.
func (e *exam) replace(ctx context.Context, quiz []llm.Question, n int) ([]llm.Question, error) {
	request := llm.QuestionsRequest{Brief: briefOf(e.course, false), LessonTitle: e.lesson.Title, LessonText: e.lesson.Content, Count: n}
	for _, q := range quiz {
		request.Avoid = append(request.Avoid, q.Prompt)
	}
	fresh, err := converseOnce(ctx, e.w, e.course, "questions", func(ctx context.Context, session *llm.Session) ([]llm.Question, llm.Usage, error) {
		return e.writer.Questions(ctx, request, session)
	})
	if err != nil {
		return nil, unlessUnusable(err)
	}
	fresh = slices.DeleteFunc(fresh, func(q llm.Question) bool { return slices.Contains(request.Avoid, q.Prompt) })
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
