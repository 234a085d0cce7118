package moderation

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/store"
)

// TopicRule is a phrase in a learner's request, and the action for it.
type TopicRule struct {
	ID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	Action    quality.TopicAction
	Pattern   string // as package quality folds it
	CreatedAt time.Time
}

// ListedTopicRule is a rule of the operator's, or a built-in one.
type ListedTopicRule struct {
	TopicRule

	BuiltIn  bool
	Language string // of a built-in one
}

var (
	topicRuleSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d16")
	// builtInTopicsSince stands for the time at which the built-in rules were made: before any other.
	builtInTopicsSince = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// RefuseTopic returns TopicNotAllowed when the topic rules refuse one of the texts of a request in a
// locale. The error has resources where the rule asks for help. Each text is checked by itself.
func RefuseTopic(ctx context.Context, db *gorm.DB, locale string, texts ...string) error {
	rules, err := topicRules(ctx, db)
	if err != nil {
		return err
	}
	rule, found := quality.JudgeTopic(texts, rules)
	switch {
	case !found:
		return nil
	case rule.Action != quality.TopicHelp:
		return store.Errorf(store.TopicNotAllowed, "No course is written on this topic.")
	}
	refusal := store.Errorf(store.TopicNotAllowed, "No course is written on this, but there is help.")
	// Users write about this in their own language, whatever the app is set to.
	locales := []string{rule.Language, locale}
	if base, _, _ := strings.Cut(locale, "-"); base == rule.Language {
		locales = []string{locale}
	}
	if refusal.Resources, err = helpFor(ctx, db, locales...); err != nil {
		return err
	}
	return refusal
}

// topicRules returns the rules in force: the operator's, and the built-in ones that no rule of the
// operator replaces.
func topicRules(ctx context.Context, db *gorm.DB) ([]quality.TopicRule, error) {
	var rules []quality.TopicRule
	if err := db.WithContext(ctx).Raw("SELECT action, pattern FROM topic_rules ORDER BY pattern").Scan(&rules).Error; err != nil {
		return nil, err
	}
	replaced := make(map[string]bool, len(rules))
	for _, r := range rules {
		replaced[r.Pattern] = true
	}
	for _, r := range quality.BuiltInTopicRules() {
		if !replaced[r.Pattern] {
			rules = append(rules, r)
		}
	}
	return rules, nil
}

// TextsOf returns all texts in a free value of JSON, names of members included.
func TextsOf(value any) (texts []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			texts = append(texts, TextsOf(one)...)
		}
	case store.Object:
		return TextsOf(map[string]any(v))
	case map[string]any:
		for name, one := range v {
			texts = append(append(texts, name), TextsOf(one)...)
		}
	}
	return texts
}

// AddTopicRule adds a rule. One with the same words is Conflict.
func AddTopicRule(ctx context.Context, db *gorm.DB, rule TopicRule, entry store.AuditEntry) error {
	entry.Action, entry.Details = store.AuditTopicRuleAdded, map[string]any{"rule_id": rule.ID, "action": rule.Action}
	err := addRule(ctx, db, rule, entry)
	if store.IsUniqueViolation(err, "topic_rules_key") {
		return store.Errorf(store.Conflict, "There is a rule with these words already.")
	}
	return err
}

// RemoveTopicRule removes a rule of the operator's. The error is Conflict for a built-in one, which
// an allow rule with its words overrides.
func RemoveTopicRule(ctx context.Context, db *gorm.DB, id uuid.UUID, entry store.AuditEntry) error {
	isIt := func(r quality.TopicRule) bool { return builtInTopicID(r) == id }
	if slices.ContainsFunc(quality.BuiltInTopicRules(), isIt) {
		return store.Errorf(store.Conflict, "This rule is built in: add one with its words and another action.")
	}
	entry.Action = store.AuditTopicRuleRemoved
	return removeRule[TopicRule](ctx, db, id, entry)
}

func builtInTopicID(r quality.TopicRule) uuid.UUID { return store.DerivedID(topicRuleSpace, r.Pattern) }

// ListTopicRules returns a page of the rules in force, the newest first, the built-in ones last.
func ListTopicRules(ctx context.Context, db *gorm.DB, after *store.Keyset, offset, limit int) ([]ListedTopicRule, error) {
	var ids, actions, patterns, languages store.Words
	for _, r := range quality.BuiltInTopicRules() {
		ids, actions = append(ids, builtInTopicID(r).String()), append(actions, string(r.Action))
		patterns, languages = append(patterns, r.Pattern), append(languages, r.Language)
	}
	args := map[string]any{
		"since": builtInTopicsSince, "ids": ids, "actions": actions, "patterns": patterns, "languages": languages, "offset": offset, "limit": limit,
	}
	where := ""
	if after != nil {
		where, args["at"], args["id"] = " WHERE (created_at, id) < (@at, @id)", after.At, after.ID
	}
	var rules []ListedTopicRule
	err := db.WithContext(ctx).Raw(`SELECT * FROM (
			SELECT id, action, pattern, created_at, false AS built_in, '' AS language FROM topic_rules UNION ALL
			SELECT b.id, b.action, b.pattern, CAST(@since AS timestamptz), true, b.language
			FROM unnest(CAST(@ids AS uuid[]), CAST(@actions AS text[]), CAST(@patterns AS text[]), CAST(@languages AS text[])) b(id, action, pattern, language)
			WHERE NOT EXISTS (SELECT FROM topic_rules r WHERE r.pattern = b.pattern)
		) r`+where+` ORDER BY created_at DESC, id DESC OFFSET @offset LIMIT @limit`, args).Scan(&rules).Error
	return rules, err
}
