package models

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Held is a post, comment or course that waits for an administrator.
type Held struct {
	ID         uuid.UUID
	TargetType string    // TargetPost, TargetComment or TargetCourse
	PostID     uuid.UUID // of a course its own id
	AuthorID   *uuid.UUID
	Title      string // of a post or course
	Content    string // of a course its summary and description
	HeldFor    string
	CreatedAt  time.Time
}

// ListHeld is a page of what waits, the oldest first.
func ListHeld(ctx context.Context, db *gorm.DB, after *Keyset, offset, limit int) ([]Held, error) {
	args := map[string]any{"reach": offset + limit, "offset": offset, "limit": limit}
	where := ""
	if after != nil {
		where = " AND (created_at, id) > (@at, @id)"
		args["at"], args["id"] = after.At, after.ID
	}
	tail := where + " ORDER BY created_at, id LIMIT @reach)"
	var held []Held
	err := db.WithContext(ctx).Raw(`SELECT * FROM (
			(SELECT id, 'post' AS target_type, id AS post_id, author_id, title, content, held_for, created_at FROM posts WHERE status = 'held'`+tail+` UNION ALL
			(SELECT id, 'comment', post_id, author_id, '', content, held_for, created_at FROM comments WHERE status = 'held'`+tail+` UNION ALL
			(SELECT id, 'course', id, owner_user_id, title, concat_ws(E'\n\n', nullif(summary, ''), nullif(description, '')), held_for, created_at
				FROM courses WHERE moderation_status = 'held' AND visibility <> 'private'`+tail+`
		) h ORDER BY created_at, id OFFSET @offset LIMIT @limit`, args).Scan(&held).Error
	return held, err
}

// DecideHeld lets everybody see a post, comment or course that waits, with all that comes with
// that; or deletes it, but hides a course, which stays its owner's to learn from. What does not
// wait is not found.
func DecideHeld(ctx context.Context, db *gorm.DB, w Writing, id uuid.UUID, approved bool) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var post Post
		err := tx.Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Take(&post, "id = ? AND status = ?", id, ContentHeld).Error
		author := post.AuthorID
		switch {
		case err == nil:
			err = w.decidePost(tx, post, approved)
		case errors.Is(err, gorm.ErrRecordNotFound):
			author, err = w.decideComment(tx, id, approved)
			if CodeOf(err) == NotFound {
				author, err = w.decideCourse(ctx, tx, id, approved)
			}
		}
		if err != nil {
			return err
		}
		entry := w.Entry
		entry.Action, entry.UserID, entry.Details = AuditHeldDecided, author, map[string]any{"id": id, "approved": approved}
		return Audit(ctx, tx, entry)
	})
}

func (w Writing) decidePost(tx *gorm.DB, post Post, approved bool) error {
	if !approved {
		return setPostStatus(tx, post.ID, ContentDeleted, nil, w.Now)
	}
	to, by, err := w.approved(tx, post.AuthorID)
	if err != nil {
		return err
	}
	if err := setPostStatus(tx, post.ID, to, by, w.Now); err != nil {
		return err
	}
	post.Status = to
	return welcomePost(tx, post, w.Now, w.Enqueuer)
}

// approved is how an approved thing is seen: that of somebody who was suspended
// meanwhile waits for the end of the suspension.
func (w Writing) approved(tx *gorm.DB, author *uuid.UUID) (ContentStatus, *string, error) {
	if author == nil {
		return ContentVisible, nil, nil
	}
	var suspended bool
	err := tx.Raw("SELECT suspended_at IS NOT NULL FROM users WHERE id = ?", *author).Scan(&suspended).Error
	if suspended {
		by := HiddenBySuspension
		return ContentHidden, &by, err
	}
	return ContentVisible, nil, err
}

func (w Writing) decideComment(tx *gorm.DB, id uuid.UUID, approved bool) (author *uuid.UUID, err error) {
	s, err := lockComment(tx, w.Viewer, id)
	if CodeOf(err) == NotFound || err == nil && s.Status != ContentHeld {
		return nil, Missing("held post, comment or course", id)
	}
	if err != nil {
		return nil, err
	}
	if !approved {
		return s.AuthorID, setCommentStatus(tx, s.Comment, ContentDeleted, nil, "", w.Now)
	}
	to, by, err := w.approved(tx, s.AuthorID)
	if err != nil {
		return nil, err
	}
	if err := setCommentStatus(tx, s.Comment, to, by, "", w.Now); err != nil {
		return nil, err
	}
	s.Status = to
	var post Post
	if err := tx.Take(&post, "id = ?", s.PostID).Error; err != nil {
		return nil, err
	}
	parent, err := parentAuthor(tx, s.ParentCommentID)
	if err != nil {
		return nil, err
	}
	return s.AuthorID, welcomeComment(tx, post, parent, s.Comment, w.Now, w.Enqueuer)
}

func (w Writing) decideCourse(ctx context.Context, tx *gorm.DB, id uuid.UUID, approved bool) (owner *uuid.UUID, err error) {
	act := CourseHide
	if approved {
		act = CourseRestore
	}
	c, err := lockedCourse(tx, id)
	if CodeOf(err) == NotFound || err == nil && c.ModerationStatus != ContentHeld {
		return nil, Missing("held post, comment or course", id)
	}
	if err != nil {
		return nil, err
	}
	_, err = CourseModeration{Act: act, Entry: w.Entry, Enqueuer: w.Enqueuer}.on(ctx, tx, &c, nil)
	return &c.OwnerUserID, err
}

func parentAuthor(tx *gorm.DB, parent *uuid.UUID) (*uuid.UUID, error) {
	if parent == nil {
		return nil, nil //nolint:nilnil // it answers the post
	}
	var c Comment
	err := tx.Take(&c, "id = ?", *parent).Error
	return c.AuthorID, err
}

// AddContentRule adds a rule to the policy. One that is there already is Conflict.
func AddContentRule(ctx context.Context, db *gorm.DB, rule ContentRule, entry AuditEntry) error {
	entry.Action, entry.Details = AuditRuleAdded, map[string]any{"rule_id": rule.ID, "kind": rule.Kind}
	err := addRule(ctx, db, rule, entry)
	if uniqueViolation(err, "content_rules_key") {
		return Errorf(Conflict, "There is such a rule already.")
	}
	return err
}

// addRule stores a rule of the operator's, of content or topics, with its line of the audit log.
func addRule[R any](ctx context.Context, db *gorm.DB, rule R, entry AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&rule).Error; err != nil {
			return err
		}
		return Audit(ctx, tx, entry)
	})
}

// RemoveContentRule takes a rule away. What it put on hold stays there.
func RemoveContentRule(ctx context.Context, db *gorm.DB, id uuid.UUID, entry AuditEntry) error {
	entry.Action = AuditRuleRemoved
	return removeRule[ContentRule](ctx, db, id, entry)
}

// removeRule removes what addRule stored.
func removeRule[R any](ctx context.Context, db *gorm.DB, id uuid.UUID, entry AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		gone := tx.Delete(new(R), "id = ?", id)
		if gone.Error != nil {
			return gone.Error
		}
		if gone.RowsAffected == 0 {
			return Missing("rule", id)
		}
		entry.Details = map[string]any{"rule_id": id}
		return Audit(ctx, tx, entry)
	})
}

// ListContentRules is a page of the policy, the newest rules first.
func ListContentRules(ctx context.Context, db *gorm.DB, after *Keyset, offset, limit int) ([]ContentRule, error) {
	return newestFirst[ContentRule](db.WithContext(ctx), after, offset, limit)
}
