package activities

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/failover"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

// Writer writes the parts of a course. It is implemented by the model and by the built-in
// outline writer.
type Writer = failover.Writer

// CourseActivities has parts of a course written and saves them.
type CourseActivities struct {
	DB *gorm.DB
	// Model is nil when none is configured.
	Model Writer
	// Builtin writes courses when the model cannot be reached; nil when that is not allowed.
	Builtin Writer
	Clock   func() time.Time
	Log     *slog.Logger
	// Titles lets titles of lessons into results, and so into Temporal's histories.
	Titles bool
	// Safety gives a second opinion on what a learner requests; nil: none.
	Safety Safety
	// Embedder finds questions that ask the same in other words; nil: words alone decide.
	Embedder Embedder
	// Spent is called after every conversation; nil: no call.
	Spent func(context.Context, courses.ModelCall)

	quoted quotedCourses
	turns  turns
}

// Prepared is the chosen writer of a course. The choice holds for the whole course.
type Prepared struct {
	Fallback   bool       `json:"fallback"`
	Generation Generation `json:"generation"`
	// Embeds says that its lessons are compared by embeddings, which a model server is asked for.
	Embeds bool `json:"embeds,omitempty"`
}

// Prepare decides whether the course is written, and by which writer. It writes nothing.
func (w *CourseActivities) Prepare(ctx context.Context, course uuid.UUID) (Prepared, error) {
	c, err := courses.PlanToWrite(ctx, w.DB, course)
	if err == nil {
		err = w.allowed(ctx, c)
	}
	if err != nil {
		return Prepared{}, toApplicationError(err)
	}
	if w.quotes(c) {
		return Prepared{Fallback: true, Generation: w.quotedGeneration(c), Embeds: w.Embedder != nil}, nil
	}
	info, err := w.choose(ctx, c.Generation.AskedWriter)
	if err != nil {
		return Prepared{}, toModelError(err, activity.GetInfo(ctx).Attempt)
	}
	return Prepared{info.Fallback, generationBy(info), w.Embedder != nil}, nil
}

func generationBy(info llm.Info) Generation {
	return Generation{
		Model: info.Model, ModelVersion: info.Version, Provider: info.Provider,
		PromptVersion: info.PromptVersion, Fallback: info.Fallback,
	}
}

// quotes reports whether the course is to be made of quotations, whatever model there is.
func (w *CourseActivities) quotes(c courses.Course) bool {
	asked := c.Generation.AskedWriter
	return asked == courses.WriterExtractive || asked == "" && w.Model == nil && w.Builtin == nil || c.Extractive() && len(c.Lessons) > 0
}

func (w *CourseActivities) choose(ctx context.Context, asked string) (llm.Info, error) {
	insists := w.Builtin == nil || asked == courses.WriterModel
	if w.Model == nil && insists {
		return llm.Info{}, store.Errorf(store.Invalid, "No model is configured.")
	}
	if w.Model != nil {
		info, err := w.Model.Probe(ctx)
		if err == nil || insists || ctx.Err() != nil {
			return info, err
		}
		w.Log.WarnContext(ctx, "the model cannot be reached, this course is written without one", "error", err)
	}
	return w.Builtin.Info(), nil
}

func (w *CourseActivities) writer(fallback bool) (Writer, error) {
	chosen := w.Model
	if fallback {
		chosen = w.Builtin
	}
	if chosen == nil {
		return nil, failure("The writer this course was begun with is not configured here.", string(store.Unavailable), nil, false, 0)
	}
	return chosen, nil
}

// OutlineInput requests a course's plan.
type OutlineInput struct {
	CourseID   uuid.UUID  `json:"course_id"`
	Generation Generation `json:"generation"`
}

// LessonRef identifies a lesson to the workflow, with its versions.
type LessonRef struct {
	ID               uuid.UUID `json:"id"`
	Number           int       `json:"number"`          // from 1
	Title            string    `json:"title,omitempty"` // "" where titles may not be in Temporal
	Revision         int       `json:"revision,omitempty"`
	PracticeRevision int       `json:"practice_revision,omitempty"`
}

