package eval

import (
	"context"
	"math"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/quality"
)

// Course holds the measurements of a course.
type Course struct {
	Topic         Topic
	Conversations []Conversation
	Lessons       []Lesson
	Alike         int // lessons nearly equal to another one of the course
	Links         int // URLs that the model was not given
	Placeholders  int // reserved example URLs in code
}

// Lesson holds the measurements of a lesson.
type Lesson struct {
	Level         string
	ReadingLevel  float64 // in school years; 0: unknown
	Quality       float64 // 0 to 1
	Language      verdict
	Asked, Agreed int // quiz questions solved anew, and those answered the same way
	text          string
}

// session writes one course.
type session struct {
	o      Options
	brief  llm.Brief
	course Course
}

func write(ctx context.Context, o Options, t Topic) Course {
	s := &session{o: o, course: Course{Topic: t}, brief: llm.Brief{Topic: t.Text, Level: t.Level, Locale: t.Locale}}
	outline, ok := converse(ctx, s, "outline", func() (llm.Outline, llm.Usage, error) {
		return o.Writer.Outline(ctx, llm.OutlineRequest{Brief: s.brief}, nil)
	})
	if ok {
		s.links(textsOfOutline(outline)...)
		for n := range min(o.Lessons, len(outline.Lessons)) {
			s.lesson(ctx, outline, n)
		}
	}
	s.course.Alike = alike(s.course.Lessons)
	return s.course
}

func (s *session) lesson(ctx context.Context, outline llm.Outline, n int) {
	request := llm.LessonRequest{Brief: s.brief, CourseTitle: outline.Title, Number: n + 1, Plan: outline.Lessons[n]}
	for _, l := range outline.Lessons {
		request.Titles = append(request.Titles, l.Title)
	}
	text, ok := converse(ctx, s, "lesson", func() (llm.LessonText, llm.Usage, error) {
		return s.o.Writer.Lesson(ctx, request, nil)
	})
	if !ok {
		return
	}
	s.links(text.Markdown)
	l := measured(text.Markdown, s.course.Topic)
	l.Asked, l.Agreed = s.quiz(ctx, request.Plan.Title, text.Markdown)
	s.course.Lessons = append(s.course.Lessons, l)
}

func measured(text string, t Topic) Lesson {
	return Lesson{
		Level: t.Level, text: text, ReadingLevel: quality.ReadingLevel(text, t.Locale),
		Quality: quality.Quality(text, t.Locale, t.Level).Total, Language: judge(text, t.Locale),
	}
}

// quiz lets the model write practice and then solve its questions without seeing the answers.
func (s *session) quiz(ctx context.Context, title, text string) (asked, agreed int) {
	practice, ok := converse(ctx, s, "practice", func() (llm.Practice, llm.Usage, error) {
		return s.o.Writer.Practice(ctx, llm.PracticeRequest{Brief: s.brief, LessonTitle: title, LessonText: text}, nil)
	})
	if !ok {
		return 0, 0
	}
	s.links(textsOfPractice(practice)...)
	if len(practice.Quiz) == 0 {
		return 0, 0
	}
	answers, ok := converse(ctx, s, "solve", func() ([]int, llm.Usage, error) {
		return s.o.Writer.Solve(ctx, llm.SolveRequest{Brief: s.brief, LessonTitle: title, LessonText: text, Questions: practice.Quiz}, nil)
	})
	if !ok {
		return 0, 0
	}
	return agreement(practice.Quiz, answers)
}

func agreement(quiz []llm.Question, answers []int) (asked, agreed int) {
	asked = min(len(quiz), len(answers))
	for i := range asked {
		if quiz[i].Answer == answers[i] {
			agreed++
		}
	}
	return asked, agreed
}

// alike counts the lessons that are nearly equal to another lesson of their course.
func alike(lessons []Lesson) int {
	shingles := make([]map[string]bool, len(lessons))
	for i, l := range lessons {
		shingles[i] = quality.Shingles(l.text)
	}
	n := 0
	for i := range lessons {
		most := 0.0
		for j := range lessons {
			if i != j {
				most = math.Max(most, quality.Similarity(shingles[i], shingles[j]))
			}
		}
		if most > quality.MostSimilarity {
			n++
		}
	}
	return n
}
