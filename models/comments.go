package models

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
)

// CommentSeen is a comment as somebody sees it.
type CommentSeen struct {
	Comment
	Author    Byline
	UserLiked bool
	// Stub: it was replied to, and nobody sees any more what it said.
	Stub bool
}

// MaxDepth is how many comments can stand above a comment.
const MaxDepth = 50

const commentColumns = `c.id, c.post_id, c.author_id, c.parent_comment_id, c.depth, c.content, c.status, c.likes_count, c.replies_count, c.created_at, c.updated_at, ` +
	bylineColumns + `, EXISTS (SELECT 1 FROM comment_likes l WHERE l.comment_id = c.id AND l.user_id = @viewer)`

func scanComment(row scanner, more ...any) (s CommentSeen, err error) {
	var name *string
	err = row.Scan(append([]any{
		&s.ID, &s.PostID, &s.AuthorID, &s.ParentCommentID, &s.Depth, &s.Content, &s.Status, &s.LikesCount, &s.RepliesCount, &s.CreatedAt, &s.UpdatedAt,
		&s.Author.ID, &name, &s.Author.AvatarURL, &s.UserLiked,
	}, more...)...)
	s.Author.name(name)
	return s, err
}

// ListComments is a page of a post's comments, oldest first. Those that the viewer
// does not see are left out, but for stubs of those that were replied to.
func ListComments(ctx context.Context, db *gorm.DB, v Viewer, post uuid.UUID, after *Keyset, offset, limit int) ([]CommentSeen, error) {
	if _, _, err := FindPost(ctx, db, v, post); err != nil {
		return nil, err
	}
	args := map[string]any{"viewer": v.ID, "post": post, "offset": offset, "limit": limit}
	where := ""
	if after != nil {
		where = " AND (created_at, id) > (@at, @id)"
		args["at"], args["id"] = after.At, after.ID
	}
	rows, err := db.WithContext(ctx).Raw("SELECT "+commentColumns+`, c.shown FROM (
			SELECT * FROM (
				SELECT *, `+postListed("")+` OR status IN ('held', 'hidden') AND author_id = @viewer AS shown
				FROM comments WHERE post_id = @post`+where+`) k
			WHERE shown OR EXISTS (SELECT 1 FROM comments r WHERE r.parent_comment_id = k.id)
			ORDER BY created_at, id LIMIT @limit OFFSET @offset) c
		LEFT JOIN users u ON u.id = c.author_id ORDER BY c.created_at, c.id`, args).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	comments := make([]CommentSeen, 0, limit)
	for rows.Next() {
		var shown *bool
		s, err := scanComment(rows, &shown)
		if err != nil {
			return nil, err
		}
		if shown == nil || !*shown {
			s = s.stub()
		}
		comments = append(comments, s)
	}
	return comments, rows.Err()
}

// stub keeps a comment's place in the tree and nothing of it.
func (s CommentSeen) stub() CommentSeen {
	s.AuthorID, s.Content, s.LikesCount, s.UpdatedAt = nil, "", 0, s.CreatedAt
	return CommentSeen{Comment: s.Comment, Author: Byline{Name: DeletedUser}, Stub: true}
}

// findComment is a comment that a viewer may know of, locked as asked. Its post must be seen too.
func findComment(tx *gorm.DB, v Viewer, id uuid.UUID, lock string) (CommentSeen, error) {
	var s CommentSeen
	var status ContentStatus
	var poster *uuid.UUID
	var hiddenBy *string
	var apart, posterApart bool
	var heldFor string
	found, err := scanOne(tx.Raw("SELECT "+commentColumns+", c.held_for, c.hidden_by, p.status, p.author_id, "+apartFrom("c.author_id")+", "+apartFrom("p.author_id")+`
		FROM comments c JOIN posts p ON p.id = c.post_id LEFT JOIN users u ON u.id = c.author_id WHERE c.id = @id`+lock, map[string]any{"viewer": v.ID, "id": id}),
		func(row scanner) (err error) {
			s, err = scanComment(row, &heldFor, &hiddenBy, &status, &poster, &apart, &posterApart)
			return err
		})
	if err == nil && (!found || !v.sees(status, poster, posterApart) || !v.sees(s.Status, s.AuthorID, apart)) {
		err = Missing("comment", id)
	}
	if err != nil {
		return CommentSeen{}, err
	}
	s.HeldFor, s.HiddenBy = heldFor, hiddenBy
	return s, nil
}

