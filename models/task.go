package models

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// TaskState is the coarse state of a piece of work.
type TaskState string

// A task ends as TaskDone or TaskError and never leaves those.
const (
	TaskQueued  TaskState = "QUEUED"
	TaskRunning TaskState = "RUNNING"
	TaskDone    TaskState = "DONE"
	TaskError   TaskState = "ERROR"
)

// Ended tells whether nothing will follow.
func (s TaskState) Ended() bool { return s == TaskDone || s == TaskError }

// Kinds of tasks.
const (
	TaskCourseGeneration   = "course_generation"
	TaskCourseRegeneration = "course_regeneration"
	TaskAccountExport      = "account_export"
	TaskPushBroadcast      = "push_broadcast"
)

// courseTasks are those that write a course and count as generations.
var courseTasks = []string{TaskCourseGeneration, TaskCourseRegeneration}

// MakesCourse tells whether the task's result is a course.
func (t Task) MakesCourse() bool { return slices.Contains(courseTasks, t.TaskType) }

// Task is a piece of work that a client can watch. While its workflow is open
// the workflow knows best; the row follows it and outlives it.
type Task struct {
	ID             uuid.UUID  `gorm:"type:uuid;primaryKey"`
	UserID         uuid.UUID  `gorm:"type:uuid"`
	TaskType       string     // TaskCourseGeneration, TaskCourseRegeneration, TaskAccountExport or TaskPushBroadcast
	ResultID       uuid.UUID  `gorm:"type:uuid"` // what comes of it: a course, an export or a broadcast; kept when that is deleted
	WorkflowID     string     // unique
	IdempotencyKey *string    // unique per user
	RequestHash    []byte     // SHA-256 of the request the key belongs to
	State          TaskState  //
	Seq            int64      // of the newest event
	Progress       int        // percent, never falls
	Step           string     //
	Message        string     //
	Fault          *TaskFault `gorm:"type:jsonb;serializer:json"`
	Result         TaskResult `gorm:"type:jsonb;serializer:json"`
	EstimatedMins  int        `gorm:"column:estimated_minutes"`
	Spec           TaskSpec   `gorm:"type:jsonb;serializer:json"`
	CreatedAt      time.Time
	UpdatedAt      time.Time
	StartedAt      *time.Time
	CompletedAt    *time.Time
}

// TaskResult is what came of a task so far, in numbers by their name; nil where there
// are none.
type TaskResult map[string]int

// TaskFault says why a task ended as ERROR, in words for the learner.
type TaskFault struct {
	Code            string `json:"code"`
	Message         string `json:"message"`
	CancelledByUser bool   `json:"cancelled_by_user,omitempty"`
}

// Cancelled tells whether the fault is that somebody wanted it so.
func (f *TaskFault) Cancelled() bool { return f != nil && f.Code == FaultCancelled }

// FaultCancelled is the fault code of a task that was cancelled, by whatever way.
const FaultCancelled = "cancelled"

// TaskEvent is one step of a task's story. Within a task Seq counts from 1
// without a gap, Progress never falls, and only the last event's State has ended.
type TaskEvent struct {
	TaskID   uuid.UUID  `gorm:"type:uuid;primaryKey" json:"-"`
	Seq      int64      `gorm:"primaryKey;autoIncrement:false" json:"seq"`
	State    TaskState  `json:"state"`
	Progress int        `json:"progress"`
	Step     string     `json:"step"`
	Message  string     `json:"message"`
	Fault    *TaskFault `gorm:"type:jsonb;serializer:json" json:"fault,omitempty"`
	At       time.Time  `json:"at"`
	// StartedAt is when the work began, the same in every event after that.
	StartedAt *time.Time `json:"started_at,omitempty"`
	// Result is what came of the task by then; nil: nothing new.
	Result TaskResult `gorm:"type:jsonb;serializer:json" json:"result,omitempty"`
}

// OutboxEntry is a promise to Temporal, made in the transaction of the rows it
// belongs to and kept by package outbox.
type OutboxEntry struct {
	ID         uuid.UUID         `gorm:"type:uuid;primaryKey"`
	Action     string            // OutboxStart or OutboxCancel
	Workflow   string            // type name, for a start
	WorkflowID string            // unique together with Action
	TaskQueue  string            //
	Input      []byte            `gorm:"type:jsonb"`                 // the workflow's argument as JSON
	Labels     map[string]string `gorm:"type:jsonb;serializer:json"` // search attributes
	UserID     *uuid.UUID        `gorm:"type:uuid"`                  // whose work it is; nil for nobody's
	Priority   int               // 1, the most urgent, to 5; 0 for the usual 3
	Held       bool              // waits in its user's line and is not due whatever DueAt says
	Background bool              // nobody waits for it: it comes apart from and after what learners wait for
	CreatedAt  time.Time
	DueAt      time.Time // not before; the handler that wrote it has until then
	Attempts   int
	LastError  string
	// CancelRequestedAt is when the workflow was asked to end; nil before, and for a start.
	// From then on the promise is to terminate it at DueAt.
	CancelRequestedAt *time.Time
	Trace             string // the W3C traceparent of the request that made it; empty without one
}

// What an outbox entry asks for.
const (
	OutboxStart  = "start"
	OutboxCancel = "cancel"
)

// TableName keeps the table's name short.
func (OutboxEntry) TableName() string { return "outbox" }
