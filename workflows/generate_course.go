package workflows

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// TaskInput identifies the task and the course of a run, and the event its progress continues from.
type TaskInput struct {
	TaskID   uuid.UUID `json:"task_id"`
	CourseID uuid.UUID `json:"course_id"`
	// Seq and Progress are those of the task's row: 1 and 0 at first, more when
	// the work starts over after its history was lost.
	Seq      int64 `json:"seq"`
	Progress int   `json:"progress"`
	// Deadline ends the run, keeping the lessons it has. Time spent waiting for a
	// review does not count.
	Deadline time.Duration `json:"deadline"`
}

// GenerateCourseInput requests a whole course.
type GenerateCourseInput struct {
	TaskInput
	// ReviewFor is how long the plan waits for its learner's decision; 0 means no review.
	ReviewFor time.Duration `json:"review_for,omitempty"`
}

// GenerateCourseResult is a course that is READY.
type GenerateCourseResult struct {
	CourseID uuid.UUID `json:"course_id"`
	Lessons  int       `json:"lessons"`
}

// generation is one run that writes a course or parts of it.
type generation struct {
	in       TaskInput
	progress *progressTracker
	started  time.Time
	prep     activities.Prepared
	found    *activities.Research // nil before the search for sources
	review   review
	lessons  []activities.LessonRef // all of the course
	write    []activities.LessonRef // those whose text this run writes
	quiz     []activities.LessonRef // those whose practice this run writes
	failed   []activities.LessonRef // text or practice could not be written
	partly   bool                   // the course exists: only parts of it are written
	late     bool
}

// step is one part of a run.
type step func(workflow.Context) error

// GenerateCourse writes a course: sources, outline, lessons, practice, checks.
// However it ends, the task has its last event and the course is READY, PARTIAL or ERROR.
func GenerateCourse(ctx workflow.Context, in GenerateCourseInput) (GenerateCourseResult, error) {
	g := &generation{in: in.TaskInput, review: review{wait: in.ReviewFor}}
	err := g.run(
		ctx,
		g.prepare, g.research, g.outline, g.awaitReview, g.placeSources,
		g.writeLessons, g.writePractice, g.mend, g.publish,
	)
	return GenerateCourseResult{in.CourseID, len(g.lessons)}, err
}

// run runs the steps, and ends the task when one of them fails.
func (g *generation) run(ctx workflow.Context, steps ...step) error {
	working, cancel := workflow.WithCancel(ctx)
	defer cancel()
	g.started = workflow.Now(ctx)
	var err error
	if g.progress, err = startProgress(working, g.in, cancel); err != nil {
		return err
	}
	if err := g.review.open(ctx, g); err != nil {
		return err
	}
	g.watchClock(working, cancel)
	for _, step := range steps {
		if err := step(working); err != nil {
			return g.abandon(ctx, err)
		}
	}
	return nil
}

// watchClock cancels the work when the deadline passes.
func (g *generation) watchClock(ctx workflow.Context, cancel workflow.CancelFunc) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		if sleep(ctx, g.in.Deadline+g.review.wait, "The deadline") == nil {
			g.late = true
			cancel()
		}
	})
}

// prepare checks that the model answers, without taking one of its slots.
func (g *generation) prepare(ctx workflow.Context) error {
	g.progress.reportProgress(ctx, 5, "prepare", "Preparing the model")
	var w *activities.CourseActivities
	return workflow.ExecuteActivity(remote(ctx, "Choose the writer"), w.Prepare, g.in.CourseID).Get(ctx, &g.prep)
}

// research searches for existing sources. A course is written without them if it fails.
func (g *generation) research(ctx workflow.Context) error {
	g.progress.reportProgress(ctx, 15, "sources", "Researching sources")
	var r *activities.SourceActivities
	var found activities.Research
	err := workflow.ExecuteActivity(remote(ctx, "Look for sources"), r.FindSources, g.in.CourseID).Get(ctx, &found)
	found.SitesUnreachable = found.SitesUnreachable || err != nil
	g.found = &found
	return unlessImproving(ctx, err, "the sources could not be researched")
}

