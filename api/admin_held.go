package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/quality"
)

func (s *Server) holding(tags []string) {
	register(s, huma.Operation{
		OperationID: "list-held", Method: http.MethodGet, Path: "/v1/admin/held", Tags: tags,
		Summary: "Posts, comments and courses that wait for an administrator, the oldest first",
	}, s.listHeld, admins)
	register(s, huma.Operation{
		OperationID: "decide-held", Method: http.MethodPost, Path: "/v1/admin/held/{id}/decision", Tags: tags,
		Summary: "Let others see it, or delete it; a course is hidden instead, and stays its owner's",
	}, s.decideHeld, admins)
}

type heldView struct {
	ID         uuid.UUID  `json:"id" format:"uuid"`
	TargetType string     `json:"target_type" enum:"post,comment,course"`
	PostID     uuid.UUID  `json:"post_id" format:"uuid" doc:"Of a course its own id."`
	AuthorID   *uuid.UUID `json:"author_id" format:"uuid" nullable:"true"`
	Title      string     `json:"title" doc:"Of a post or course."`
	Content    string     `json:"content" doc:"Of a course its summary and description: read it at /v1/admin/courses/{id}."`
	HeldFor    string     `json:"held_for" doc:"What it was put on hold for."`
	CreatedAt  time.Time  `json:"created_at"`
}

type listHeldInput struct {
	Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listHeld(ctx context.Context, in *listHeldInput) (*listed[heldView], error) {
	after, err := s.openCursor("held", nil, in.Cursor)
	if err != nil {
		return nil, err
	}
	held, err := models.ListHeld(ctx, s.DB, after, in.skip(), in.Limit+1)
	if err != nil {
		return nil, err
	}
	place := func(h models.Held) models.Keyset { return models.Keyset{At: h.CreatedAt, ID: h.ID} }
	show := func(h models.Held) heldView {
		return heldView{h.ID, h.TargetType, h.PostID, h.AuthorID, h.Title, h.Content, h.HeldFor, h.CreatedAt.UTC()}
	}
	return pageOf(ctx, s, "held", nil, held, in.Limit, place, show), nil
}

type decideHeldInput struct {
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body struct {
		Decision string `json:"decision" enum:"approve,reject"`
	}
}

func (s *Server) decideHeld(ctx context.Context, in *decideHeldInput) (*body[done], error) {
	w, err := s.writing(ctx)
	if err != nil {
		return nil, err
	}
	approved := in.Body.Decision == "approve"
	if err := models.DecideHeld(ctx, s.DB, w, in.ID, approved); err != nil {
		return nil, err
	}
	message := "Others will not see it."
	if approved {
		message = "Others can see it now."
	}
	return &body[done]{done{message}}, nil
}

func (s *Server) policy(tags []string) {
	register(s, huma.Operation{
		OperationID: "list-content-rules", Method: http.MethodGet, Path: "/v1/admin/content-rules", Tags: tags,
		Summary: "Words and sites that put a post, comment or public course on hold, the newest first",
	}, s.listContentRules, admins)
	register(s, huma.Operation{
		OperationID: "create-content-rule", Method: http.MethodPost, Path: "/v1/admin/content-rules", Tags: tags,
		Summary: "Add one", Description: "Case, accents and digits in place of letters make no difference to words; a site stands for all below it.",
		DefaultStatus: http.StatusCreated, Errors: []int{http.StatusConflict},
	}, s.createContentRule, admins)
	register(s, huma.Operation{
		OperationID: "delete-content-rule", Method: http.MethodDelete, Path: "/v1/admin/content-rules/{id}", Tags: tags,
		Summary: "Take one away; what it put on hold stays there", DefaultStatus: http.StatusNoContent,
	}, s.deleteContentRule, admins)
}

type contentRuleView struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Kind      string    `json:"kind" enum:"word,link"`
	Pattern   string    `json:"pattern"`
	CreatedAt time.Time `json:"created_at"`
}

func viewRule(r models.ContentRule) contentRuleView {
	return contentRuleView{r.ID, r.Kind, r.Pattern, r.CreatedAt.UTC()}
}

func (s *Server) listContentRules(ctx context.Context, in *listHeldInput) (*listed[contentRuleView], error) {
	after, err := s.openCursor("content-rules", nil, in.Cursor)
	if err != nil {
		return nil, err
	}
	rules, err := models.ListContentRules(ctx, s.DB, after, in.skip(), in.Limit+1)
	if err != nil {
		return nil, err
	}
	place := func(r models.ContentRule) models.Keyset { return models.Keyset{At: r.CreatedAt, ID: r.ID} }
	return pageOf(ctx, s, "content-rules", nil, rules, in.Limit, place, viewRule), nil
}

type createContentRuleInput struct {
	Body struct {
		Kind    string `json:"kind" enum:"word,link"`
		Pattern string `json:"pattern" maxLength:"200" text:"title" doc:"A word, or words in a row; or the name of a site"`
	}
}

func (s *Server) createContentRule(ctx context.Context, in *createContentRuleInput) (*body[contentRuleView], error) {
	rule := models.ContentRule{ID: models.NewID(), Kind: in.Body.Kind, Pattern: quality.FoldPattern(in.Body.Kind, in.Body.Pattern), CreatedAt: s.now()}
	if rule.Pattern == "" || len(rule.Pattern) > 200 {
		return nil, models.BadField("body", "/pattern", "has no word, or is not the name of a site")
	}
	if err := models.AddContentRule(ctx, s.DB, rule, s.happened(ctx, models.AuditRuleAdded, uuid.Nil, nil)); err != nil {
		return nil, err
	}
	return &body[contentRuleView]{viewRule(rule)}, nil
}

type contentRuleID struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

func (s *Server) deleteContentRule(ctx context.Context, in *contentRuleID) (*struct{}, error) {
	return nil, models.RemoveContentRule(ctx, s.DB, in.ID, s.happened(ctx, models.AuditRuleRemoved, uuid.Nil, nil))
}
