package community

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

// PendingContent is a post, comment or course that is pending review.
type PendingContent struct {
	ID         uuid.UUID
	TargetType string    // TargetPost, TargetComment or TargetCourse
	PostID     uuid.UUID // of a course its own id
	AuthorID   *uuid.UUID
	Title      string // of a post or course
	Content    string // of a course its summary and description
	FlagReason string `gorm:"column:held_for"`
	CreatedAt  time.Time
}

// ListPending returns a page of the content pending review, the oldest first.
func ListPending(ctx context.Context, db *gorm.DB, after *store.Keyset, offset, limit int) ([]PendingContent, error) {
	args := map[string]any{"reach": offset + limit, "offset": offset, "limit": limit}
	where := ""
	if after != nil {
		where = " AND (created_at, id) > (@at, @id)"
		args["at"], args["id"] = after.At, after.ID
	}
	tail := where + " ORDER BY created_at, id LIMIT @reach)"
	var pending []PendingContent
	err := db.WithContext(ctx).Raw(`SELECT * FROM (
			(SELECT id, 'post' AS target_type, id AS post_id, author_id, title, content, held_for, created_at FROM posts WHERE status = 'held'`+tail+` UNION ALL
			(SELECT id, 'comment', post_id, author_id, '', content, held_for, created_at FROM comments WHERE status = 'held'`+tail+` UNION ALL
			(SELECT id, 'course', id, owner_user_id, title, concat_ws(E'\n\n', nullif(summary, ''), nullif(description, '')), held_for, created_at
				FROM courses WHERE moderation_status = 'held' AND visibility <> 'private'`+tail+`
		) h ORDER BY created_at, id OFFSET @offset LIMIT @limit`, args).Scan(&pending).Error
	return pending, err
}

// DecidePending approves or rejects a post, comment or course that is pending review. Approved
// content becomes visible and is announced as if it were new. Rejected content is deleted, but a
// course is only hidden, so that its owner can still learn from it. Content that is not pending is
// not found.
func DecidePending(ctx context.Context, db *gorm.DB, w AuthorContext, id uuid.UUID, approved bool) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var post Post
		err := tx.Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Take(&post, "id = ? AND status = ?", id, moderation.ContentPending).Error
		author := post.AuthorID
		switch {
		case err == nil:
			err = w.decidePost(tx, post, approved)
		case errors.Is(err, gorm.ErrRecordNotFound):
			author, err = w.decideComment(tx, id, approved)
			if store.CodeOf(err) == store.NotFound {
				author, err = w.decideCourse(ctx, tx, id, approved)
			}
		}
		if err != nil {
			return err
		}
		entry := w.Entry
		entry.Action, entry.UserID, entry.Details = store.AuditPendingDecided, author, map[string]any{"id": id, "approved": approved}
		return store.Audit(ctx, tx, entry)
	})
}

func (w AuthorContext) decidePost(tx *gorm.DB, post Post, approved bool) error {
	if !approved {
		return setPostStatus(tx, post.ID, moderation.ContentDeleted, nil, w.Now)
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

// approved returns the status of approved content. Content of an author who was suspended
// meanwhile stays hidden until the suspension ends.
func (w AuthorContext) approved(tx *gorm.DB, author *uuid.UUID) (moderation.ContentStatus, *string, error) {
	if author == nil {
		return moderation.ContentVisible, nil, nil
	}
	var suspended bool
	err := tx.Raw("SELECT suspended_at IS NOT NULL FROM users WHERE id = ?", *author).Scan(&suspended).Error
	if suspended {
		by := moderation.HiddenBySuspension
		return moderation.ContentHidden, &by, err
	}
	return moderation.ContentVisible, nil, err
}

func (w AuthorContext) decideComment(tx *gorm.DB, id uuid.UUID, approved bool) (author *uuid.UUID, err error) {
	s, err := lockComment(tx, w.Viewer, id)
	if store.CodeOf(err) == store.NotFound || err == nil && s.Status != moderation.ContentPending {
		return nil, store.Missing("held post, comment or course", id)
	}
	if err != nil {
		return nil, err
	}
	if !approved {
		return s.AuthorID, setCommentStatus(tx, s.Comment, moderation.ContentDeleted, nil, "", w.Now)
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

func (w AuthorContext) decideCourse(ctx context.Context, tx *gorm.DB, id uuid.UUID, approved bool) (owner *uuid.UUID, err error) {
	act := courses.CourseHide
	if approved {
		act = courses.CourseRestore
	}
	c, err := courses.FindLocked(tx, id)
	if store.CodeOf(err) == store.NotFound || err == nil && c.ModerationStatus != moderation.ContentPending {
		return nil, store.Missing("held post, comment or course", id)
	}
	if err != nil {
		return nil, err
	}
	_, err = courses.CourseModeration{Act: act, Entry: w.Entry, Enqueuer: w.Enqueuer}.Apply(ctx, tx, &c, nil)
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