// lockComment has a comment, and its post before that, for this transaction.
func lockComment(tx *gorm.DB, v Viewer, id uuid.UUID) (CommentSeen, error) {
	var posts []uuid.UUID
	if err := tx.Raw("SELECT post_id FROM comments WHERE id = ?", id).Scan(&posts).Error; err != nil {
		return CommentSeen{}, err
	}
	if len(posts) == 0 {
		return CommentSeen{}, Missing("comment", id)
	}
	if _, err := lockPost(tx, v, posts[0]); err != nil {
		if CodeOf(err) == NotFound {
			err = Missing("comment", id)
		}
		return CommentSeen{}, err
	}
	return findComment(tx, v, id, " FOR NO KEY UPDATE OF c")
}

// CreateComment answers a post, or a comment of it, or puts an answer that breaks the
// policy on hold. Who has written too much of late is RateLimited.
func CreateComment(ctx context.Context, db *gorm.DB, w Writing, c Comment) (s CommentSeen, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		allowance, err := w.begin(tx)
		if err != nil {
			return err
		}
		if err := w.hasRoom(tx, "comments", allowance.Comments); err != nil {
			return err
		}
		post, err := lockPost(tx, w.Viewer, c.PostID)
		if err != nil {
			return err
		}
		if err := onlyVisible(post.Status, "post"); err != nil {
			return err
		}
		parent, err := w.parentOf(tx, &c)
		if err != nil {
			return err
		}
		c.AuthorID, c.Status, c.CreatedAt, c.UpdatedAt = &w.ID, ContentVisible, w.Now, w.Now
		if c.HeldFor, err = w.doubts(tx, c.Content, allowance); err != nil {
			return err
		}
		if c.HeldFor != "" {
			c.Status = ContentHeld
		}
		if err := tx.Create(&c).Error; err != nil {
			return err
		}
		if err := welcomeComment(tx, post, parent, c, w.Now, w.Enqueuer); err != nil {
			return err
		}
		s, err = findComment(tx, w.Viewer, c.ID, "")
		return err
	})
	return s, err
}

// parentOf is the author of the comment that another one answers, if they are still there.
func (w Writing) parentOf(tx *gorm.DB, c *Comment) (*uuid.UUID, error) {
	if c.ParentCommentID == nil {
		return nil, nil //nolint:nilnil // it answers the post
	}
	parent, err := findComment(tx, w.Viewer, *c.ParentCommentID, "")
	switch {
	case CodeOf(err) == NotFound, err == nil && (parent.PostID != c.PostID || parent.Status != ContentVisible):
		return nil, BadField("body", "/parent_comment_id", "is not a comment of this post that can be answered")
	case err != nil:
		return nil, err
	case parent.Depth >= MaxDepth:
		return nil, BadField("body", "/parent_comment_id", "has as many comments above it as there can be: answer one of those")
	}
	c.Depth = parent.Depth + 1
	return parent.AuthorID, nil
}

// welcomeComment counts a comment that others can see, and gives it what comes with
// that. Nothing of it twice: the caller has just made the comment visible.
func welcomeComment(tx *gorm.DB, post Post, parent *uuid.UUID, c Comment, now time.Time, f Enqueuer) error {
	if c.Status != ContentVisible {
		return nil
	}
	if err := countComment(tx, c, 1); err != nil || c.AuthorID == nil {
		return err
	}
	if _, err := Earn(tx, *c.AuthorID, gamification.RuleCommentCreated, c.ID.String(), now, f); err != nil {
		return err
	}
	data := func(kind NotificationKind) map[string]string {
		return map[string]string{"type": string(kind), "post_id": post.ID.String(), "comment_id": c.ID.String(), "action": "open_post"}
	}
	news := Notification{ActorID: c.AuthorID, AuthorID: post.AuthorID, Kind: NotifyComment, Title: "New comment", Body: "On “" + post.Title + "”.", Data: data(NotifyComment), CreatedAt: now}
	var told []uuid.UUID
	for _, reader := range []struct {
		id   *uuid.UUID
		body string
	}{{post.AuthorID, news.Body}, {parent, "An answer to what you wrote on “" + post.Title + "”."}} {
		if reader.id == nil || slices.Contains(told, *reader.id) {
			continue
		}
		news.UserID, news.Body = *reader.id, reader.body
		if err := Notify(tx, news, c.ID.String(), f); err != nil {
			return err
		}
		told = append(told, *reader.id)
	}
	news.Kind, news.Title, news.Body, news.Data = NotifyMention, "You were mentioned", "In a comment on “"+post.Title+"”.", data(NotifyMention)
	return call(tx, c.Content, news, c.ID.String(), f, told...)
}