func (g *generation) outline(ctx workflow.Context) error {
	g.progress.reportProgress(ctx, 20, "outline", "Planning the course")
	var w *activities.CourseActivities
	in := activities.OutlineInput{CourseID: g.in.CourseID, Generation: g.prep.Generation}
	err := workflow.ExecuteActivity(g.inference(ctx, "The plan"), w.WriteOutline, in).Get(ctx, &g.lessons)
	if err == nil {
		g.write, g.quiz = g.lessons, g.lessons
		g.progress.reportProgress(ctx, 40, "lessons", fmt.Sprintf("Planned %d lessons", len(g.lessons)))
	}
	return err
}

// placeSources assigns the sources found to lessons. A lesson may have none.
func (g *generation) placeSources(ctx workflow.Context) error {
	var r *activities.SourceActivities
	if g.progress.lean && !g.partly && g.found.Nothing {
		return nil
	}
	err := g.progress.database(ctx, "Place the sources", r.PlaceSources, g.in.CourseID).Get(ctx, nil)
	return unlessImproving(ctx, err, "what was found could not be placed")
}

// writeLessons writes texts; a lean run writes each lesson's practice with it.
func (g *generation) writeLessons(ctx workflow.Context) error {
	done := 0
	return g.each(ctx, g.write, func(ctx workflow.Context, l activities.LessonRef) error {
		g.progress.reportProgress(ctx, 40, "lessons", titled("Writing lesson "+g.nth(l), l))
		if err := g.writeLesson(ctx, l); err != nil {
			return err
		}
		done++
		g.progress.reportProgress(ctx, 40+45*done/len(g.write), "lessons", titled("Lesson "+g.nth(l)+" is ready", l))
		return nil
	})
}

func (g *generation) writeLesson(ctx workflow.Context, l activities.LessonRef) error {
	var w *activities.CourseActivities
	if g.progress.lean {
		in := activities.WholeLessonInput{LessonInput: g.text(l, 1, nil), PracticeRevision: l.PracticeRevision + 1}
		return workflow.ExecuteActivity(inferences(ctx, 2, g.progress.urgency, "Lesson "+g.nth(l)), w.WriteLessonAndPractice, in).Get(ctx, nil)
	}
	return workflow.ExecuteActivity(g.inference(ctx, "Lesson "+g.nth(l)), w.WriteLesson, g.text(l, 1, nil)).Get(ctx, nil)
}

// writePractice writes the practice of lessons that were not written with it.
func (g *generation) writePractice(ctx workflow.Context) error {
	var w *activities.CourseActivities
	quiz := g.quiz
	if g.progress.lean {
		quiz = g.practiceLeft(ctx)
	}
	done := 0
	return g.each(ctx, quiz, func(ctx workflow.Context, l activities.LessonRef) error {
		if err := workflow.ExecuteActivity(g.inference(ctx, "Quiz "+g.nth(l)), w.WritePractice, g.practice(l, 1)).Get(ctx, nil); err != nil {
			return err
		}
		done++
		g.progress.reportProgress(ctx, 85+7*done/len(quiz), "items", titled("Quiz "+g.nth(l)+" is ready", l))
		return nil
	})
}

// practiceLeft returns the lessons whose practice is still to be written, and reports the practice that is there.
func (g *generation) practiceLeft(ctx workflow.Context) (left []activities.LessonRef) {
	there := 0
	for _, l := range g.quiz {
		switch {
		case !slices.Contains(g.write, l):
			left = append(left, l)
		case !slices.Contains(g.failed, l):
			there++
		}
	}
	if there > 0 {
		g.progress.reportProgress(ctx, 85+7*there/len(g.quiz), "items", fmt.Sprintf("Practice of %d lessons is ready", there))
	}
	return left
}

