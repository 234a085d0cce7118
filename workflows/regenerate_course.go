package workflows

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// RegenerateCourseInput requests that parts of a course be written again.
type RegenerateCourseInput struct {
	TaskInput
	// Section is one of activities.SectionLessons, SectionItems and SectionSummary.
	Section string `json:"section"`
	// LessonID restricts it to one lesson; nil means all.
	LessonID *uuid.UUID `json:"lesson_id,omitempty"`
}

// RegenerateCourse writes parts of a course again. Each replaces the old version, which stays
// until then. With missing lessons or practice, the section lessons writes only what is
// missing. A course without a plan is planned first.
func RegenerateCourse(ctx workflow.Context, in RegenerateCourseInput) (GenerateCourseResult, error) {
	g := &generation{in: in.TaskInput, partly: true}
	steps := []step{g.prepare, func(ctx workflow.Context) error { return g.choose(ctx, in) }}
	switch in.Section {
	case activities.SectionSummary:
		steps = append(steps, g.writeSummary)
	case activities.SectionItems:
		steps = append(steps, g.research, g.placeSources, g.writePractice)
	default:
		steps = append(steps, g.writeLessons, g.writePractice, g.mend)
	}
	err := g.run(ctx, append(steps, g.publish)...)
	return GenerateCourseResult{in.CourseID, len(g.lessons)}, err
}

// choose lists the existing lessons and selects what this run writes.
func (g *generation) choose(ctx workflow.Context, in RegenerateCourseInput) error {
	var ch *activities.QualityActivities
	if err := g.progress.database(ctx, "List the lessons", ch.ListLessons, g.in.CourseID).Get(ctx, &g.lessons); err != nil {
		return err
	}
	if len(g.lessons) == 0 {
		return g.startOver(ctx)
	}
	missing := false
	for _, l := range g.lessons {
		missing = missing || l.Revision == 0 || l.PracticeRevision == 0
	}
	for _, l := range g.lessons {
		switch {
		case in.LessonID != nil && *in.LessonID != l.ID:
		case in.Section == activities.SectionItems:
			g.quiz = append(g.quiz, l)
		case in.LessonID != nil || !missing || l.Revision == 0:
			g.write, g.quiz = append(g.write, l), append(g.quiz, l)
		case l.PracticeRevision == 0:
			g.quiz = append(g.quiz, l)
		}
	}
	return nil
}

// startOver plans a course that has no lessons.
func (g *generation) startOver(ctx workflow.Context) error {
	g.partly = false
	for _, step := range []step{g.research, g.outline, g.placeSources} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (g *generation) writeSummary(ctx workflow.Context) error {
	g.progress.reportProgress(ctx, 40, "summary", "Writing the summary")
	var w *activities.CourseActivities
	in := activities.SummaryInput{CourseID: g.in.CourseID, Fallback: g.prep.Fallback}
	return workflow.ExecuteActivity(g.inference(ctx, "The summary"), w.WriteSummary, in).Get(ctx, nil)
}
