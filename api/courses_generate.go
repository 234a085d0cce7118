package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"golang.org/x/text/language"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

type generateInput struct {
	IdempotencyKey string       `header:"Idempotency-Key" maxLength:"255" pattern:"^[!-~]+$" patternDescription:"visible ASCII characters" doc:"Repeating a request with the same key and body returns the same task."`
	Prefer         string       `header:"Prefer" doc:"respond-async is always applied."`
	Body           generateBody `contentType:"application/json"`
}

// generateBody is the request for a course. topic or title is required.
type generateBody struct {
	Topic           *string      `json:"topic,omitempty" nullable:"true" maxLength:"200" text:"line" doc:"3 to 200 characters."`
	Title           *string      `json:"title,omitempty" nullable:"true" maxLength:"200" text:"line" doc:"Used as the topic when that is absent."`
	Description     *string      `json:"description,omitempty" nullable:"true" maxLength:"5000" text:"note"`
	Interests       []string     `json:"interests,omitempty" nullable:"true" maxItems:"10" each:"100" text:"line"`
	DifficultyLevel *string      `json:"difficulty_level,omitempty" nullable:"true" set:"level,loosely" doc:"beginner (the default), intermediate or advanced."`
	Level           *string      `json:"level,omitempty" nullable:"true" set:"level,loosely" doc:"Alias of difficulty_level."`
	TargetHours     *float64     `json:"target_duration_hours,omitempty" nullable:"true" exclusiveMinimum:"0" maximum:"100" doc:"For the plan. The texts take the time they take: where that is far from this, generation.notice says so."`
	Locale          *string      `json:"locale,omitempty" nullable:"true" maxLength:"35" doc:"BCP 47; the locale of the user when absent."`
	Preferences     store.Object `json:"preferences,omitempty" nullable:"true" maxProperties:"50" doc:"duration_hours and format are used; other members are stored."`
	SourceIDs       []uuid.UUID  `json:"source_ids,omitempty" nullable:"true" maxItems:"10" format:"uuid" doc:"The caller's source material to write from, see /v1/sources."`
	Mode            *string      `json:"mode,omitempty" nullable:"true" set:"mode,loosely" doc:"automatic (the default) or review: the outline then waits for POST /v1/tasks/{id}/outline."`
	Writer          *string      `json:"writer,omitempty" nullable:"true" set:"writer" doc:"model: a language model or nothing. extractive: quotations of the sources. When absent, the model, and without one quotations."`
	Visibility      *string      `json:"visibility,omitempty" nullable:"true" set:"visibility" doc:"Who sees the course once it is READY. private (the default): its owner; unlisted: whoever has its id; public: everybody."`
	ConfirmRights
}

type generateOutput struct {
	Location          string `header:"Location"`
	Replayed          string `header:"Idempotent-Replayed" doc:"true when the task existed already."`
	PreferenceApplied string `header:"Preference-Applied"`
	Body              acceptedView
}

// acceptedView says where the course will be and how to follow its progress.
type acceptedView struct {
	TaskID                     uuid.UUID `json:"task_id" format:"uuid"`
	ProvisionalCourseID        uuid.UUID `json:"provisional_course_id" format:"uuid" doc:"The id of the course, which can be read at once and fills while it is generated."`
	EstimatedCompletionMinutes int       `json:"estimated_completion_minutes" minimum:"1" maximum:"1440" doc:"An estimate, not a guarantee: the median of how long the last 20 finished tasks of this kind took, those with a review left out (5 when fewer than 3 have finished), and once more for each round of the caller's other courses that it waits for."`
	StatusURL                  string    `json:"status_url"`
	WSURL                      string    `json:"ws_url"`
}