// mend rewrites weak lessons once, and their practice with them. If that fails
// the first version stays, unless its text was replaced and its practice no longer
// matches it.
func (g *generation) mend(ctx workflow.Context) error {
	again, reasons, err := g.weak(ctx)
	if err != nil {
		return err
	}
	var w *activities.CourseActivities
	return g.each(ctx, again, func(ctx workflow.Context, l activities.LessonRef) error {
		g.progress.reportProgress(ctx, 94, "quality", titled(fmt.Sprintf("Improving lesson %d", l.Number), l))
		if err := workflow.ExecuteActivity(g.inference(ctx, "Lesson "+g.nth(l)+", once more"), w.WriteLesson, g.text(l, 2, reasons[l.ID])).Get(ctx, nil); err != nil {
			return unlessImproving(ctx, err, "a weak lesson stays as it is")
		}
		return workflow.ExecuteActivity(g.inference(ctx, "Quiz "+g.nth(l)+", once more"), w.WritePractice, g.practice(l, 2)).Get(ctx, nil)
	})
}

// weak returns the lessons of this run that should be rewritten, and the reasons.
func (g *generation) weak(ctx workflow.Context) ([]activities.LessonRef, map[uuid.UUID][]string, error) {
	g.progress.reportProgress(ctx, 93, "quality", "Checking the course")
	found, err := g.check(ctx)
	if err != nil {
		return nil, nil, err
	}
	reasons := map[uuid.UUID][]string{}
	for _, lesson := range found {
		reasons[lesson.ID] = lesson.Reasons
	}
	var again []activities.LessonRef
	for _, l := range g.write {
		if len(reasons[l.ID]) > 0 {
			again = append(again, l)
		}
	}
	return again, reasons, nil
}

// check looks for weak lessons. That takes moments, unless lessons are compared by embeddings.
func (g *generation) check(ctx workflow.Context) (found []activities.WeakLesson, err error) {
	var ch *activities.QualityActivities
	const summary = "Look for weak lessons"
	if g.progress.lean && !g.prep.Embeds {
		g.progress.held = true // the end mostly follows at once
		err = workflow.ExecuteLocalActivity(local(ctx, summary), ch.FindWeakLessons, g.in.CourseID).Get(ctx, &found)
		return found, err
	}
	err = workflow.ExecuteActivity(checking(ctx, summary), ch.FindWeakLessons, g.in.CourseID).Get(ctx, &found)
	return found, err
}

func (g *generation) publish(ctx workflow.Context) error {
	if len(g.failed) > 0 {
		return unfinished(len(g.failed), len(g.lessons))
	}
	last := activities.Event{State: activities.Done, Progress: 100, Step: "done", Message: "Your course is ready"}
	if g.partly {
		last.Message = "Your course was updated"
	}
	return g.finish(ctx, last)
}

// finish ends the task and its course.
func (g *generation) finish(ctx workflow.Context, last activities.Event) error {
	return g.progress.finishCourse(ctx, last, g.generation(ctx), g.found)
}

// generation returns how the course was generated; nil when this run wrote only parts of it.
func (g *generation) generation(ctx workflow.Context) *activities.Generation {
	if g.partly {
		return nil
	}
	gen := g.prep.Generation
	gen.Seconds = workflow.Now(ctx).Sub(g.started).Seconds()
	return &gen
}

// nth returns which lesson of the course it is.
func (g *generation) nth(l activities.LessonRef) string {
	return fmt.Sprintf("%d of %d", l.Number, len(g.lessons))
}

// text returns the input for the n-th version of a lesson's text in this run.
func (g *generation) text(l activities.LessonRef, n int, feedback []string) activities.LessonInput {
	return activities.LessonInput{
		CourseID: g.in.CourseID, LessonID: l.ID, Fallback: g.prep.Fallback, Revision: l.Revision + n, Feedback: feedback,
	}
}

// practice returns the input for the n-th version of a lesson's practice in this run.
func (g *generation) practice(l activities.LessonRef, n int) activities.LessonInput {
	return activities.LessonInput{CourseID: g.in.CourseID, LessonID: l.ID, Fallback: g.prep.Fallback, Revision: l.PracticeRevision + n}
}
