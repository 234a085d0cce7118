package activities

import (
	"context"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/curate"
)

// Checking reads a course as a critical learner would.
type Checking struct {
	DB *gorm.DB
}

// WeakLesson is a lesson that should be written again, and why.
type WeakLesson struct {
	ID      uuid.UUID `json:"id"`
	Number  int       `json:"number"`
	Reasons []string  `json:"reasons"`
}

// FindWeakLessons applies the rules of package curate to the lessons that were
// written. It writes nothing.
func (ch *Checking) FindWeakLessons(ctx context.Context, course uuid.UUID) ([]WeakLesson, error) {
	c, err := models.CourseToWrite(ctx, ch.DB, course)
	if err != nil {
		return nil, translate(err)
	}
	var written []models.Lesson
	var texts []curate.Lesson
	for _, l := range c.Lessons {
		if l.Revision > 0 {
			written = append(written, l)
			texts = append(texts, curate.Lesson{Title: l.Title, Text: l.Content})
		}
	}
	weak := []WeakLesson{}
	for i, reasons := range curate.Weaknesses(texts) {
		if len(reasons) > 0 {
			weak = append(weak, WeakLesson{written[i].ID, written[i].Position, reasons})
		}
	}
	return weak, nil
}
