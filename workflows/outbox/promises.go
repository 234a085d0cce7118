package outbox

import (
	"encoding/json"
	"time"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/workflows"
)

// handlerTime is what a handler has to keep its promise itself before the relay does.
const handlerTime = 3 * time.Second

// Bounds are the times a run is given.
type Bounds struct {
	// Deadline ends a run, keeping what it has.
	Deadline time.Duration
	// Review is how long a plan waits for its learner's word, where it was asked for.
	Review time.Duration
}

// Course promises to start the workflow of a task that writes a course, whatever
// kind the task is of.
func Course(task models.Task, bounds Bounds, now time.Time) models.OutboxEntry {
	order := workflows.Order{
		TaskID: task.ID, CourseID: task.CourseID, Seq: task.Seq, Progress: task.Progress, Deadline: bounds.Deadline,
	}
	name := "GenerateCourse"
	var input any
	switch {
	case task.TaskType == models.TaskCourseRegeneration:
		name = "RegenerateCourse"
		input = workflows.RegenerateCourseInput{Order: order, Section: task.Spec.Section, LessonID: task.Spec.LessonID}
	case task.Spec.Review:
		input = workflows.GenerateCourseInput{Order: order, ReviewFor: bounds.Review}
	default:
		input = workflows.GenerateCourseInput{Order: order}
	}
	entry := start(name, task.WorkflowID, input, now)
	entry.Labels = map[string]string{
		workflows.LabelUser.GetName():   task.UserID.String(),
		workflows.LabelKind.GetName():   task.TaskType,
		workflows.LabelCourse.GetName(): task.CourseID.String(),
	}
	return entry
}

// ReadSource promises to have a learner's material read.
func ReadSource(source models.Source, now time.Time) models.OutboxEntry {
	entry := start("ReadSource", workflows.ReadSourceID(source.ID), source.ID, now)
	entry.UserID = &source.UserID
	entry.Labels = map[string]string{workflows.LabelUser.GetName(): source.UserID.String(), workflows.LabelKind.GetName(): "source_reading"}
	return entry
}

func start(workflow, id string, input any, now time.Time) models.OutboxEntry {
	text, _ := json.Marshal(input) //nolint:errchkjson // ids and numbers cannot fail
	return models.OutboxEntry{
		ID: models.NewID(), Action: models.OutboxStart, Workflow: workflow, WorkflowID: id, TaskQueue: workflows.Queue,
		Input: text, Labels: map[string]string{}, CreatedAt: now, DueAt: now.Add(handlerTime),
	}
}

// Cancel promises to cancel the workflow of a task.
func Cancel(task models.Task, now time.Time) models.OutboxEntry {
	return models.OutboxEntry{
		ID: models.NewID(), Action: models.OutboxCancel, WorkflowID: task.WorkflowID,
		Input: []byte("null"), Labels: map[string]string{}, CreatedAt: now, DueAt: now.Add(handlerTime),
	}
}
