package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	texts "github.com/lyoapp/lyo/models/text"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/payload"
)

type outlineInput struct {
	TaskID
	Body outlineBody `contentType:"application/json"`
}

// outlineBody is a learner's decision on an outline.
type outlineBody struct {
	Action  string          `json:"action" set:"outline_action" doc:"edit replaces the outline with the given one and accepts it."`
	Title   *string         `json:"title,omitempty" nullable:"true" maxLength:"200" text:"line" doc:"For edit: the title of the course; absent: unchanged."`
	Lessons []outlineLesson `json:"lessons,omitempty" nullable:"true" maxItems:"12" doc:"For edit: all lessons of the outline in order, 3 to 12."`
}

type outlineLesson struct {
	Title         string   `json:"title" maxLength:"200" text:"title"`
	Summary       *string  `json:"summary,omitempty" nullable:"true" maxLength:"1000" text:"note"`
	Objectives    []string `json:"objectives,omitempty" nullable:"true" maxItems:"8" each:"300" text:"line"`
	Prerequisites []string `json:"prerequisites,omitempty" nullable:"true" maxItems:"8" each:"300" text:"line"`
	Minutes       *int     `json:"estimated_duration_minutes,omitempty" nullable:"true" minimum:"1" maximum:"600"`
}

// Resolve reports the rule violations that the schema cannot express.
func (in *outlineInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	b := in.Body
	if b.Action != workflows.OutlineEdit {
		return faults
	}
	if len(b.Lessons) < courses.LeastLessons {
		faults.Add("lessons", "must be at least 3")
	}
	titles := map[string]bool{}
	for i, l := range b.Lessons {
		at := fmt.Sprintf("lessons[%d].title", i)
		title := texts.Key(l.Title)
		if titles[title] && title != "" {
			faults.Add(at, "is the title of another lesson")
		}
		titles[title] = true
		for n, o := range append(append([]string{}, l.Objectives...), l.Prerequisites...) {
			if utf8.RuneCountInString(o) > 300 {
				faults.Add(fmt.Sprintf("lessons[%d]", i), fmt.Sprintf("has an objective or prerequisite of more than 300 characters (number %d)", n+1))
			}
		}
	}
	return faults
}

// plan returns the learner's outline as it is stored.
func (b outlineBody) plan() courses.EditedPlan {
	plan := courses.EditedPlan{Title: rest.TextOf(b.Title)}
	for _, l := range b.Lessons {
		edit := courses.EditedLesson{
			Title: l.Title, Summary: rest.TextOf(l.Summary), Objectives: rest.ListOf(l.Objectives), Prerequisites: rest.ListOf(l.Prerequisites), Minutes: usualMinutes,
		}
		if l.Minutes != nil {
			edit.Minutes = *l.Minutes
		}
		plan.Lessons = append(plan.Lessons, edit)
	}
	return plan
}

// usualMinutes is the default length of a lesson.
const usualMinutes = 20

// decideWithin is the time limit for the workflow to accept a decision.
const decideWithin = 8 * time.Second

// decideOutline sends the learner's decision to the workflow and answers once it was accepted.
func (s *Server) decideOutline(ctx context.Context, in *outlineInput) (*taskOutput, error) {
	user := rest.PrincipalOf(ctx).UserID
	task, err := tasks.FindTask(ctx, s.DB, user, in.ID)
	if err != nil {
		return nil, err
	}
	if task.State.Ended() || !task.Spec.Review {
		return nil, store.Errorf(store.Conflict, "No plan of this task waits for a decision.")
	}
	if err := s.allowPlan(ctx, task, in.Body); err != nil {
		return nil, err
	}
	if err := s.sendDecision(ctx, task, in.Body); err != nil {
		return nil, err
	}
	task, err = tasks.FindTask(ctx, s.DB, user, in.ID)
	return &taskOutput{s.viewTask(task)}, err
}

// allowPlan checks a learner's outline by the same rules as a course request.
func (s *Server) allowPlan(ctx context.Context, task tasks.Task, b outlineBody) error {
	if b.Action != workflows.OutlineEdit {
		return nil
	}
	course, err := courses.FindCourse(ctx, s.DB, task.UserID, task.ResultID)
	if err != nil {
		return err
	}
	texts := []string{rest.TextOf(b.Title)}
	for _, l := range b.Lessons {
		texts = append(append(append(texts, l.Title, rest.TextOf(l.Summary)), l.Objectives...), l.Prerequisites...)
	}
	return moderation.RefuseTopic(ctx, s.DB, course.Locale, texts...)
}

// sendDecision sends a decision to the workflow. An edited plan is stored first, and its id sent.
func (s *Server) sendDecision(ctx context.Context, task tasks.Task, b outlineBody) error {
	d := workflows.OutlineDecision{Action: b.Action}
	if b.Action != workflows.OutlineEdit {
		return s.updateWorkflow(ctx, task, workflows.UpdateOutline, d)
	}
	edit := courses.PlanEdit{ID: store.NewID(), TaskID: task.ID, UserID: task.UserID, Plan: b.plan(), CreatedAt: s.Now()}
	if err := courses.SavePlanEdit(ctx, s.DB, edit); err != nil {
		return err
	}
	d.PlanID = edit.ID
	err := s.updateWorkflow(ctx, task, workflows.UpdateEditedOutline, d)
	if store.CodeOf(err) == store.Conflict { // otherwise it may still be taken, and goes when the task ends
		if unstored := courses.DropPlanEdit(ctx, s.DB, edit.ID); unstored != nil {
			s.Log.WarnContext(ctx, "a refused plan could not be removed", "error", unstored)
		}
	}
	return err
}

func (s *Server) updateWorkflow(ctx context.Context, task tasks.Task, name string, d workflows.OutlineDecision) error {
	ctx, cancel := context.WithTimeout(ctx, decideWithin)
	defer cancel()
	update, err := s.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID: uuid.NewString(), WorkflowID: task.WorkflowID, UpdateName: name,
		Args: []any{d}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = update.Get(ctx, nil)
	}
	return refusedDecision(err)
}

// refusedDecision returns the reason why a decision was not accepted.
func refusedDecision(err error) error {
	var gone *serviceerror.NotFound // has ended, or was not started yet
	kind := ""
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		kind = app.Type()
	}
	switch {
	case err == nil:
		return nil
	case kind == payload.TooLarge:
		return store.Errorf(store.Invalid, "The decision is larger than can be taken.").Because(err)
	case kind == workflows.FailureNotInReview, kind == string(store.NotFound), errors.As(err, &gone):
		return store.Errorf(store.Conflict, "No plan of this task waits for a decision.")
	default:
		away := store.Errorf(store.Unavailable, "The decision could not be taken just now. Try again.").Because(err)
		away.Part = "workflow-engine"
		return away
	}
}

func outlineOperation() huma.Operation {
	return huma.Operation{
		OperationID: "decide-outline", Method: http.MethodPost, Path: "/v1/tasks/{id}/outline", Tags: []string{"tasks"},
		Summary: "Decide on a course outline",
		Description: "Accepts, edits or rejects it. For courses requested with mode review, whose task waits at the step review; the outline is the course's lessons. Without a decision the " +
			"task ends at its deadline. 409: no outline of this task waits.",
		Errors: []int{http.StatusConflict, http.StatusServiceUnavailable},
	}
}