// refs returns the lessons as the workflow knows them, with titles only where those may be in Temporal.
func refs(lessons []courses.Lesson, titles bool) []LessonRef {
	found := make([]LessonRef, len(lessons))
	for i, l := range lessons {
		found[i] = LessonRef{l.ID, l.Position, "", l.Revision, l.PracticeRevision}
		if titles {
			found[i].Title = l.Title
		}
	}
	return found
}

// WriteOutline has the course planned and saves the plan. Key: the course; existing
// lessons stay, and the model is not called again.
func (w *CourseActivities) WriteOutline(ctx context.Context, in OutlineInput) ([]LessonRef, error) {
	c, err := courses.PlanToWrite(ctx, w.DB, in.CourseID)
	if err != nil {
		return nil, toApplicationError(err)
	}
	if len(c.Lessons) == 0 {
		if c, err = w.plan(ctx, c, in.Generation); err != nil {
			return nil, err
		}
	}
	return refs(c.Lessons, w.Titles), nil
}

func (w *CourseActivities) plan(ctx context.Context, c courses.Course, gen Generation) (courses.Course, error) {
	if gen.Fallback || gen.Provider == courses.WriterExtractive {
		quoted, ok, err := w.quote(ctx, c)
		if err != nil {
			return c, err
		}
		if ok {
			return w.planQuoted(ctx, c, quoted)
		}
		if w.Builtin == nil {
			return c, failure("There is too little text to make a course of. Bring material of your own, or name a topic that the reference sites know.", FailureNoText, nil, true, 0)
		}
		gen = generationBy(w.Builtin.Info())
	}
	writer, err := w.writer(gen.Fallback)
	if err != nil {
		return c, err
	}
	var at atHand
	if !gen.Fallback { // the built-in writer uses no material
		if at, err = w.atHand(ctx, c, c.Topic); err != nil {
			return c, toApplicationError(err)
		}
	}
	request := llm.OutlineRequest{Brief: briefOf(c, gen.Fallback), Excerpts: at.excerpts}
	outline, err := converse(ctx, w, c, "outline", gen.Fallback, func(ctx context.Context, session *llm.Session) (llm.Outline, llm.Usage, error) {
		return writer.Outline(ctx, request, session)
	})
	if err != nil {
		return c, err
	}
	kept, err := courses.SaveOutline(ctx, w.DB, planned(c, outline, gen, writtenLocale(c, gen.Fallback), w.Clock()))
	return kept, w.saved(ctx, gen.Fallback, err)
}

// LessonInput requests one lesson.
type LessonInput struct {
	CourseID uuid.UUID `json:"course_id"`
	LessonID uuid.UUID `json:"lesson_id"`
	Fallback bool      `json:"fallback"`
	// Revision is 1 for the first version of the text, 2 for the improved one.
	Revision int `json:"revision"`
	// Feedback lists the faults of the previous version.
	Feedback []string `json:"feedback,omitempty"`
}

// WriteLesson has a lesson's text written and saves it with its quality score. Key:
// (lesson, revision); for an existing revision the model is not called again.
func (w *CourseActivities) WriteLesson(ctx context.Context, in LessonInput) error {
	c, lesson, err := w.lesson(ctx, in)
	if err != nil || lesson.Revision >= in.Revision {
		return toApplicationError(err)
	}
	return w.writeText(ctx, c, &lesson, in)
}

// WholeLessonInput requests a lesson with its practice.
type WholeLessonInput struct {
	LessonInput
	// PracticeRevision is that of the practice, as Revision is that of the text.
	PracticeRevision int `json:"practice_revision"`
}

// WriteLessonAndPractice is WriteLesson and then WritePractice, with their keys: an attempt does what is missing.
func (w *CourseActivities) WriteLessonAndPractice(ctx context.Context, in WholeLessonInput) error {
	c, lesson, err := w.lesson(ctx, in.LessonInput)
	if err != nil || lesson.PracticeRevision >= in.PracticeRevision {
		return toApplicationError(err)
	}
	if lesson.Revision < in.Revision {
		err = w.writeText(ctx, c, &lesson, in.LessonInput)
	} else {
		err = toApplicationError(courses.ReadText(ctx, w.DB, &lesson))
	}
	if err != nil {
		return err
	}
	in.Revision = in.PracticeRevision
	return w.practise(withPart(ctx, 1), c, &lesson, in.LessonInput)
}