func (s *Server) generateCourse(ctx context.Context, in *generateInput) (*generateOutput, error) {
	request, _ := in.Body.normalise() // Resolve has validated it
	var key *string
	if in.IdempotencyKey != "" {
		key = &in.IdempotencyKey
	}
	asked := request.rows(rest.PrincipalOf(ctx).UserID, key, s.Now())
	if rest.TextOf(in.Body.Locale) == "" {
		user, err := accounts.FindUser(ctx, s.DB, asked.Task.UserID)
		if err != nil {
			return nil, err
		}
		asked.Course.Locale = cmp.Or(user.Locale, request.Locale) // no part of what an idempotency key is bound to
	}
	asked.Start = outbox.Course(asked.Task, s.bounds(), asked.Task.CreatedAt)
	task, replayed, err := courses.CreateGeneration(ctx, s.DB, asked, s.quota())
	return s.taken(ctx, in.Prefer, task, replayed, asked.Start, err)
}

// taken answers for a task that was created, or existed already.
func (s *Server) taken(ctx context.Context, prefer string, task tasks.Task, replayed bool, message store.OutboxMessage, err error) (*generateOutput, error) {
	if err != nil {
		return nil, err
	}
	out := s.accepted(task)
	if asksFor(prefer, "respond-async") {
		out.PreferenceApplied = "respond-async"
	}
	if replayed {
		out.Replayed = "true"
		return out, nil
	}
	s.Dispatcher.TryDispatch(ctx, message)
	return out, nil
}

// quota returns the limits on a user's courses.
func (s *Server) quota() courses.Quota {
	return courses.Quota{AtOnce: s.Config.Course.AtOnce, DailyTokens: s.Config.Course.DailyTokens, NoModel: !s.Config.Gemma.Configured()}
}

// bounds returns the timeouts of a run.
func (s *Server) bounds() outbox.Timeouts {
	return outbox.Timeouts{Deadline: s.Config.Course.Deadline, Review: s.Config.Course.ReviewFor}
}

func (s *Server) accepted(task tasks.Task) *generateOutput {
	status := s.PublicURL("/v1/tasks/" + task.ID.String() + "/status")
	return &generateOutput{Location: status, Body: acceptedView{
		TaskID: task.ID, ProvisionalCourseID: task.ResultID, EstimatedCompletionMinutes: task.EstimatedMins,
		StatusURL: status, WSURL: s.SocketURL("/v1/tasks/ws/" + task.ID.String()),
	}}
}

// courseRequest is a normalised request. Its JSON is what an idempotency key is bound to.
type courseRequest struct {
	Topic, Title, Description string
	Interests                 []string
	Level, Locale             string
	Hours                     *float64
	Preferences               store.Object
	// Omitted when empty, so that the hashes of older idempotency keys stay the same.
	SourceIDs []uuid.UUID `json:",omitempty"`
	Review    bool        `json:",omitempty"`
	// Empty means private.
	Visibility courses.Visibility `json:",omitempty"`
	Confirmed  bool               `json:",omitempty"`
	Writer     string             `json:",omitempty"`
}

// Resolve reports the rule violations that the schema cannot express, together with those of the
// schema, so that the client learns all of them at once.
func (in *generateInput) Resolve(huma.Context) []error {
	_, faults := in.Body.normalise()
	return faults
}

