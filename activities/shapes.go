package activities

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/activities/llm"
	quizzes "github.com/lyoapp/lyo/activities/quiz"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/quality"
	texts "github.com/lyoapp/lyo/models/text"
)

// planned returns the course with the outline applied, which is in the locale written.
func planned(c courses.Course, o llm.Outline, gen Generation, written string, now time.Time) courses.Course {
	gen.AskedWriter = c.Generation.AskedWriter
	c.Title, c.Summary, c.Tags, c.Generation, c.UpdatedAt = o.Title, o.Summary, o.Tags, gen, now
	if c.Description == "" {
		c.Description = o.Description
	}
	if written != c.Locale {
		c.Generation.AskedLocale, c.Locale = c.Locale, written
	}
	c.Lessons = nil
	for i, p := range o.Lessons {
		c.Lessons = append(c.Lessons, plannedLesson(c.ID, i+1, p, now))
	}
	return c
}

// writtenLocale returns the locale of what a writer writes: the built-in one knows only English.
func writtenLocale(c courses.Course, fallback bool) string {
	if fallback && baseOf(c.Locale) != "en" {
		return "en"
	}
	return c.Locale
}

// askedLocale returns the locale to be written in: of the built-in writer's course the one that was asked
// for, so that its texts say why they are in English.
func askedLocale(c courses.Course, fallback bool) string {
	if fallback {
		return cmp.Or(c.Generation.AskedLocale, c.Locale)
	}
	return c.Locale
}

func plannedLesson(course uuid.UUID, position int, p llm.LessonPlan, now time.Time) courses.Lesson {
	return courses.Lesson{
		ID: courses.LessonID(course, position), CourseID: course, Position: position,
		Title: p.Title, Summary: p.Summary, Objectives: p.Objectives, Prerequisites: p.Prerequisites,
		EstimatedDurationMinutes: p.Minutes, CreatedAt: now, UpdatedAt: now,
	}
}

// replanned returns the course with its learner's plan applied.
func replanned(c courses.Course, plan PlanEdit, now time.Time) courses.Course {
	if plan.Title != "" {
		c.Title = plan.Title
	}
	c.UpdatedAt, c.Lessons = now, nil
	for i, l := range plan.Lessons {
		c.Lessons = append(c.Lessons, plannedLesson(c.ID, i+1, llm.LessonPlan{
			Title: l.Title, Summary: l.Summary, Objectives: l.Objectives, Prerequisites: l.Prerequisites, Minutes: l.Minutes,
		}, now))
	}
	return c
}

func planOf(l courses.Lesson) llm.LessonPlan {
	return llm.LessonPlan{
		Title: l.Title, Summary: l.Summary, Objectives: l.Objectives,
		Prerequisites: l.Prerequisites, Minutes: l.EstimatedDurationMinutes,
	}
}

// judge sets the quality of a lesson from its text.
func judge(l *courses.Lesson, c courses.Course, tooHard bool) {
	score := quality.Quality(l.Content, c.Locale, c.DifficultyLevel)
	if tooHard {
		score = score.TooHard()
	}
	l.QualityScore, l.Quality = &score.Total, score.Parts()
	if level := quality.ReadingLevel(l.Content, c.Locale); level > 0 {
		l.ReadingLevel = &level
	}
}

func lessonRequest(c courses.Course, l courses.Lesson, in LessonInput) llm.LessonRequest {
	titles := make([]string, len(c.Lessons))
	for i, other := range c.Lessons {
		titles[i] = other.Title
	}
	return llm.LessonRequest{
		Brief: briefOf(c, in.Fallback), CourseTitle: c.Title, Titles: titles, Number: l.Position, Feedback: in.Feedback,
		Plan: planOf(l),
	}
}

// itemWords are the titles and summaries of Lyo's own items.
type itemWords struct{ study, aboutStudy, quiz, aboutQuiz string }

var englishWords = itemWords{
	"Study questions", "Questions to answer in your own words after reading the lesson.", "Quiz", "%d questions about what the lesson says.",
}

// practiceItems returns the items Lyo writes for a lesson: study questions to think
// about, and a quiz if any question passed. Neither comes from a website, so neither
// has an address.
func practiceItems(c courses.Course, l courses.Lesson, p llm.Practice, words itemWords, now time.Time) []courses.Item {
	study := ownItem(c, l, 1, "text", words.study+": "+l.Title, now)
	study.Summary = words.aboutStudy
	study.Content = numbered(p.StudyQuestions)
	if len(p.Quiz) == 0 {
		return []courses.Item{withWords(study)}
	}
	quiz := ownItem(c, l, 2, "quiz", words.quiz+": "+l.Title, now)
	if words.aboutQuiz != "" {
		quiz.Summary = fmt.Sprintf(words.aboutQuiz, len(p.Quiz))
	}
	for i, q := range p.Quiz {
		quiz.Quiz = append(quiz.Quiz, arranged(quiz.ID, fmt.Sprintf("q%d", i+1), q))
	}
	quiz.Content = quizText(quiz.Quiz)
	return []courses.Item{withWords(study), withWords(quiz)}
}

// arranged returns a question as it is stored, with its options in an order that follows from its id. Answers
// to it are stored by place, so the order never changes afterwards.
func arranged(item uuid.UUID, id string, q llm.Question) courses.QuizQuestion {
	a := quizzes.Arrange(item.String()+"/"+id, quizzes.Question{Options: q.Options, Answer: q.Answer, Explanation: q.Explanation})
	return courses.QuizQuestion{ID: id, Kind: "single_choice", Prompt: q.Prompt, Options: a.Options, Answer: a.Answer, Explanation: a.Explanation}
}

func ownItem(c courses.Course, l courses.Lesson, position int, kind, title string, now time.Time) courses.Item {
	return courses.Item{
		ID: courses.ItemID(l.ID, position), CourseID: c.ID, LessonID: l.ID, Position: position,
		Type: kind, Title: title, Source: courses.SourceLyo, Attribution: "Written for this course", Tags: c.Tags,
		DifficultyLevel: c.DifficultyLevel, Language: c.Locale, IsFree: true, PublishedAt: &now, CreatedAt: now,
	}
}

func withWords(i courses.Item) courses.Item {
	n := texts.CountWords(i.Content)
	i.WordCount = &n
	return i
}

func numbered(lines []string) string {
	var b strings.Builder
	for i, line := range lines {
		fmt.Fprintf(&b, "%d. %s\n", i+1, line)
	}
	return b.String()
}

// quizText returns the quiz as Markdown, without the answers.
func quizText(questions []courses.QuizQuestion) string {
	var b strings.Builder
	for i, q := range questions {
		fmt.Fprintf(&b, "%d. %s\n", i+1, q.Prompt)
		for n, option := range q.Options {
			fmt.Fprintf(&b, "   - %c) %s\n", 'A'+n, option)
		}
	}
	return b.String()
}
