package courses

import (
	"fmt"
	"math"
	"strconv"

	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/text"
)

// practiceOf returns Lyo's own items of a lesson, as far as its time depends on them.
func practiceOf(tx *gorm.DB, l Lesson) ([]Item, error) {
	if l.PracticeRevision == 0 {
		return nil, nil
	}
	var practice []Item
	err := tx.Select("type", "content", "quiz").Find(&practice, "lesson_id = ? AND source = ?", l.ID, SourceLyo).Error
	return practice, err
}

// questionsOf counts the questions of a lesson's own items: those of quizzes, and the study questions, which
// are a numbered list.
func questionsOf(practice []Item) int {
	questions := 0
	for _, item := range practice {
		if item.Type == "quiz" {
			questions += len(item.Quiz)
		} else {
			questions += text.Steps(item.Content)
		}
	}
	return questions
}

// hoursOf returns the sum of lessons' minutes in hours; nil without a lesson.
func hoursOf(lessons []Lesson) *float64 {
	if len(lessons) == 0 {
		return nil
	}
	minutes := 0
	for _, l := range lessons {
		minutes += l.EstimatedDurationMinutes
	}
	hours := float64(minutes) / 60
	return &hours
}

// saveHours stores the hours of a locked course, by its lessons' minutes.
func saveHours(tx *gorm.DB, c Course) error {
	return tx.Exec(`UPDATE courses SET estimated_duration_hours =
		(SELECT sum(estimated_duration_minutes)::double precision / 60 FROM lessons WHERE course_id = courses.id) WHERE id = ?`, c.ID).Error
}

// otherDuration says how long the written lessons take, where that is more than a third off the hours that
// were asked for.
func otherDuration(c Course) string {
	if c.TargetDurationHours == nil {
		return ""
	}
	minutes := 0
	for _, l := range c.Lessons {
		if l.Revision > 0 {
			minutes += l.EstimatedDurationMinutes
		}
	}
	target, hours := *c.TargetDurationHours, float64(minutes)/60
	if math.Abs(hours-target) <= target/3 {
		return ""
	}
	if hours > target {
		return fmt.Sprintf("The texts take about %s hours, more than the %s you asked for.", roundHours(hours), roundHours(target))
	}
	return fmt.Sprintf("The texts take about %s of the %s hours you asked for.", roundHours(hours), roundHours(target))
}

// roundHours writes hours with at most one digit after the point, and no less than 0.1.
func roundHours(hours float64) string {
	return strconv.FormatFloat(max(math.Round(hours*10)/10, 0.1), 'f', -1, 64)
}
