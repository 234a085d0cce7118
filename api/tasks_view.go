package api

import (
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models"
)

// taskView is a task as clients see it. The repeated spellings are for clients
// already in the field; this is the only place that writes them.
type taskView struct {
	TaskID              uuid.UUID  `json:"task_id"`
	TaskType            string     `json:"task_type" enum:"course_generation,course_regeneration"`
	State               string     `json:"state" enum:"QUEUED,RUNNING,DONE,ERROR"`
	Status              string     `json:"status" enum:"pending,running,completed,failed,cancelled"`
	Progress            int        `json:"progress" minimum:"0" maximum:"100" doc:"Percent; never goes down."`
	ProgressPct         int        `json:"progress_pct"`
	ProgressPctAgain    int        `json:"progressPct"`
	Step                string     `json:"step"`
	Message             string     `json:"message"`
	Seq                 int64      `json:"seq" doc:"Number of the newest event, from 1 without a gap."`
	ResultID            *uuid.UUID `json:"result_id" format:"uuid" nullable:"true" doc:"The finished course; null before."`
	ResultIDAgain       *uuid.UUID `json:"resultId" format:"uuid" nullable:"true"`
	ProvisionalCourseID uuid.UUID  `json:"provisional_course_id"`
	WorkflowID          string     `json:"workflow_id"`
	CreatedAt           time.Time  `json:"created_at"`
	StartedAt           *time.Time `json:"started_at"`
	CompletedAt         *time.Time `json:"completed_at"`
	ErrorDetails        *faultView `json:"error_details"`
}

// faultView says why a task failed, in words for the learner.
type faultView struct {
	Code            string `json:"code"`
	Message         string `json:"message"`
	CancelledByUser bool   `json:"cancelled_by_user"`
}

// TransformSchema says that there may be no fault.
func (faultView) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	schema.Nullable = true
	return schema
}

func viewTask(t models.Task) taskView {
	v := taskView{
		TaskID: t.ID, TaskType: t.TaskType, State: string(t.State), Status: statusOf(t),
		Progress: t.Progress, ProgressPct: t.Progress, ProgressPctAgain: t.Progress,
		Step: t.Step, Message: t.Message, Seq: t.Seq, ProvisionalCourseID: t.CourseID, WorkflowID: t.WorkflowID,
		CreatedAt: t.CreatedAt.UTC(), StartedAt: utc(t.StartedAt), CompletedAt: utc(t.CompletedAt),
	}
	if t.State == models.TaskDone {
		v.ResultID, v.ResultIDAgain = &t.CourseID, &t.CourseID
	}
	if t.Fault != nil {
		v.ErrorDetails = &faultView{t.Fault.Code, t.Fault.Message, t.Fault.CancelledByUser}
	}
	return v
}

func statusOf(t models.Task) string {
	if t.Fault.Cancelled() {
		return "cancelled"
	}
	return map[models.TaskState]string{
		models.TaskQueued: "pending", models.TaskRunning: "running", models.TaskDone: "completed", models.TaskError: "failed",
	}[t.State]
}

// progressEvent is one message of a socket: the task as of an event.
type progressEvent struct {
	taskView
	Timestamp time.Time `json:"timestamp"`
}

// teller renders the events of one task in order.
type teller struct{ task models.Task }

// newTeller starts from the row, before whatever event comes first.
func newTeller(row models.Task) *teller {
	row.State, row.Fault, row.CompletedAt, row.Progress = models.TaskQueued, nil, nil, 0
	return &teller{row}
}

func (t *teller) render(e models.TaskEvent) progressEvent {
	t.task.Advance(e)
	return progressEvent{viewTask(t.task), e.At.UTC()}
}

// webSocketURL is the public address with the scheme of sockets.
func webSocketURL(public, path string) string {
	return "ws" + strings.TrimPrefix(public, "http") + path
}
