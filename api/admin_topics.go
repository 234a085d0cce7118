package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"golang.org/x/text/language"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
)

// topics registers the operations on topic rules and help resources.
func (s *Server) topics() {
	tags := []string{rest.TagAdmin}
	rest.Register(s.API, huma.Operation{
		OperationID: "list-topic-rules", Method: http.MethodGet, Path: "/v1/admin/topic-rules", Tags: tags,
		Summary: "List topic rules",
		Description: "Phrases on which no course is generated, and exceptions: newest first, built-in ones last. Topic, title, description, interests and " +
			"preferences of a request are checked separately. allow: these words do not count for the other rules. For administrators.",
	}, s.listTopicRules, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "create-topic-rule", Method: http.MethodPost, Path: "/v1/admin/topic-rules", Tags: tags,
		Summary: "Create a topic rule",
		Description: "It matches whatever the case and accents, and with digits in place of letters. A rule with the words of a built-in one replaces it. 409: a " +
			"rule with these words exists already. For administrators.",
		DefaultStatus: http.StatusCreated, Errors: []int{http.StatusConflict},
	}, s.createTopicRule, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "delete-topic-rule", Method: http.MethodDelete, Path: "/v1/admin/topic-rules/{id}", Tags: tags,
		Summary:       "Delete a topic rule",
		Description:   "409: the rule is built in; create one with its words to replace it. For administrators.",
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusConflict},
	}, s.deleteTopicRule, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "list-help-resources", Method: http.MethodGet, Path: "/v1/admin/help-resources", Tags: tags,
		Summary:     "List help resources by language",
		Description: "What a user sees in place of a course where a topic rule's action is help. For administrators.",
	}, s.listHelpResources, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "put-help-resources", Method: http.MethodPut, Path: "/v1/admin/help-resources/{locale}", Tags: tags,
		Summary:     "Replace the help resources of a language",
		Description: "An empty list restores the built-in resources. For administrators.",
	}, s.putHelpResources, rest.Admins)
}

type topicRuleView struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Action    string    `json:"action" set:"topic_action"`
	Pattern   string    `json:"pattern" doc:"Normalized for comparison: without case, accents and punctuation."`
	BuiltIn   bool      `json:"built_in"`
	Language  string    `json:"language" doc:"Language of a built-in rule; empty for others."`
	CreatedAt time.Time `json:"created_at"`
}

func viewTopicRule(r moderation.ListedTopicRule) topicRuleView {
	return topicRuleView{r.ID, string(r.Action), r.Pattern, r.BuiltIn, r.Language, r.CreatedAt.UTC()}
}

func (s *Server) listTopicRules(ctx context.Context, in *adminListInput) (*rest.Page[topicRuleView], error) {
	return rest.List[moderation.ListedTopicRule, topicRuleView]{
		Name: "topic-rules", Filter: nil, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]moderation.ListedTopicRule, error) {
			return moderation.ListTopicRules(ctx, s.DB, after, in.Skip(), limit)
		},
		Keyset: func(r moderation.ListedTopicRule) store.Keyset { return store.Keyset{At: r.CreatedAt, ID: r.ID} },
		Show:   viewTopicRule,
	}.Page(ctx, s.API)
}

type createTopicRuleInput struct {
	Body struct {
		Action  string `json:"action" set:"topic_action"`
		Pattern string `json:"pattern" maxLength:"200" text:"title" doc:"A word or a phrase"`
	}
}

func (s *Server) createTopicRule(ctx context.Context, in *createTopicRuleInput) (*rest.Body[topicRuleView], error) {
	rule := moderation.TopicRule{
		ID: store.NewID(), Action: quality.TopicAction(in.Body.Action), Pattern: quality.FoldPattern(quality.RuleWord, in.Body.Pattern), CreatedAt: s.Now(),
	}
	if n := len([]rune(rule.Pattern)); n == 0 || n > 200 {
		return nil, store.BadField("body", "/pattern", "has no word, or more letters than can be compared")
	}
	if err := moderation.AddTopicRule(ctx, s.DB, rule, s.AuditEntry(ctx, store.AuditTopicRuleAdded, uuid.Nil, nil)); err != nil {
		return nil, err
	}
	return rest.Answer(viewTopicRule(moderation.ListedTopicRule{TopicRule: rule})), nil
}

func (s *Server) deleteTopicRule(ctx context.Context, in *rest.PathID) (*struct{}, error) {
	return nil, moderation.RemoveTopicRule(ctx, s.DB, in.ID, s.AuditEntry(ctx, store.AuditTopicRuleRemoved, uuid.Nil, nil))
}

type helpResourcesView struct {
	Locale    string              `json:"locale" doc:"BCP 47"`
	Resources []rest.HelpResource `json:"resources" nullable:"false"`
	BuiltIn   bool                `json:"built_in"`
	UpdatedAt *time.Time          `json:"updated_at" nullable:"true" doc:"null: built in."`
}

func viewHelpResources(h moderation.HelpResources) helpResourcesView {
	v := helpResourcesView{Locale: h.Locale, Resources: rest.ViewHelp(h.Resources), BuiltIn: h.UpdatedAt.IsZero()}
	if !v.BuiltIn {
		v.UpdatedAt = rest.UTC(&h.UpdatedAt)
	}
	return v
}

func (s *Server) listHelpResources(ctx context.Context, _ *rest.NoInput) (*rest.Body[[]helpResourcesView], error) {
	all, err := moderation.ListHelpResources(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	views := make([]helpResourcesView, 0, len(all))
	for _, h := range all {
		views = append(views, viewHelpResources(h))
	}
	return rest.Answer(views), nil
}

type putHelpResourcesInput struct {
	Locale string `path:"locale" maxLength:"35" doc:"BCP 47"`
	Body   struct {
		Resources []rest.HelpResource `json:"resources" maxItems:"20"`
	}
}

// Resolve reports the rule violations that the schema cannot express.
func (in *putHelpResourcesInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	for i, r := range in.Body.Resources {
		at := fmt.Sprintf("resources[%d]", i)
		for n, link := range r.Links {
			if len(link) > 500 || !opens(link) {
				faults.Add(fmt.Sprintf("%s.links[%d]", at, n), "must be an https, http, tel, sms or mailto address")
			}
		}
	}
	return faults
}

// opens reports whether a device can open the address.
func opens(link string) bool {
	u, err := url.Parse(link)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "https", "http":
		return u.Host != "" && u.User == nil
	case "tel", "sms", "mailto":
		return u.Opaque != ""
	}
	return false
}

func (s *Server) putHelpResources(ctx context.Context, in *putHelpResourcesInput) (*rest.Body[helpResourcesView], error) {
	tag, err := language.Parse(in.Locale)
	if err != nil {
		return nil, store.BadField("path", "locale", "is not a BCP 47 language tag")
	}
	help := moderation.HelpResources{Locale: tag.String()}
	if len(in.Body.Resources) > 0 {
		help.UpdatedAt = s.Now()
	}
	for _, r := range in.Body.Resources {
		help.Resources = append(help.Resources, store.HelpResource{Title: texts.Trim(r.Title), Text: texts.Trim(r.Text), Links: rest.ListOf(r.Links)})
	}
	if err := moderation.SetHelpResources(ctx, s.DB, help, s.AuditEntry(ctx, store.AuditHelpChanged, uuid.Nil, nil)); err != nil {
		return nil, err
	}
	return rest.Answer(viewHelpResources(help)), nil
}
