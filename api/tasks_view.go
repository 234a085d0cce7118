package api

import (
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/tasks"
)

// taskView is a task as clients see it. The repeated spellings are for existing clients, and only this
// file writes them.
type taskView struct {
	TaskID              uuid.UUID      `json:"task_id"`
	TaskType            string         `json:"task_type" set:"task_type"`
	State               string         `json:"state" set:"task_state"`
	Status              string         `json:"status" set:"task_status"`
	Progress            int            `json:"progress" minimum:"0" maximum:"100" doc:"In percent; never decreases."`
	ProgressPct         int            `json:"progress_pct"`
	ProgressPctAgain    int            `json:"progressPct"`
	Step                string         `json:"step"`
	Message             string         `json:"message"`
	Seq                 int64          `json:"seq" doc:"Number of the latest event, from 1 without gaps."`
	ResultID            *uuid.UUID     `json:"result_id" format:"uuid" nullable:"true" doc:"The course, export or broadcast; null until the task is done."`
	ResultIDAgain       *uuid.UUID     `json:"resultId" format:"uuid" nullable:"true"`
	ResultURL           *string        `json:"result_url" nullable:"true" doc:"URL of the result; null until the task is done."`
	Result              map[string]int `json:"result" nullable:"true" doc:"Counts so far. push_broadcast: accepted, failed, dead, deferred, skipped and dry_run; otherwise null."`
	ProvisionalCourseID *uuid.UUID     `json:"provisional_course_id" format:"uuid" nullable:"true" doc:"Null for a task that makes no course."`
	WorkflowID          string         `json:"workflow_id"`
	CreatedAt           time.Time      `json:"created_at"`
	StartedAt           *time.Time     `json:"started_at"`
	CompletedAt         *time.Time     `json:"completed_at"`
	ErrorDetails        *faultView     `json:"error_details"`
}

// faultView says why a task failed, in words for the learner.
type faultView struct {
	Code            string `json:"code"`
	Message         string `json:"message"`
	CancelledByUser bool   `json:"cancelled_by_user"`
}

// TransformSchema makes the fault nullable.
func (faultView) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	schema.Nullable = true
	return schema
}

func (s *Server) viewTask(t tasks.Task) taskView {
	v := taskView{
		TaskID: t.ID, TaskType: t.TaskType, State: string(t.State), Status: t.Status(),
		Progress: t.Progress, ProgressPct: t.Progress, ProgressPctAgain: t.Progress,
		Step: t.Step, Message: t.Message, Seq: t.Seq, WorkflowID: t.WorkflowID,
		CreatedAt: t.CreatedAt.UTC(), StartedAt: rest.UTC(t.StartedAt), CompletedAt: rest.UTC(t.CompletedAt),
		Result: t.Result,
	}
	address := "/v1/users/me/exports/"
	if t.MakesCourse() {
		v.ProvisionalCourseID = &t.ResultID
		address = "/v1/courses/"
	}
	if t.State == tasks.TaskDone {
		v.ResultID, v.ResultIDAgain = &t.ResultID, &t.ResultID
		if t.TaskType != tasks.TaskPushBroadcast { // its result is the numbers
			address = s.PublicURL(address + t.ResultID.String())
			v.ResultURL = &address
		}
	}
	if t.Fault != nil {
		v.ErrorDetails = &faultView{t.Fault.Code, t.Fault.Message, t.Fault.CancelledByUser}
	}
	return v
}

// progressEvent is one message of a socket: the task as of an event.
type progressEvent struct {
	taskView
	Timestamp time.Time `json:"timestamp"`
}

// taskRenderer renders the events of one task in order.
type taskRenderer struct {
	server *Server
	task   tasks.Task
}

// initialTask returns a task as it was before its first event.
func initialTask(row tasks.Task) tasks.Task {
	row.State, row.Fault, row.CompletedAt, row.Progress = tasks.TaskQueued, nil, nil, 0
	return row
}

// render returns the message of an event, and a text of all its variable parts besides the event: two
// renderers that return the same text return the same message.
func (t *taskRenderer) render(e tasks.TaskEvent) (message progressEvent, same string) {
	t.task.Advance(e)
	same = fmt.Sprint(t.task.Progress)
	if t.task.StartedAt != nil {
		same += t.task.StartedAt.UTC().Format(time.RFC3339Nano)
	}
	if t.task.Result != nil {
		same = ""
	}
	return progressEvent{t.server.viewTask(t.task), e.At.UTC()}, same
}