// writeText writes and saves a lesson's text.
func (w *CourseActivities) writeText(ctx context.Context, c courses.Course, lesson *courses.Lesson, in LessonInput) error {
	if c.Extractive() {
		return w.writeQuoted(ctx, c, lesson, in)
	}
	writer, err := w.writer(in.Fallback)
	if err != nil {
		return err
	}
	var at atHand
	if !in.Fallback { // the built-in writer uses no material
		if at, err = w.atHand(ctx, c, lesson.Title+" "+lesson.Summary); err != nil {
			return toApplicationError(err)
		}
	}
	request := lessonRequest(c, *lesson, in)
	request.Excerpts, request.Check = at.excerpts, at.doubts(c.Locale)
	text, err := converse(ctx, w, c, "lesson", in.Fallback, func(ctx context.Context, session *llm.Session) (llm.LessonText, llm.Usage, error) {
		return writer.Lesson(ctx, request, session)
	})
	if err != nil {
		return err
	}
	now := w.Clock()
	cited := w.citations(ctx, at, text.Markdown, c.Locale)
	lesson.Content, lesson.Revision = cited.text, in.Revision
	if lesson.Quotations, err = w.quotations(ctx, cited.quotes); err != nil {
		return toApplicationError(err)
	}
	lesson.ClaimsCut = cited.cut
	lesson.WrittenAt, lesson.UpdatedAt = &now, now
	lesson.Citations = at.cited(text.Cited)
	c.Locale = writtenLocale(c, in.Fallback)
	judge(lesson, c, text.TooHard)
	return w.saved(ctx, in.Fallback, courses.SaveLesson(ctx, w.DB, *lesson))
}

// SummaryInput requests a course's summary.
type SummaryInput struct {
	CourseID uuid.UUID `json:"course_id"`
	Fallback bool      `json:"fallback"`
}

// WriteSummary has the course's summary and description rewritten from its plan.
// Key: the course; a second run replaces the first one's summary.
func (w *CourseActivities) WriteSummary(ctx context.Context, in SummaryInput) error {
	c, err := courses.PlanToWrite(ctx, w.DB, in.CourseID)
	if err != nil {
		return toApplicationError(err)
	}
	writer, err := w.writer(in.Fallback)
	if err != nil {
		return err
	}
	request := llm.SummaryRequest{Brief: briefOf(c, in.Fallback), CourseTitle: c.Title}
	for _, l := range c.Lessons {
		request.Lessons = append(request.Lessons, planOf(l))
	}
	summary, err := converse(ctx, w, c, "summary", in.Fallback, func(ctx context.Context, session *llm.Session) (llm.CourseSummary, llm.Usage, error) {
		return writer.Summary(ctx, request, session)
	})
	if err != nil {
		return err
	}
	return w.saved(ctx, in.Fallback, courses.SaveSummary(ctx, w.DB, c.ID, summary.Summary, summary.Description, w.Clock()))
}

func (w *CourseActivities) lesson(ctx context.Context, in LessonInput) (courses.Course, courses.Lesson, error) {
	c, err := courses.PlanToWrite(ctx, w.DB, in.CourseID)
	if err != nil {
		return c, courses.Lesson{}, err
	}
	for _, l := range c.Lessons {
		if l.ID == in.LessonID {
			return c, l, nil
		}
	}
	return c, courses.Lesson{}, store.Missing("lesson", in.LessonID)
}

func briefOf(c courses.Course, fallback bool) llm.Brief {
	brief := llm.Brief{
		Topic: c.Topic, Description: c.Description, Interests: c.Interests,
		Level: c.DifficultyLevel, Locale: askedLocale(c, fallback),
	}
	if c.TargetDurationHours != nil {
		brief.Hours = *c.TargetDurationHours
	}
	if format, ok := c.Preferences["format"].(string); ok {
		brief.Format = strings.TrimSpace(format)
	}
	return brief
}
