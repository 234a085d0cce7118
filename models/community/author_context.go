package community

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
)

// AuthorContext is what is known of the author when something is written.
type AuthorContext struct {
	moderation.Viewer
	Now time.Time
	// Allow returns how much an author may write in a day; nil: there is no limit.
	Allow    func(quality.Newcomer) quality.Allowance
	Enqueuer notify.Enqueuer
	// Entry is written to the audit log when an administrator changes another's content.
	Entry store.AuditEntry
}

// begin locks out other writes of the account, which must be active, and returns its allowance.
func (w AuthorContext) begin(tx *gorm.DB) (quality.Allowance, error) {
	if err := accounts.RequireActive(tx, w.ID); err != nil || w.Allow == nil || w.Admin {
		return quality.Allowance{}, err
	}
	if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended('writing ' || ?, 0))", w.ID.String()).Error; err != nil {
		return quality.Allowance{}, err
	}
	var facts struct {
		CreatedAt  time.Time
		IsVerified bool
		Accepted   int
	}
	err := tx.Raw(`
		SELECT created_at, is_verified, (SELECT count(*) FROM (
			(SELECT 1 FROM posts WHERE author_id = u.id AND status = 'visible' LIMIT @many) UNION ALL
			(SELECT 1 FROM comments WHERE author_id = u.id AND status = 'visible' LIMIT @many)) accepted) AS accepted
		FROM users u WHERE id = @user`, map[string]any{"user": w.ID, "many": quality.AcceptedMany}).Scan(&facts).Error
	return w.Allow(quality.Newcomer{Age: w.Now.Sub(facts.CreatedAt), Verified: facts.IsVerified, Accepted: facts.Accepted}), err
}

const day = 24 * time.Hour

// hasRoom returns RateLimited when the author's daily limit is reached.
func (w AuthorContext) hasRoom(tx *gorm.DB, table string, most int) error {
	if w.Allow == nil || w.Admin {
		return nil
	}
	var times []time.Time
	err := tx.Raw("SELECT created_at FROM "+table+" WHERE author_id = ? AND created_at > ? ORDER BY created_at DESC OFFSET ? LIMIT 1",
		w.ID, w.Now.Add(-day), most-1).Scan(&times).Error
	if err != nil || len(times) == 0 {
		return err
	}
	refusal := store.Errorf(store.RateLimited, "You have written %d %s within a day, which is the most for your account now. The limit rises with its age, with a verified e-mail address and with what others get to see.", most, table)
	refusal.RetryAfter = times[0].Add(day).Sub(w.Now)
	return refusal
}

// flagReason returns why a text must be reviewed before others see it, "" when it need not be.
func (w AuthorContext) flagReason(tx *gorm.DB, text string, allowance quality.Allowance) (string, error) {
	if w.Admin {
		return "", nil
	}
	if w.Allow != nil && quality.Links(text) > allowance.Links {
		return "more links than a new account may post", nil
	}
	return moderation.BrokenRule(tx, text)
}

// audit writes to the audit log what an administrator did to another's content.
func (w AuthorContext) audit(ctx context.Context, tx *gorm.DB, author *uuid.UUID, action store.AuditAction, details map[string]any) error {
	if w.Wrote(author) {
		return nil
	}
	entry := w.Entry
	entry.Action, entry.UserID, entry.Details = action, author, details
	return store.Audit(ctx, tx, entry)
}

// call notifies the users whom a text mentions by @name, except those in notified.
func call(tx *gorm.DB, text string, n notify.Notification, source string, f notify.Enqueuer, notified ...uuid.UUID) error {
	names := texts.Mentions(text)
	if len(names) == 0 {
		return nil
	}
	var users []uuid.UUID
	if err := tx.Raw("SELECT u.id FROM users u WHERE u.username_key = ANY (text_keys(CAST(? AS jsonb))) AND "+accounts.IsOn("u")+" ORDER BY u.id", store.AsJSON(names)).Scan(&users).Error; err != nil {
		return err
	}
	for _, user := range users {
		if slices.Contains(notified, user) {
			continue
		}
		n.UserID = user
		if err := notify.Notify(tx, n, source, f); err != nil {
			return err
		}
	}
	return nil
}
