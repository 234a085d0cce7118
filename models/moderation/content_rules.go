package moderation

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/store"
)

// ContentRule is a word or a site that makes a post or comment pending review.
type ContentRule struct {
	ID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	Kind      string    // quality.RuleWord or quality.RuleLink
	Pattern   string    // as package quality folds it
	CreatedAt time.Time
}

// BrokenRule names the content rule that a text breaks, "" when it breaks none.
func BrokenRule(tx *gorm.DB, text string) (string, error) {
	var policy Policy
	batch := &pgx.Batch{}
	batch.Queue("SELECT " + PolicySQL).QueryRow(func(row pgx.Row) error { return row.Scan(&policy) })
	err := store.Batch(tx, batch)
	return policy.Broken(text), err
}

// Policy is all content rules.
type Policy []quality.ContentRule

// PolicySQL is an expression of the Policy, as JSON, for statements that read more than that.
const PolicySQL = "(SELECT json_agg(json_build_object('Kind', kind, 'Pattern', pattern)) FROM content_rules)"

// Broken names the rule that a text breaks, "" when it breaks none.
func (p Policy) Broken(text string) string {
	if len(p) == 0 {
		return ""
	}
	if rule, broken := quality.Broken(text, p); broken {
		return "the " + rule.Kind + " " + rule.Pattern
	}
	return ""
}

// AddContentRule adds a rule to the policy. The error is Conflict when it is there already.
func AddContentRule(ctx context.Context, db *gorm.DB, rule ContentRule, entry store.AuditEntry) error {
	entry.Action, entry.Details = store.AuditRuleAdded, map[string]any{"rule_id": rule.ID, "kind": rule.Kind}
	err := addRule(ctx, db, rule, entry)
	if store.IsUniqueViolation(err, "content_rules_key") {
		return store.Errorf(store.Conflict, "There is such a rule already.")
	}
	return err
}

// addRule stores a rule of the operator's, of content or topics, with its entry of the audit log.
func addRule[R any](ctx context.Context, db *gorm.DB, rule R, entry store.AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&rule).Error; err != nil {
			return err
		}
		return store.Audit(ctx, tx, entry)
	})
}

// RemoveContentRule removes a rule. Content that it made pending stays pending.
func RemoveContentRule(ctx context.Context, db *gorm.DB, id uuid.UUID, entry store.AuditEntry) error {
	entry.Action = store.AuditRuleRemoved
	return removeRule[ContentRule](ctx, db, id, entry)
}

// removeRule removes what addRule stored.
func removeRule[R any](ctx context.Context, db *gorm.DB, id uuid.UUID, entry store.AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		gone := tx.Delete(new(R), "id = ?", id)
		if gone.Error != nil {
			return gone.Error
		}
		if gone.RowsAffected == 0 {
			return store.Missing("rule", id)
		}
		entry.Details = map[string]any{"rule_id": id}
		return store.Audit(ctx, tx, entry)
	})
}

// ListContentRules returns a page of the policy, the newest rules first.
func ListContentRules(ctx context.Context, db *gorm.DB, after *store.Keyset, offset, limit int) ([]ContentRule, error) {
	return store.NewestFirst[ContentRule](db.WithContext(ctx), after, offset, limit)
}
