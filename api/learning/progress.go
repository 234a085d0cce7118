package learning

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// progress registers the routes of a learner's progress in a course.
func (h *handlers) progress() {
	tags := []string{TagLearning}
	rest.Register(h.API, huma.Operation{
		OperationID: "get-progress", Method: http.MethodGet, Path: "/v1/courses/{id}/progress", Tags: tags,
		Summary: "Get your progress in a course",
	}, h.getProgress)
	rest.Register(h.API, huma.Operation{
		OperationID: "put-progress", Method: http.MethodPut, Path: "/v1/courses/{id}/progress", Tags: tags,
		Summary:     "Update your progress in a course",
		Description: studyDoc, Errors: []int{http.StatusConflict},
	}, h.putProgress)
	rest.Register(h.API, huma.Operation{
		OperationID: "complete-lesson", Method: http.MethodPost, Path: "/v1/courses/{id}/lessons/{lesson_id}/complete", Tags: tags,
		Summary: "Complete a lesson", Description: studyDoc, Errors: []int{http.StatusConflict},
	}, h.completeLesson)
	rest.Register(h.API, attemptOperation(), h.attemptQuiz)
	maps.Copy(h.OpenAPI().Components.Schemas.Map(), answerSchemas())
}

const studyDoc = "Completing a lesson earns points the first time, and so does completing the last lesson of a READY course. " +
	"Completing it again changes nothing. 409: the lesson is not written yet."

// Happened is embedded in inputs that may be reported later, for example by an app that was offline.
type Happened struct {
	OccurredAt *time.Time `json:"occurred_at,omitempty" nullable:"true" doc:"When it was done, by the device's clock; absent: now. A time in the future, or more than 48 hours ago, counts as now."`
	SentAt     *time.Time `json:"sent_at,omitempty" nullable:"true" doc:"When this request is sent, by the same clock; corrects for a wrong device clock."`
}

// stripped returns the same without the time of sending, which differs at each attempt.
func (h Happened) stripped() Happened {
	h.SentAt = nil
	return h
}

// at returns the time that counts.
func (h Happened) at(now time.Time) time.Time {
	return gamification.Moment(now, h.OccurredAt, h.SentAt).UTC().Truncate(time.Microsecond)
}

// Keyed is embedded in inputs that count once per idempotency key.
type Keyed struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" pattern:"^[!-~]+$" patternDescription:"visible ASCII characters" doc:"Repeated requests with the same key count once; a different request with the key is rejected."`
}

// key returns an idempotency key that is bound to the whole request.
func (k Keyed) key(operation string, request ...any) learning.IdempotencyKey {
	text, _ := json.Marshal([]any{operation, request}) //nolint:errchkjson // it was decoded from JSON
	hash := sha256.Sum256(text)
	return learning.IdempotencyKey{Value: k.IdempotencyKey, Hash: hash[:]}
}

type progressView struct {
	CourseID         uuid.UUID   `json:"course_id" format:"uuid"`
	UserID           uuid.UUID   `json:"user_id" format:"uuid"`
	ProgressPercent  int         `json:"progress_percent" minimum:"0" maximum:"100" doc:"Whole percent of the lessons; 100 only when all are completed."`
	CompletedLessons []uuid.UUID `json:"completed_lessons" nullable:"false" doc:"In the order of the course."`
	CurrentLessonID  *uuid.UUID  `json:"current_lesson_id" format:"uuid" nullable:"true" doc:"The lesson to continue with."`
	TimeSpentMinutes int         `json:"time_spent_minutes"`
	StartedAt        *time.Time  `json:"started_at" nullable:"true"`
	LastAccessedAt   *time.Time  `json:"last_accessed_at" nullable:"true"`
	CompletedAt      *time.Time  `json:"completed_at" nullable:"true"`
}

type progressOutput struct{ Body progressView }

func viewProgress(p learning.Progress) *progressOutput {
	return &progressOutput{progressView{
		CourseID: p.CourseID, UserID: p.UserID, ProgressPercent: p.Percent, CompletedLessons: p.CompletedLessons, CurrentLessonID: p.CurrentLessonID,
		TimeSpentMinutes: p.Minutes, StartedAt: rest.UTC(p.StartedAt), LastAccessedAt: rest.UTC(p.LastAccessedAt), CompletedAt: rest.UTC(p.CompletedAt),
	}}
}

func (h *handlers) getProgress(ctx context.Context, in *rest.PathID) (*progressOutput, error) {
	p, err := learning.ProgressOf(ctx, h.DB, rest.PrincipalOf(ctx).UserID, in.ID)
	if err != nil {
		return nil, err
	}
	return viewProgress(p), nil
}

type putProgressInput struct {
	rest.PathID
	Keyed
	Body progressBody
}

type progressBody struct {
	LessonID  uuid.UUID `json:"lesson_id" format:"uuid"`
	Completed *bool     `json:"completed,omitempty" nullable:"true" doc:"true when absent. false: only minutes are recorded; a completed lesson stays completed."`
	Minutes   *int      `json:"minutes,omitempty" nullable:"true" minimum:"0" maximum:"1440" doc:"Time spent on the lesson; counts until it is completed."`
	Happened
}

func (h *handlers) putProgress(ctx context.Context, in *putProgressInput) (*progressOutput, error) {
	completed, request := in.Body.Completed == nil || *in.Body.Completed, in.Body
	request.Happened = request.stripped()
	return h.study(ctx, learning.Study{
		CourseID: in.ID, LessonID: in.Body.LessonID, Completed: completed, Minutes: number(in.Body.Minutes),
		At: in.Body.at(h.Now()), Key: in.key("study", in.ID, request),
	})
}

type completeLessonInput struct {
	rest.PathID
	LessonID uuid.UUID `path:"lesson_id" format:"uuid"`
	Keyed
	Body *completeBody
}

type completeBody struct {
	Minutes *int `json:"minutes,omitempty" nullable:"true" minimum:"0" maximum:"1440" doc:"Time spent on the lesson."`
	Happened
}

func (h *handlers) completeLesson(ctx context.Context, in *completeLessonInput) (*progressOutput, error) {
	body := completeBody{}
	if in.Body != nil {
		body = *in.Body
	}
	return h.study(ctx, learning.Study{
		CourseID: in.ID, LessonID: in.LessonID, Completed: true, Minutes: number(body.Minutes),
		At: body.at(h.Now()), Key: in.key("complete", in.ID, in.LessonID, body.Minutes, body.stripped()),
	})
}

func (h *handlers) study(ctx context.Context, study learning.Study) (*progressOutput, error) {
	study.UserID = rest.PrincipalOf(ctx).UserID
	p, err := learning.StudyLesson(ctx, h.DB, study, h.Now(), outbox.NewEnqueuer(h.Now))
	if err != nil {
		return nil, err
	}
	return viewProgress(p), nil
}

func number(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}
