package activities

import (
	"fmt"
	"strings"
	"time"

	"github.com/lyoapp/lyo/activities/gemma"
	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/curate"
)

// planned is the course with the outline put in.
func planned(c models.Course, o gemma.Outline, gen Generation, now time.Time) models.Course {
	c.Title, c.Summary, c.Tags, c.Generation, c.UpdatedAt = o.Title, o.Summary, o.Tags, gen, now
	if c.Description == "" {
		c.Description = o.Description
	}
	minutes := 0
	for i, p := range o.Lessons {
		minutes += p.Minutes
		c.Lessons = append(c.Lessons, models.Lesson{
			ID: models.LessonID(c.ID, i+1), CourseID: c.ID, Position: i + 1,
			Title: p.Title, Summary: p.Summary, Objectives: p.Objectives, Prerequisites: p.Prerequisites,
			EstimatedDurationMinutes: p.Minutes, CreatedAt: now, UpdatedAt: now,
		})
	}
	hours := float64(minutes) / 60
	c.EstimatedDurationHours = &hours
	return c
}

func lessonRequest(c models.Course, l models.Lesson, feedback []string) gemma.LessonRequest {
	titles := make([]string, len(c.Lessons))
	for i, other := range c.Lessons {
		titles[i] = other.Title
	}
	return gemma.LessonRequest{
		Brief: briefOf(c), CourseTitle: c.Title, Titles: titles, Number: l.Position, Feedback: feedback,
		Plan: gemma.LessonPlan{
			Title: l.Title, Summary: l.Summary, Objectives: l.Objectives,
			Prerequisites: l.Prerequisites, Minutes: l.EstimatedDurationMinutes,
		},
	}
}

// practiceItems are the items of a lesson: study questions to think about, and
// a quiz. Neither comes from anywhere else, so neither has an address.
func practiceItems(c models.Course, l models.Lesson, p gemma.Practice, now time.Time) []models.Item {
	study := ownItem(c, l, 1, "text", "Study questions: "+l.Title, now)
	study.Summary = "Questions to answer in your own words after reading the lesson."
	study.Content = numbered(p.StudyQuestions)
	quiz := ownItem(c, l, 2, "quiz", "Quiz: "+l.Title, now)
	quiz.Summary = fmt.Sprintf("%d questions about what the lesson says.", len(p.Quiz))
	for i, q := range p.Quiz {
		quiz.Quiz = append(quiz.Quiz, models.QuizQuestion{
			ID: fmt.Sprintf("q%d", i+1), Kind: "single_choice", Prompt: q.Prompt,
			Options: q.Options, Answer: q.Answer, Explanation: q.Explanation,
		})
	}
	quiz.Content = quizText(p.Quiz)
	return []models.Item{withWords(study), withWords(quiz)}
}

func ownItem(c models.Course, l models.Lesson, position int, kind, title string, now time.Time) models.Item {
	return models.Item{
		ID: models.ItemID(l.ID, position), CourseID: c.ID, LessonID: l.ID, Position: position,
		Type: kind, Title: title, Source: "lyo", Attribution: "Written for this course", Tags: c.Tags,
		DifficultyLevel: c.DifficultyLevel, Language: c.Locale, IsFree: true, PublishedAt: &now, CreatedAt: now,
	}
}

func withWords(i models.Item) models.Item {
	n := len(curate.Words(i.Content))
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

// quizText is the quiz as Markdown, without the answers.
func quizText(questions []gemma.Question) string {
	var b strings.Builder
	for i, q := range questions {
		fmt.Fprintf(&b, "%d. %s\n", i+1, q.Prompt)
		for n, option := range q.Options {
			fmt.Fprintf(&b, "   - %c) %s\n", 'A'+n, option)
		}
	}
	return b.String()
}
