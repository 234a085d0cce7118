package outbox

import (
	"encoding/json"
	"time"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/workflows"
)

// handlerTime is what a handler has to keep its promise itself before the relay does.
const handlerTime = 3 * time.Second

// GenerateCourse promises to start the workflow of a task.
func GenerateCourse(task models.Task, deadline time.Duration, now time.Time) models.OutboxEntry {
	// Marshalling ids and numbers cannot fail.
	input, _ := json.Marshal(workflows.GenerateCourseInput{ //nolint:errchkjson // as said above
		TaskID: task.ID, CourseID: task.CourseID, Seq: task.Seq, Progress: task.Progress, Deadline: deadline,
	})
	return models.OutboxEntry{
		ID: models.NewID(), Action: models.OutboxStart, Workflow: "GenerateCourse",
		WorkflowID: workflows.GenerateCourseID(task.ID), TaskQueue: workflows.Queue, Input: input,
		Labels: map[string]string{
			workflows.LabelUser.GetName():   task.UserID.String(),
			workflows.LabelKind.GetName():   task.TaskType,
			workflows.LabelCourse.GetName(): task.CourseID.String(),
		},
		CreatedAt: now, DueAt: now.Add(handlerTime),
	}
}

// Cancel promises to cancel the workflow of a task.
func Cancel(task models.Task, now time.Time) models.OutboxEntry {
	return models.OutboxEntry{
		ID: models.NewID(), Action: models.OutboxCancel, WorkflowID: task.WorkflowID,
		Input: []byte("null"), Labels: map[string]string{}, CreatedAt: now, DueAt: now.Add(handlerTime),
	}
}
