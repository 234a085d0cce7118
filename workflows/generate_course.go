package workflows

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// GenerateCourseInput names what to write and where its story goes on.
type GenerateCourseInput struct {
	TaskID   uuid.UUID `json:"task_id"`
	CourseID uuid.UUID `json:"course_id"`
	// Seq and Progress are those of the task's row: 1 and 0 at first, more when
	// the work starts over after its history was lost.
	Seq      int64 `json:"seq"`
	Progress int   `json:"progress"`
	// Deadline ends the run, keeping the lessons it has.
	Deadline time.Duration `json:"deadline"`
}

// GenerateCourseResult is a course that is READY.
type GenerateCourseResult struct {
	CourseID uuid.UUID `json:"course_id"`
	Lessons  int       `json:"lessons"`
}

// generation is one run of GenerateCourse.
type generation struct {
	in      GenerateCourseInput
	story   *story
	started time.Time
	prep    activities.Prepared
	lessons []activities.LessonRef
	failed  []activities.LessonRef // could not be written, or not their practice
	late    bool
}

// GenerateCourse writes a course: outline, lessons, practice, checks. However it
// ends, the task has its last event and the course is READY, PARTIAL or ERROR.
func GenerateCourse(ctx workflow.Context, in GenerateCourseInput) (GenerateCourseResult, error) {
	working, cancel := workflow.WithCancel(ctx)
	defer cancel()
	story, err := begin(working, in, cancel)
	if err != nil {
		return GenerateCourseResult{}, err
	}
	g := &generation{in: in, story: story, started: workflow.Now(ctx)}
	g.watchClock(working, cancel)
	if err := g.write(working); err != nil {
		return GenerateCourseResult{}, g.abandon(ctx, err)
	}
	return GenerateCourseResult{in.CourseID, len(g.lessons)}, nil
}

// watchClock ends the work when the deadline passes.
func (g *generation) watchClock(ctx workflow.Context, cancel workflow.CancelFunc) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		if workflow.Sleep(ctx, g.in.Deadline) == nil {
			g.late = true
			cancel()
		}
	})
}

func (g *generation) write(ctx workflow.Context) error {
	for _, step := range []func(workflow.Context) error{
		g.prepare, g.outline, g.writeLessons, g.writePractice, g.mend, g.publish,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (g *generation) prepare(ctx workflow.Context) error {
	g.story.tell(ctx, 5, "prepare", "Preparing the model")
	var w *activities.Writing
	return workflow.ExecuteActivity(inference(ctx), w.Prepare, g.in.CourseID).Get(ctx, &g.prep)
}

func (g *generation) outline(ctx workflow.Context) error {
	g.story.tell(ctx, 20, "outline", "Planning the course")
	var w *activities.Writing
	in := activities.OutlineInput{CourseID: g.in.CourseID, Generation: g.prep.Generation}
	err := workflow.ExecuteActivity(inference(ctx), w.WriteOutline, in).Get(ctx, &g.lessons)
	if err == nil {
		g.story.tell(ctx, 40, "lessons", fmt.Sprintf("Planned %d lessons", len(g.lessons)))
	}
	return err
}

func (g *generation) writeLessons(ctx workflow.Context) error {
	var w *activities.Writing
	done, total := 0, len(g.lessons)
	return g.each(ctx, g.lessons, func(ctx workflow.Context, l activities.LessonRef) error {
		g.story.tell(ctx, 40, "lessons", fmt.Sprintf("Writing lesson %d of %d: %s", l.Number, total, l.Title))
		if err := workflow.ExecuteActivity(inference(ctx), w.WriteLesson, g.version(l, 1, nil)).Get(ctx, nil); err != nil {
			return err
		}
		done++
		g.story.tell(ctx, 40+45*done/total, "lessons", fmt.Sprintf("Lesson %d of %d is ready: %s", l.Number, total, l.Title))
		return nil
	})
}

func (g *generation) writePractice(ctx workflow.Context) error {
	var w *activities.Writing
	done, total := 0, len(g.lessons)
	return g.each(ctx, g.lessons, func(ctx workflow.Context, l activities.LessonRef) error {
		if err := workflow.ExecuteActivity(inference(ctx), w.WritePractice, g.version(l, 1, nil)).Get(ctx, nil); err != nil {
			return err
		}
		done++
		g.story.tell(ctx, 85+7*done/total, "items", fmt.Sprintf("Quiz %d of %d is ready: %s", l.Number, total, l.Title))
		return nil
	})
}

// mend has weak lessons written again, once, and their practice with them. When
// that does not succeed the first version stands, unless its text was replaced
// and its practice no longer belongs to it.
func (g *generation) mend(ctx workflow.Context) error {
	g.story.tell(ctx, 93, "quality", "Checking the course")
	var ch *activities.Checking
	var weak []activities.WeakLesson
	if err := workflow.ExecuteActivity(quick(ctx), ch.FindWeakLessons, g.in.CourseID).Get(ctx, &weak); err != nil {
		return err
	}
	reasons := map[uuid.UUID][]string{}
	var again []activities.LessonRef
	for _, lesson := range weak {
		reasons[lesson.ID] = lesson.Reasons
		again = append(again, g.lessons[lesson.Number-1])
	}
	var w *activities.Writing
	return g.each(ctx, again, func(ctx workflow.Context, l activities.LessonRef) error {
		g.story.tell(ctx, 94, "quality", fmt.Sprintf("Improving lesson %d: %s", l.Number, l.Title))
		in := g.version(l, 2, reasons[l.ID])
		if err := workflow.ExecuteActivity(inference(ctx), w.WriteLesson, in).Get(ctx, nil); err != nil {
			return unlessImproving(ctx, err)
		}
		return workflow.ExecuteActivity(inference(ctx), w.WritePractice, in).Get(ctx, nil)
	})
}

func (g *generation) publish(ctx workflow.Context) error {
	if len(g.failed) > 0 {
		return unfinished(len(g.failed), len(g.lessons))
	}
	last := activities.Event{State: activities.Done, Progress: 100, Step: "done", Message: "Your course is ready"}
	return g.story.settle(ctx, last, g.generation(ctx))
}

func (g *generation) generation(ctx workflow.Context) *activities.Generation {
	gen := g.prep.Generation
	gen.Seconds = workflow.Now(ctx).Sub(g.started).Seconds()
	return &gen
}

func (g *generation) version(l activities.LessonRef, revision int, feedback []string) activities.LessonInput {
	return activities.LessonInput{
		CourseID: g.in.CourseID, LessonID: l.ID, Fallback: g.prep.Fallback, Revision: revision, Feedback: feedback,
	}
}
