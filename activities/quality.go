package activities

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/quality"
)

// QualityActivities checks a course's quality, and changes its plan as the learner
// requests.
type QualityActivities struct {
	DB    *gorm.DB
	Clock func() time.Time
	// Titles lets titles of lessons into results, and so into Temporal's histories.
	Titles bool
	// Embedder finds lessons that say the same in other words; nil: words alone decide.
	Embedder Embedder
	Log      *slog.Logger // needed with an Embedder
}

// ListLessons returns the course's lessons. It writes nothing.
func (ch *QualityActivities) ListLessons(ctx context.Context, course uuid.UUID) ([]LessonRef, error) {
	c, err := courses.PlanToWrite(ctx, ch.DB, course)
	return refs(c.Lessons, ch.Titles), toApplicationError(err)
}

// PlanEdit is a plan as edited by its learner.
type PlanEdit = courses.EditedPlan

// LessonEdit is one lesson of an edited plan.
type LessonEdit = courses.EditedLesson

// EditInput is an edited plan and its course.
type EditInput struct {
	CourseID uuid.UUID `json:"course_id"`
	PlanID   uuid.UUID `json:"plan_id,omitzero"`
	// Plan is used where there is no PlanID: by runs whose plan was edited before plans were stored.
	Plan PlanEdit `json:"plan,omitzero"`
}

// EditPlan replaces a plan of which nothing is written yet. Key: the course; the
// same plan twice is the same as once. The stored plan stays until the task ends.
func (ch *QualityActivities) EditPlan(ctx context.Context, in EditInput) ([]LessonRef, error) {
	c, err := courses.PlanToWrite(ctx, ch.DB, in.CourseID)
	if err != nil {
		return nil, toApplicationError(err)
	}
	if in.PlanID != uuid.Nil {
		edit, err := courses.FindPlanEdit(ctx, ch.DB, in.PlanID, in.CourseID)
		if err != nil {
			return nil, toApplicationError(err)
		}
		in.Plan = edit.Plan
	}
	c = replanned(c, in.Plan, ch.Clock())
	return refs(c.Lessons, ch.Titles), toApplicationError(courses.ReplacePlan(ctx, ch.DB, c))
}

// WeakLesson is a lesson that should be rewritten, with the reasons.
type WeakLesson struct {
	ID      uuid.UUID `json:"id"`
	Number  int       `json:"number"`
	Reasons []string  `json:"reasons"`
}

// FindWeakLessons applies the rules of package quality to the written lessons. It
// writes nothing. Without embeddings, when they cannot be had within embedWithin, lessons are compared by
// their words alone: that is logged.
func (ch *QualityActivities) FindWeakLessons(ctx context.Context, course uuid.UUID) ([]WeakLesson, error) {
	c, err := courses.CourseToWrite(ctx, ch.DB, course)
	if err != nil {
		return nil, toApplicationError(err)
	}
	if c.Extractive() {
		return []WeakLesson{}, nil // nobody can write it otherwise
	}
	var written []courses.Lesson
	var texts []quality.Lesson
	for _, l := range c.Lessons {
		if l.Revision > 0 {
			written = append(written, l)
			texts = append(texts, quality.Lesson{Title: ch.nameOf(l), Text: l.Content})
		}
	}
	if err := ch.embed(ctx, c, texts); err != nil {
		return nil, err
	}
	weak := []WeakLesson{}
	for i, reasons := range quality.Weaknesses(texts) {
		reasons = append(reasons, lowScore(written[i])...)
		if len(reasons) > 0 {
			weak = append(weak, WeakLesson{written[i].ID, written[i].Position, reasons})
		}
	}
	return weak, nil
}

// nameOf returns how the reasons call a lesson: by its title only where titles may be in Temporal.
func (ch *QualityActivities) nameOf(l courses.Lesson) string {
	if ch.Titles {
		return l.Title
	}
	return fmt.Sprintf("number %d", l.Position)
}

// embed sets the lessons' embeddings where they can be had. The built-in writer's lessons have one frame, so
// that they would be alike whatever they are about. The error is that of ctx.
func (ch *QualityActivities) embed(ctx context.Context, c courses.Course, lessons []quality.Lesson) error {
	if ch.Embedder == nil || len(lessons) < 2 || c.Generation.Fallback {
		return nil
	}
	err := embedLessons(ctx, ch.Embedder, lessons)
	if err != nil && ctx.Err() == nil {
		ch.Log.WarnContext(ctx, "no embeddings could be had, lessons are compared by their words", "course_id", c.ID, "error", err)
	}
	return ctx.Err()
}

// leastQuality is the score below which a lesson is rewritten.
const leastQuality = 0.45

// lowScore returns what a lesson with a low score lacks most.
func lowScore(l courses.Lesson) []string {
	if l.QualityScore == nil || *l.QualityScore >= leastQuality {
		return nil
	}
	advice := map[string]string{
		"length": "It says too little.", "structure": "It lacks headings and paragraphs.", "examples": "It shows no worked example.",
		"summary": "It does not close with a summary.", "repetition": "It says the same things again and again.",
		"readability": "Its sentences do not suit the level.",
	}
	worst, lowest := "", 2.0
	for _, part := range slices.Sorted(maps.Keys(advice)) {
		if value, ok := l.Quality[part]; ok && value < lowest {
			worst, lowest = part, value
		}
	}
	if worst == "" {
		return nil
	}
	return []string{advice[worst]}
}
