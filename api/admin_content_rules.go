package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/store"
)

// contentRules registers the operations on content rules.
func (s *Server) contentRules(tags []string) {
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
	Kind      string    `json:"kind" set:"rule_kind"`
	Pattern   string    `json:"pattern"`
	CreatedAt time.Time `json:"created_at"`
}

func viewRule(r moderation.ContentRule) contentRuleView {
	return contentRuleView{r.ID, r.Kind, r.Pattern, r.CreatedAt.UTC()}
}

func (s *Server) listContentRules(ctx context.Context, in *adminListInput) (*rest.Page[contentRuleView], error) {
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
		Kind    string `json:"kind" set:"rule_kind"`
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
