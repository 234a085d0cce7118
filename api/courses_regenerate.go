package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

type regenerateInput struct {
	ID             uuid.UUID      `path:"id" format:"uuid"`
	IdempotencyKey string         `header:"Idempotency-Key" maxLength:"255" pattern:"^[!-~]+$" patternDescription:"visible ASCII characters" doc:"Repeating a request with the same key and body returns the same task."`
	Prefer         string         `header:"Prefer" doc:"respond-async is always applied."`
	Body           regenerateBody `contentType:"application/json"`
}

// regenerateBody says which parts to generate again.
type regenerateBody struct {
	Section     string       `json:"section" set:"section" doc:"lessons: lesson texts with their items; of an incomplete course, the missing ones. content_items: quizzes, study questions and found content. summary: summary and description."`
	LessonID    *uuid.UUID   `json:"lesson_id,omitempty" nullable:"true" format:"uuid" doc:"Only this lesson."`
	Preferences store.Object `json:"preferences,omitempty" nullable:"true" maxProperties:"50" doc:"format is used, and stored with the course."`
}

// Resolve reports the rule violations that the schema cannot express.
func (in *regenerateInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	checkPreferences(&faults, &courseRequest{Preferences: in.Body.Preferences})
	if in.Body.Section == tasks.SectionSummary && in.Body.LessonID != nil {
		faults.Add("lesson_id", "does not go with the summary, which is the course's")
	}
	return faults
}

func (s *Server) regenerateCourse(ctx context.Context, in *regenerateInput) (*generateOutput, error) {
	var key *string
	if in.IdempotencyKey != "" {
		key = &in.IdempotencyKey
	}
	task := in.task(rest.PrincipalOf(ctx).UserID, key, s.Now())
	message := outbox.Course(task, s.bounds(), task.CreatedAt)
	made, replayed, err := courses.CreateRegeneration(ctx, s.DB, task, in.Body.Preferences, message, s.quota())
	return s.taken(ctx, in.Prefer, made, replayed, message, err)
}

// task returns the task that the request creates.
func (in *regenerateInput) task(user uuid.UUID, key *string, now time.Time) tasks.Task {
	id, _ := courses.GenerationIDs(user, key)
	canonical, _ := json.Marshal([]any{in.ID, in.Body}) //nolint:errchkjson // it was decoded from JSON
	hash := sha256.Sum256(canonical)
	task := tasks.NewTask(id, user, in.ID, now)
	task.TaskType = tasks.TaskCourseRegeneration
	task.WorkflowID, task.IdempotencyKey, task.RequestHash = workflows.RegenerateCourseID(id), key, hash[:]
	task.Spec = tasks.TaskSpec{Section: in.Body.Section, LessonID: in.Body.LessonID}
	return task
}

func regenerateOperation() huma.Operation {
	return huma.Operation{
		OperationID: "regenerate-course", Method: http.MethodPost, Path: "/v1/courses/{id}/regenerate",
		Summary: "Regenerate parts of a course",
		Description: "Answers like generate. Existing parts stay until their replacement is finished; a published course stays published. 409: the course is " +
			"being written, or has no lessons yet.",
		Tags: []string{"courses"}, DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusConflict},
	}
}
