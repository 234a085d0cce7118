package courses

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// FinishCourse ends a task that writes a course as FinishTask does, gives the course its
// final status and releases the next task of the user's queue, in one transaction. A last
// event of TaskDone makes the course READY if nothing is missing in it; otherwise it keeps its
// finished lessons as PARTIAL, or is in ERROR when there is none. A course that was published
// before stays READY. A course that was deleted meanwhile does not keep its task open.
func FinishCourse(ctx context.Context, db *gorm.DB, task uuid.UUID, rest []tasks.TaskEvent, gen Generation, f notify.Enqueuer) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := tasks.Lock(tx, task)
		if err != nil {
			return err
		}
		if !row.MakesCourse() {
			return store.Errorf(store.Invalid, "The task writes no course.")
		}
		ended, err := tasks.FinishLocked(tx, row, rest)
		if err != nil || !ended {
			return err
		}
		last := rest[len(rest)-1]
		if err := finishCourse(tx, row, last, gen, f); err != nil {
			return err
		}
		return releaseNext(tx, row.UserID, last.At)
	})
}

// EndTask ends a task whose workflow cannot: one that writes a course by FinishCourse, any other by FinishTask.
func EndTask(ctx context.Context, db *gorm.DB, task tasks.Task, last tasks.TaskEvent, f notify.Enqueuer) error {
	rest := []tasks.TaskEvent{last}
	if task.MakesCourse() {
		return FinishCourse(ctx, db, task.ID, rest, Generation{}, f)
	}
	return tasks.FinishTask(ctx, db, task.ID, rest)
}

// EndCancelledWorkflow ends the open task of a workflow that was to be cancelled and does not
// run any more. Without an open task there is nothing to do.
func EndCancelledWorkflow(ctx context.Context, db *gorm.DB, workflowID string, now time.Time) error {
	var open []tasks.Task
	err := db.WithContext(ctx).Where("workflow_id = ? AND state IN ?", workflowID, []tasks.TaskState{tasks.TaskQueued, tasks.TaskRunning}).Find(&open).Error
	if err != nil || len(open) == 0 {
		return err
	}
	return EndTask(ctx, db, open[0], tasks.CancelledEvent(open[0].Seq+1, open[0].Progress, now), notify.Enqueuer{})
}

// CancelTask commits the request to end a task of any kind and everything that fulfils it: if
// its workflow was never started the task ends at once; otherwise a message in the outbox
// cancels the workflow. A task that has ended: Conflict.
func CancelTask(ctx context.Context, db *gorm.DB, user, id uuid.UUID, message store.OutboxMessage, now time.Time) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := tasks.LockOpen(tx, user, id)
		if err != nil {
			return err
		}
		return cancelTask(tx, row, message, now)
	})
}

// cancelTask does the work of CancelTask for an open task whose row is locked.
func cancelTask(tx *gorm.DB, row tasks.Task, message store.OutboxMessage, now time.Time) error {
	unstarted, err := tasks.EnqueueCancel(tx, row, message)
	if err != nil || unstarted == nil {
		return err
	}
	return endCancelled(tx, row, unstarted.Waiting, now)
}

// endCancelled ends a locked task as cancelled, whatever its workflow does: the request to cancel
// that stays. After a course the next of its user's queue is released, unless the task was itself
// waiting there.
func endCancelled(tx *gorm.DB, row tasks.Task, waiting bool, now time.Time) error {
	last := tasks.CancelledEvent(row.Seq+1, row.Progress, now)
	if err := tasks.Record(tx, row, []tasks.TaskEvent{last}); err != nil || !row.MakesCourse() {
		return err
	}
	if err := finishCourse(tx, row, last, Generation{}, notify.Enqueuer{}); err != nil || waiting {
		return err
	}
	return releaseNext(tx, row.UserID, now)
}

// finishCourse deletes the edits of an ended task's plan, locks its course and gives that the status
// it is left with. A course that was deleted meanwhile is left alone.
func finishCourse(tx *gorm.DB, ended tasks.Task, last tasks.TaskEvent, gen Generation, f notify.Enqueuer) error {
	if err := tx.Delete(&PlanEdit{}, "task_id = ?", ended.ID).Error; err != nil {
		return err
	}
	c, err := locked(tx, ended.ResultID)
	if store.CodeOf(err) == store.NotFound {
		return nil
	}
	if err == nil {
		err = readPlan(tx, &c)
	}
	if err != nil || c.Status != CourseGenerating && c.Status != CourseReady {
		return err
	}
	c.Status, c.EstimatedDurationHours = finalStatus(last.State, c), hoursOf(c.Lessons)
	c.UpdatedAt = last.At
	published := c.Status == CourseReady && c.PublishedAt == nil
	if published {
		c.PublishedAt = &last.At
	}
	unreachable := cmp.Or(gen.SitesUnreachable, c.Generation.SitesUnreachable)
	if gen.GeneratedAt != nil {
		gen.AskedLocale, gen.AskedWriter = c.Generation.AskedLocale, c.Generation.AskedWriter
		if was := c.Generation; was.Provider != "" { // who wrote it was settled with the plan
			gen.Model, gen.ModelVersion, gen.Provider, gen.PromptVersion, gen.Fallback = was.Model, was.ModelVersion, was.Provider, was.PromptVersion, was.Fallback
		}
		c.Generation = gen
	}
	c.Generation.SitesUnreachable = unreachable
	if err := countCosts(tx, &c); err != nil {
		return err
	}
	if err := describe(tx, &c); err != nil {
		return err
	}
	err = tx.Model(&c).Select("status", "estimated_duration_hours", "updated_at", "published_at", "generation").Updates(&c).Error
	if err != nil || !published {
		return err
	}
	return announceCourse(tx, c, f)
}

