package community

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
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

// author is what is known of an author, once no other writing of theirs is under way.
type author struct {
	AuthorContext // Admin is by what Postgres says now
	quality.Allowance
	Author accounts.Author // as others see them
	policy moderation.Policy
	table  string // of what is written: posts or comments
	today  int    // how many of those were written within a day
}

// begin locks out other writes of the account, which must be active, and returns its author, in one round trip, with
// what else is read in it. table is posts or comments. Postgres does not see that only visible ones are asked for, else it may go through the indexes of
// all visible ones and not only through the author's.
func (w AuthorContext) begin(tx *gorm.DB, table string, others ...func(*pgx.Batch)) (author, error) {
	a := author{AuthorContext: w, table: table}
	batch := &pgx.Batch{}
	batch.Queue(accounts.ShareSQL, w.ID.String())
	batch.Queue("SELECT pg_advisory_xact_lock(hashtextextended('writing ' || $1::text, 0))", w.ID.String())
	batch.Queue(`SELECT u.is_active, u.roles @> '["`+accounts.RoleAdmin+`"]', `+accounts.AuthorColumns+`, u.created_at, u.is_verified,
		(SELECT count(*) FROM (
			(SELECT FROM posts WHERE author_id = u.id AND status || '' = 'visible' LIMIT $2) UNION ALL
			(SELECT FROM comments WHERE author_id = u.id AND status || '' = 'visible' LIMIT $2)) accepted),
		(SELECT count(*) FROM `+table+` WHERE author_id = u.id AND created_at > $3), `+moderation.PolicySQL+`
		FROM users u WHERE u.id = $1`, w.ID, quality.AcceptedMany, w.Now.Add(-day)).QueryRow(a.scan)
	for _, queue := range others {
		queue(batch)
	}
	err := store.Batch(tx, batch)
	return a, err
}

func (a *author) scan(row pgx.Row) error {
	var active bool
	var name *string
	var created time.Time
	var n quality.Newcomer
	err := row.Scan(&active, &a.Admin, &a.Author.ID, &name, &a.Author.AvatarURL, &created, &n.Verified, &n.Accepted, &a.today, &a.policy)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !active {
		return accounts.Inactive()
	}
	a.Author.SetName(name)
	if a.bound() {
		n.Age = a.Now.Sub(created)
		a.Allowance = a.Allow(n)
	}
	return err
}

// bound reports whether there is a limit to what the author may write.
func (a author) bound() bool { return a.Allow != nil && !a.Admin }

const day = 24 * time.Hour

// hasRoom returns RateLimited when the author has written as many as most within a day.
func (a author) hasRoom(tx *gorm.DB, most int) error {
	if !a.bound() || a.today < most {
		return nil
	}
	var first time.Time // of those that count
	err := tx.Raw("SELECT created_at FROM "+a.table+" WHERE author_id = ? ORDER BY created_at DESC OFFSET ? LIMIT 1",
		a.ID, most-1).Row().Scan(&first)
	if err != nil {
		return err
	}
	refusal := store.Errorf(store.RateLimited, "You have written %d %s within a day, which is the most for your account now. The limit rises with its age, with a verified e-mail address and with what others get to see.", most, a.table)
	refusal.RetryAfter = first.Add(day).Sub(a.Now)
	return refusal
}

// flagReason returns why a text must be reviewed before others see it, "" when it need not be.
func (a author) flagReason(text string) string {
	switch {
	case a.Admin:
		return ""
	case a.bound() && quality.Links(text) > a.Links:
		return "more links than a new account may post"
	}
	return a.policy.Broken(text)
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
