package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/store"
)

func (s *Server) holding(tags []string) {
	rest.Register(s.API, huma.Operation{
		OperationID: "list-held", Method: http.MethodGet, Path: "/v1/admin/held", Tags: tags,
		Summary:     "List content awaiting review",
		Description: "Posts, comments and courses on hold, oldest first. For administrators.",
	}, s.listHeld, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "decide-held", Method: http.MethodPost, Path: "/v1/admin/held/{id}/decision", Tags: tags,
		Summary: "Approve or reject content awaiting review",
		Description: "approve makes it visible, unless its author is suspended. reject deletes a post or comment; a course is hidden and remains its owner's. " +
			"404: it awaits no review. For administrators.",
	}, s.decideHeld, rest.Admins)
}

type heldView struct {
	ID         uuid.UUID  `json:"id" format:"uuid"`
	TargetType string     `json:"target_type" enum:"post,comment,course"`
	PostID     uuid.UUID  `json:"post_id" format:"uuid" doc:"For a course, the course's id."`
	AuthorID   *uuid.UUID `json:"author_id" format:"uuid" nullable:"true"`
	Title      string     `json:"title" doc:"Title of a post or course."`
	Content    string     `json:"content" doc:"For a course, its summary and description; the whole course is at /v1/admin/courses/{id}."`
	HeldFor    string     `json:"held_for" doc:"Why it is on hold."`
	CreatedAt  time.Time  `json:"created_at"`
}

type listHeldInput struct {
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listHeld(ctx context.Context, in *listHeldInput) (*rest.Page[heldView], error) {
	return rest.List[community.PendingContent, heldView]{
		Name: "held", Filter: nil, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]community.PendingContent, error) {
			return community.ListPending(ctx, s.DB, after, in.Skip(), limit)
		},
		Keyset: func(h community.PendingContent) store.Keyset { return store.Keyset{At: h.CreatedAt, ID: h.ID} },
		Show: func(h community.PendingContent) heldView {
			return heldView{h.ID, h.TargetType, h.PostID, h.AuthorID, h.Title, h.Content, h.FlagReason, h.CreatedAt.UTC()}
		},
	}.Page(ctx, s.API)
}

type decideHeldInput struct {
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body struct {
		Decision string `json:"decision" enum:"approve,reject"`
	}
}

func (s *Server) decideHeld(ctx context.Context, in *decideHeldInput) (*rest.Body[done], error) {
	w, err := s.writing(ctx)
	if err != nil {
		return nil, err
	}
	approved := in.Body.Decision == "approve"
	if err := community.DecidePending(ctx, s.DB, w, in.ID, approved); err != nil {
		return nil, err
	}
	message := "Others will not see it."
	if approved {
		message = "Others can see it now."
	}
	return rest.Answer(done{message}), nil
}

func (s *Server) policy(tags []string) {
	rest.Register(s.API, huma.Operation{
		OperationID: "list-content-rules", Method: http.MethodGet, Path: "/v1/admin/content-rules", Tags: tags,
		Summary:     "List content rules",
		Description: "Words and links that send a post, comment or public course to review, newest first. For administrators.",
	}, s.listContentRules, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "create-content-rule", Method: http.MethodPost, Path: "/v1/admin/content-rules", Tags: tags,
		Summary: "Create a content rule",
		Description: "Words match whatever their case and accents, and with digits in place of letters; a site includes its subdomains. 409: the rule exists " +
			"already. For administrators.",
		DefaultStatus: http.StatusCreated, Errors: []int{http.StatusConflict},
	}, s.createContentRule, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "delete-content-rule", Method: http.MethodDelete, Path: "/v1/admin/content-rules/{id}", Tags: tags,
		Summary:       "Delete a content rule",
		Description:   "What the rule has put on hold stays on hold. For administrators.",
		DefaultStatus: http.StatusNoContent,
	}, s.deleteContentRule, rest.Admins)
}

type contentRuleView struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Kind      string    `json:"kind" enum:"word,link"`
	Pattern   string    `json:"pattern"`
	CreatedAt time.Time `json:"created_at"`
}

func viewRule(r moderation.ContentRule) contentRuleView {
	return contentRuleView{r.ID, r.Kind, r.Pattern, r.CreatedAt.UTC()}
}

func (s *Server) listContentRules(ctx context.Context, in *listHeldInput) (*rest.Page[contentRuleView], error) {
	return rest.List[moderation.ContentRule, contentRuleView]{
		Name: "content-rules", Filter: nil, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]moderation.ContentRule, error) {
			return moderation.ListContentRules(ctx, s.DB, after, in.Skip(), limit)
		},
		Keyset: func(r moderation.ContentRule) store.Keyset { return store.Keyset{At: r.CreatedAt, ID: r.ID} },
		Show:   viewRule,
	}.Page(ctx, s.API)
}

type createContentRuleInput struct {
	Body struct {
		Kind    string `json:"kind" enum:"word,link"`
		Pattern string `json:"pattern" maxLength:"200" text:"title" doc:"A word, a phrase, or the domain of a site"`
	}
}

func (s *Server) createContentRule(ctx context.Context, in *createContentRuleInput) (*rest.Body[contentRuleView], error) {
	rule := moderation.ContentRule{ID: store.NewID(), Kind: in.Body.Kind, Pattern: quality.FoldPattern(in.Body.Kind, in.Body.Pattern), CreatedAt: s.Now()}
	if rule.Pattern == "" || len(rule.Pattern) > 200 {
		return nil, store.BadField("body", "/pattern", "has no word, or is not the name of a site")
	}
	if err := moderation.AddContentRule(ctx, s.DB, rule, s.AuditEntry(ctx, store.AuditRuleAdded, uuid.Nil, nil)); err != nil {
		return nil, err
	}
	return rest.Answer(viewRule(rule)), nil
}

func (s *Server) deleteContentRule(ctx context.Context, in *rest.PathID) (*struct{}, error) {
	return nil, moderation.RemoveContentRule(ctx, s.DB, in.ID, s.AuditEntry(ctx, store.AuditRuleRemoved, uuid.Nil, nil))
}