// announceCourse notifies the owner of a course that is READY for the first time, adds a public one
// to feeds, and enqueues the unlocking of what its owner has reached by it.
func announceCourse(tx *gorm.DB, c Course, f notify.Enqueuer) error {
	err := notify.Notify(tx, notify.Notification{
		UserID: c.OwnerUserID, Kind: notify.NotifyCourseReady, Title: "Your course is ready", Body: c.Title, CreatedAt: *c.PublishedAt,
		Data: map[string]string{"type": "course_ready", "course_id": c.ID.String(), "action": "open_course"},
	}, c.ID.String(), f)
	if err != nil {
		return err
	}
	if c.Visibility == VisibilityPublic {
		if err := BecamePublic(tx, &c, activity.FeedPublished, *c.PublishedAt); err != nil {
			return err
		}
	}
	return f.EnqueueUnlockBy(tx, c.OwnerUserID, c.ID, gamification.FactGenerated)
}

// FindWhole returns a course with its lessons, for whoever asks.
func FindWhole(tx *gorm.DB, id uuid.UUID) (Course, error) {
	var c Course
	if err := tx.First(&c, "id = ?", id).Error; err != nil {
		return c, err
	}
	return c, tx.Where("course_id = ?", id).Order("position").Find(&c.Lessons).Error
}

// countCosts adds up what the course cost and how often its quizzes' answers
// were found again by the independent solve.
func countCosts(tx *gorm.DB, c *Course) error {
	var sum struct {
		InputTokens, OutputTokens int
		Written                   bool // by a language model
	}
	err := tx.Model(&ModelCall{}).Where("course_id = ?", c.ID).
		Select("coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens, " +
			"coalesce(bool_or(outcome = '" + OutcomeOK + "'), false) AS written").Scan(&sum).Error
	if err != nil {
		return err
	}
	c.Generation.InputTokens, c.Generation.OutputTokens = sum.InputTokens, sum.OutputTokens
	c.Generation.AIGenerated = c.Generation.ByAI() || sum.Written
	asked, agreed := 0, 0
	for _, l := range c.Lessons {
		asked, agreed = asked+l.QuizAsked, agreed+l.QuizAgreed
	}
	c.Generation.QuizAgreement = nil
	if asked > 0 {
		rate := float64(agreed) / float64(asked)
		c.Generation.QuizAgreement = &rate
	}
	return nil
}

func finalStatus(state tasks.TaskState, c Course) CourseStatus {
	written, whole := 0, len(c.Lessons) >= LeastLessons
	for _, l := range c.Lessons {
		if l.Revision > 0 {
			written++
		}
		whole = whole && l.Revision > 0 && l.PracticeRevision > 0
	}
	switch {
	case whole && (state == tasks.TaskDone || c.Status == CourseReady):
		return CourseReady
	case written > 0:
		return CoursePartial
	default:
		return CourseError
	}
}

// LeastLessons is how many lessons a READY course has at least.
const LeastLessons = 3

// StopWork ends the sessions of a user and cancels their tasks. It returns the sessions that ended, and
// how many tasks are still to end. The account is locked.
func StopWork(tx *gorm.DB, user uuid.UUID, cancel func(tasks.Task) store.OutboxMessage, now time.Time) (ended []uuid.UUID, open int, err error) {
	if ended, err = accounts.EndSessions(tx.Statement.Context, tx, user, uuid.Nil, now); err != nil {
		return nil, 0, err
	}
	var rows []tasks.Task
	err = tx.Raw("SELECT * FROM tasks WHERE user_id = ? AND state IN ('QUEUED', 'RUNNING') ORDER BY created_at DESC FOR UPDATE", user).Scan(&rows).Error
	for _, task := range rows { // the latest first, so that nothing of the queue is released
		if err != nil {
			break
		}
		err = cancelTask(tx, task, cancel(task), now)
	}
	if err != nil {
		return nil, 0, err
	}
	var left int64
	err = tx.Model(&tasks.Task{}).Where("user_id = ? AND state IN ?", user, []tasks.TaskState{tasks.TaskQueued, tasks.TaskRunning}).Count(&left).Error
	return ended, int(left), err
}
