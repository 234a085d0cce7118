package tasks

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Sections of a course that can be written again.
const (
	SectionLessons = "lessons"
	SectionItems   = "content_items"
	SectionSummary = "summary"
)

// TaskSpec is what a task was asked for beyond its kind.
type TaskSpec struct {
	// Review makes the plan wait for its learner's approval.
	Review bool `json:"review,omitempty"`
	// Section and LessonID say what to write again; no lesson means all of them.
	Section  string     `json:"section,omitempty"`
	LessonID *uuid.UUID `json:"lesson_id,omitempty"`
	// Everyone sends a broadcast to all users instead of the named ones.
	Everyone bool `json:"everyone,omitempty"`
}

// TaskState is the coarse state of a piece of work.
type TaskState string

// A task ends as TaskDone or TaskError and never leaves those.
const (
	TaskQueued  TaskState = "QUEUED"
	TaskRunning TaskState = "RUNNING"
	TaskDone    TaskState = "DONE"
	TaskError   TaskState = "ERROR"
)

// Ended reports whether the state is final.
func (s TaskState) Ended() bool { return s == TaskDone || s == TaskError }

// Kinds of tasks.
const (
	TaskCourseGeneration   = "course_generation"
	TaskCourseRegeneration = "course_regeneration"
	TaskAccountExport      = "account_export"
	TaskPushBroadcast      = "push_broadcast"
)

// CourseKinds are those that write a course and count as generations.
var CourseKinds = []string{TaskCourseGeneration, TaskCourseRegeneration}

// MakesCourse reports whether the task's result is a course.
func (t Task) MakesCourse() bool { return slices.Contains(CourseKinds, t.TaskType) }

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
	EstimatedMins  int        `gorm:"column:estimated_minutes"` // as estimated at its creation
	Spec           TaskSpec   `gorm:"type:jsonb;serializer:json"`
	CreatedAt      time.Time
	UpdatedAt      time.Time
	StartedAt      *time.Time
	CompletedAt    *time.Time
}

// Status returns the state in the words of the API: pending, running, completed, failed or cancelled.
func (t Task) Status() string {
	if t.Fault.Cancelled() {
		return "cancelled"
	}
	return map[TaskState]string{
		TaskQueued: "pending", TaskRunning: "running", TaskDone: "completed", TaskError: "failed",
	}[t.State]
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

// Cancelled reports whether the fault is a cancellation.
func (f *TaskFault) Cancelled() bool { return f != nil && f.Code == FaultCancelled }

// FaultCancelled is the fault code of a task that was cancelled, by whatever way.
const FaultCancelled = "cancelled"

// TaskEvent is one step of a task's progress. Within a task Seq counts from 1
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
	// Result is the result of the task so far; nil: unchanged.
	Result TaskResult `gorm:"type:jsonb;serializer:json" json:"result,omitempty"`
}