// countComment moves the counters above a comment whose row, already written, others
// see since now (1) or no more (-1). The post is locked.
func countComment(tx *gorm.DB, c Comment, by int) error {
	err := tx.Exec(`
		UPDATE posts SET comments_count = comments_count + @by, commenters_count = commenters_count + CASE
			WHEN CAST(@author AS uuid) IS NULL OR EXISTS (SELECT 1 FROM comments o WHERE o.post_id = @post AND o.author_id = @author AND o.id <> @id AND o.status = 'visible')
			THEN 0 ELSE @by END
		WHERE id = @post`, map[string]any{"by": by, "author": c.AuthorID, "post": c.PostID, "id": c.ID}).Error
	if err != nil || c.ParentCommentID == nil {
		return err
	}
	return tx.Exec("UPDATE comments SET replies_count = replies_count + ? WHERE id = ?", by, *c.ParentCommentID).Error
}

// setCommentStatus changes who sees a comment, and the counters with it. Its post is locked.
func setCommentStatus(tx *gorm.DB, c Comment, to ContentStatus, hiddenBy *string, heldFor string, now time.Time) error {
	err := tx.Model(&Comment{}).Where("id = ?", c.ID).UpdateColumns(map[string]any{
		"status": to, "hidden_by": hiddenBy, "held_for": heldFor, "updated_at": now,
	}).Error
	if err == nil && c.Status == ContentVisible && to != ContentVisible {
		return countComment(tx, c, -1)
	}
	return err
}

// UpdateComment changes a comment of one's own, or any one for an administrator, and keeps
// what it said before. allowed is asked with the locked comment and may refuse.
func UpdateComment(ctx context.Context, db *gorm.DB, w Writing, id uuid.UUID, content string, allowed func(CommentSeen) error) (s CommentSeen, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		allowance, err := w.begin(tx)
		if err != nil {
			return err
		}
		before, err := w.ownComment(tx, id, allowed)
		if err != nil {
			return err
		}
		if before.Content != content {
			if err := w.rewrite(ctx, tx, before.Comment, content, func(text string) (string, error) { return w.doubts(tx, text, allowance) }); err != nil {
				return err
			}
		}
		s, err = findComment(tx, w.Viewer, id, "")
		return err
	})
	return s, err
}

// rewrite stores another text of a comment.
func (w Writing) rewrite(ctx context.Context, tx *gorm.DB, c Comment, content string, doubts func(string) (string, error)) error {
	edit := ContentEdit{ID: NewID(), CommentID: &c.ID, EditorID: &w.ID, Content: c.Content, Tags: []string{}, At: w.Now}
	if err := tx.Create(&edit).Error; err != nil {
		return err
	}
	if err := tx.Model(&Comment{}).Where("id = ?", c.ID).UpdateColumns(map[string]any{"content": content, "updated_at": w.Now}).Error; err != nil {
		return err
	}
	heldFor, err := doubts(content)
	if err == nil && heldFor != "" && c.Status == ContentVisible {
		err = setCommentStatus(tx, c, ContentHeld, nil, heldFor, w.Now)
	}
	if err != nil {
		return err
	}
	return w.audit(ctx, tx, c.AuthorID, AuditContentChanged, map[string]any{"comment_id": c.ID})
}

func (w Writing) ownComment(tx *gorm.DB, id uuid.UUID, allowed func(CommentSeen) error) (CommentSeen, error) {
	s, err := lockComment(tx, w.Viewer, id)
	if err != nil {
		return s, err
	}
	if err := w.mayChange(s.AuthorID, "comment"); err != nil {
		return s, err
	}
	return s, allowed(s)
}

// DeleteComment deletes a comment of one's own, or any one for an administrator. Its
// row stays, as a stub where it was replied to.
func DeleteComment(ctx context.Context, db *gorm.DB, w Writing, id uuid.UUID, allowed func(CommentSeen) error) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := isActive(tx, w.ID); err != nil {
			return err
		}
		s, err := w.ownComment(tx, id, allowed)
		if err != nil {
			return err
		}
		if err := setCommentStatus(tx, s.Comment, ContentDeleted, nil, "", w.Now); err != nil {
			return err
		}
		return w.audit(ctx, tx, s.AuthorID, AuditContentDeleted, map[string]any{"comment_id": id})
	})
}

// CommentEdits are what a comment said before, the latest first, for its author and administrators.
func CommentEdits(ctx context.Context, db *gorm.DB, v Viewer, id uuid.UUID) ([]ContentEdit, error) {
	s, err := findComment(db.WithContext(ctx), v, id, "")
	if err != nil {
		return nil, err
	}
	if err := v.mayChange(s.AuthorID, "comment"); err != nil {
		return nil, err
	}
	return editsOf(db.WithContext(ctx), "comment_id", id, mostEdits)
}
