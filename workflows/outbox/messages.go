package outbox

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
)

// handlerLead is how long a handler has to dispatch its message before the relay does.
const handlerLead = 3 * time.Second

// Timeouts are the time limits of a run.
type Timeouts struct {
	// Deadline ends a run, keeping what it has.
	Deadline time.Duration
	// Review is how long a plan waits for its learner's decision, if a review was requested.
	Review time.Duration
}

// Task returns the message to start the workflow of a task of any kind.
func Task(task tasks.Task, bounds Timeouts, now time.Time) store.OutboxMessage {
	switch {
	case task.MakesCourse():
		return Course(task, bounds, now)
	case task.TaskType == tasks.TaskPushBroadcast:
		return Broadcast(task, now)
	default:
		return ExportAccount(task, now)
	}
}

// Course returns the message to start the workflow of a task that writes a course or parts
// of it.
func Course(task tasks.Task, bounds Timeouts, now time.Time) store.OutboxMessage {
	order := workflows.TaskInput{
		TaskID: task.ID, CourseID: task.ResultID, Seq: task.Seq, Progress: task.Progress, Deadline: bounds.Deadline,
	}
	name := "GenerateCourse"
	var input any
	switch {
	case task.TaskType == tasks.TaskCourseRegeneration:
		name = "RegenerateCourse"
		input = workflows.RegenerateCourseInput{TaskInput: order, Section: task.Spec.Section, LessonID: task.Spec.LessonID}
	case task.Spec.Review:
		input = workflows.GenerateCourseInput{TaskInput: order, ReviewFor: bounds.Review}
	default:
		input = workflows.GenerateCourseInput{TaskInput: order}
	}
	entry := start(name, task.WorkflowID, input, now)
	entry.SearchAttributes = map[string]string{
		workflows.SearchAttributeUser.GetName():   task.UserID.String(),
		workflows.SearchAttributeKind.GetName():   task.TaskType,
		workflows.SearchAttributeCourse.GetName(): task.ResultID.String(),
	}
	return entry
}

// ReadSource returns the message to start the reading of a learner's material.
func ReadSource(source courses.Source, now time.Time) store.OutboxMessage {
	entry := start("ReadSource", workflows.ReadSourceID(source.ID), source.ID, now)
	entry.UserID = &source.UserID
	entry.SearchAttributes = map[string]string{workflows.SearchAttributeUser.GetName(): source.UserID.String(), workflows.SearchAttributeKind.GetName(): "source_reading"}
	return entry
}

// SendMail returns the message to send a mail. No client waits for it: the relay dispatches it
// at once, so a request takes equally long whether or not there is an account.
func SendMail(mail accounts.Mail, now time.Time) store.OutboxMessage {
	entry := start("SendMail", workflows.SendMailID(mail.ID), mail.ID, now)
	entry.DueAt, entry.UserID = now, mail.UserID
	entry.SearchAttributes = map[string]string{workflows.SearchAttributeKind.GetName(): "mail"}
	return entry
}

// ExportAccount returns the message to export a user's data.
func ExportAccount(task tasks.Task, now time.Time) store.OutboxMessage {
	input := workflows.ExportAccountInput{TaskID: task.ID, ExportID: task.ResultID, Seq: task.Seq, Progress: task.Progress}
	entry := start("ExportAccount", task.WorkflowID, input, now)
	entry.UserID = &task.UserID
	entry.SearchAttributes = map[string]string{workflows.SearchAttributeUser.GetName(): task.UserID.String(), workflows.SearchAttributeKind.GetName(): task.TaskType}
	return entry
}

// Broadcast returns the message to send a broadcast.
func Broadcast(task tasks.Task, now time.Time) store.OutboxMessage {
	input := workflows.FanOutPushInput{Broadcast: &workflows.PushBroadcast{
		TaskID: task.ID, BroadcastID: task.ResultID, Everyone: task.Spec.Everyone, Seq: task.Seq, Progress: task.Progress,
	}}
	entry := background("FanOutPush", task.WorkflowID, input, now)
	entry.UserID, entry.DueAt = &task.UserID, now.Add(handlerLead)
	entry.SearchAttributes = map[string]string{workflows.SearchAttributeUser.GetName(): task.UserID.String(), workflows.SearchAttributeKind.GetName(): task.TaskType}
	return entry
}

// EndPush returns the message to cancel the workflow that sends the pushes of a notification.
func EndPush(notification uuid.UUID, now time.Time) store.OutboxMessage {
	return cancel(workflows.FanOutPushID(notification), now, now)
}

func start(workflow, id string, input any, now time.Time) store.OutboxMessage {
	text, _ := json.Marshal(input) //nolint:errchkjson // ids and numbers cannot fail
	return store.OutboxMessage{
		ID: store.NewID(), Action: store.OutboxStart, Workflow: workflow, WorkflowID: id, TaskQueue: workflows.Queue,
		Input: text, SearchAttributes: map[string]string{}, CreatedAt: now, DueAt: now.Add(handlerLead),
	}
}

// background returns the message to start a workflow that no client waits for. It is due
// for the relay at once, and runs on the background queue.
func background(workflow, id string, input any, now time.Time) store.OutboxMessage {
	entry := start(workflow, id, input, now)
	entry.TaskQueue, entry.Background, entry.DueAt = workflows.QueueBackground, true, now
	return entry
}

const deleteAccount = "DeleteAccount"

// DeleteAccount returns the message to start the deletion of an account. No client waits for
// it, so the relay dispatches it at once.
func DeleteAccount(user, deletion uuid.UUID, due, now time.Time) store.OutboxMessage {
	input := workflows.DeleteAccountInput{UserID: user, DeletionID: deletion, Due: due}
	entry := start(deleteAccount, workflows.DeleteAccountID(deletion), input, now)
	entry.UserID, entry.DueAt = &user, now
	entry.SearchAttributes = map[string]string{workflows.SearchAttributeUser.GetName(): user.String(), workflows.SearchAttributeKind.GetName(): workflows.KindDeletion}
	return entry
}

// Cancel returns the message to cancel the workflow of a task.
func Cancel(task tasks.Task, now time.Time) store.OutboxMessage {
	return cancel(task.WorkflowID, now.Add(handlerLead), now)
}

// CancelSoon is Cancel without the handler's lead time: the relay dispatches it at once.
func CancelSoon(task tasks.Task, now time.Time) store.OutboxMessage {
	return cancel(task.WorkflowID, now, now)
}

// Restore returns the message to cancel a deletion's workflow.
func Restore(deletion uuid.UUID, now time.Time) store.OutboxMessage {
	return cancel(workflows.DeleteAccountID(deletion), now, now)
}

func cancel(workflowID string, due, now time.Time) store.OutboxMessage {
	return store.OutboxMessage{
		ID: store.NewID(), Action: store.OutboxCancel, WorkflowID: workflowID,
		Input: []byte("null"), SearchAttributes: map[string]string{}, CreatedAt: now, DueAt: due,
	}
}