// normalise resolves aliases and defaults and reports rule violations.
func (b generateBody) normalise() (courseRequest, rest.FieldFaults) {
	var faults rest.FieldFaults
	r := courseRequest{
		Title: rest.TextOf(b.Title), Description: rest.TextOf(b.Description), Interests: rest.ListOf(b.Interests),
		Level: cmp.Or(rest.TextOf(b.DifficultyLevel), rest.TextOf(b.Level), "beginner"), Locale: cmp.Or(rest.TextOf(b.Locale), "en"),
		Hours: b.TargetHours, Preferences: b.Preferences,
	}
	r.Topic = cmp.Or(rest.TextOf(b.Topic), r.Title)
	r.Title = cmp.Or(r.Title, r.Topic)
	if r.Preferences == nil {
		r.Preferences = map[string]any{}
	}
	if n := utf8.RuneCountInString(r.Topic); n < 3 || n > 200 {
		faults.Add("topic", "must have 3 to 200 characters")
	}
	checkLevel(&faults, "difficulty_level", r.Level)
	if tag, err := language.Parse(r.Locale); err != nil {
		faults.Add("locale", "is not a BCP 47 language tag")
	} else {
		r.Locale = tag.String()
	}
	for i, interest := range r.Interests {
		if n := utf8.RuneCountInString(interest); n < 1 || n > 100 {
			faults.Add(fmt.Sprintf("interests[%d]", i), "must have 1 to 100 characters")
		}
	}
	r.SourceIDs, r.Writer = b.SourceIDs, rest.TextOf(b.Writer)
	switch mode := cmp.Or(rest.TextOf(b.Mode), modeAutomatic); mode {
	case modeAutomatic, modeReview:
		r.Review = mode == modeReview
	default:
		faults.Add("mode", "must be automatic or review")
	}
	if r.Visibility = courses.Visibility(rest.TextOf(b.Visibility)); r.Visibility == courses.VisibilityPrivate {
		r.Visibility = ""
	}
	if r.Visibility == courses.VisibilityPublic {
		r.Confirmed = b.confirmed()
		if len(r.SourceIDs) > 0 && !r.Confirmed {
			faults.Add("confirm_rights", courses.MustConfirmRights)
		}
	}
	checkPreferences(&faults, &r)
	return r, faults
}

// The modes of planning a course.
const (
	modeAutomatic = "automatic"
	modeReview    = "review"
)

// checkPreferences reads the two supported preferences.
func checkPreferences(f *rest.FieldFaults, r *courseRequest) {
	if value, ok := r.Preferences["duration_hours"]; ok && value != nil {
		hours, isNumber := value.(float64)
		switch {
		case !isNumber || hours <= 0 || hours > 100:
			f.Add("preferences.duration_hours", "must be a number above 0, at most 100")
		case r.Hours == nil:
			r.Hours = &hours
		}
	}
	if value, ok := r.Preferences["format"]; ok && value != nil {
		format, isText := value.(string)
		if !isText || utf8.RuneCountInString(format) > 100 {
			f.Add("preferences.format", "must be a string of at most 100 characters")
		}
		f.Line("preferences.format", format)
	}
}

func (r courseRequest) rows(user uuid.UUID, key *string, now time.Time) courses.Request {
	taskID, courseID := courses.GenerationIDs(user, key)
	task := tasks.NewTask(taskID, user, courseID, now)
	canonical, _ := json.Marshal(r) //nolint:errchkjson // it was decoded from JSON
	hash := sha256.Sum256(canonical)
	task.WorkflowID, task.IdempotencyKey, task.RequestHash = workflows.GenerateCourseID(taskID), key, hash[:]
	task.Spec = tasks.TaskSpec{Review: r.Review}
	var confirmed *time.Time
	if r.Confirmed {
		confirmed = &now
	}
	return courses.Request{Task: task, Sources: r.SourceIDs, Course: courses.Course{
		ID: courseID, OwnerUserID: user, Title: r.Title, Topic: r.Topic, Description: r.Description,
		Status: courses.CourseGenerating, Interests: r.Interests, DifficultyLevel: r.Level, Tags: []string{},
		TargetDurationHours: r.Hours, Locale: r.Locale, Preferences: r.Preferences, CreatedAt: now, UpdatedAt: now,
		Visibility: r.Visibility, RightsConfirmedAt: confirmed, Generation: courses.Generation{AskedWriter: r.Writer},
	}}
}

// asksFor reports whether a Prefer field contains a preference.
func asksFor(prefer, preference string) bool {
	for part := range strings.SplitSeq(prefer, ",") {
		name, _, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), preference) {
			return true
		}
	}
	return false
}

func generateOperation() huma.Operation {
	return huma.Operation{
		OperationID: "generate-course", Method: http.MethodPost, Path: "/v1/courses/generate",
		Summary: "Generate a course",
		Description: "Answers at once with the ids of the task and of the course; both can be read from then on. With an Idempotency-Key a repeated request " +
			"returns the same task. 422: the input is invalid or the topic is not allowed.",
		Tags: []string{"courses"}, DefaultStatus: http.StatusAccepted,
	}
}
