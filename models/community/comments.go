package community

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// Comment is an answer to a post, or to another comment of it.
type Comment struct {
	ID              uuid.UUID  `gorm:"type:uuid;primaryKey"`
	PostID          uuid.UUID  `gorm:"type:uuid"`
	AuthorID        *uuid.UUID `gorm:"type:uuid"` // nil: the account was deleted
	ParentCommentID *uuid.UUID `gorm:"type:uuid"`
	Depth           int        // parents above it
	Content         string     // Markdown, as written
	Status          moderation.ContentStatus
	HiddenBy        *string
	FlagReason      string `gorm:"column:held_for"`
	LikesCount      int
	RepliesCount    int // visible ones, right below it
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// CommentDetail is a comment as a viewer sees it.
type CommentDetail struct {
	Comment
	Author    accounts.Author
	UserLiked bool
	// Stub is true for a comment with replies whose own text is not shown any more.
	Stub bool
}

// MaxDepth is how many comments can stand above a comment.
const MaxDepth = 50

const commentColumns = `c.id, c.post_id, c.author_id, c.parent_comment_id, c.depth, c.content, c.status, c.likes_count, c.replies_count, c.created_at, c.updated_at, ` +
	accounts.AuthorColumns + `, EXISTS (SELECT 1 FROM comment_likes l WHERE l.comment_id = c.id AND l.user_id = @viewer)`

func scanComment(row scanner, more ...any) (s CommentDetail, err error) {
	var name *string
	err = row.Scan(append([]any{
		&s.ID, &s.PostID, &s.AuthorID, &s.ParentCommentID, &s.Depth, &s.Content, &s.Status, &s.LikesCount, &s.RepliesCount, &s.CreatedAt, &s.UpdatedAt,
		&s.Author.ID, &name, &s.Author.AvatarURL, &s.UserLiked,
	}, more...)...)
	s.Author.SetName(name)
	return s, err
}

// ListComments returns a page of a post's comments, oldest first. Those that the viewer
// may not see are left out; those with replies become stubs.
func ListComments(ctx context.Context, db *gorm.DB, v moderation.Viewer, post uuid.UUID, after *store.Keyset, offset, limit int) ([]CommentDetail, error) {
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
				SELECT *, `+moderation.PostListed("")+` OR status IN ('held', 'hidden') AND author_id = @viewer AS shown
				FROM comments WHERE post_id = @post`+where+`) k
			WHERE shown OR EXISTS (SELECT 1 FROM comments r WHERE r.parent_comment_id = k.id)
			ORDER BY created_at, id LIMIT @limit OFFSET @offset) c
		LEFT JOIN users u ON u.id = c.author_id ORDER BY c.created_at, c.id`, args).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	comments := make([]CommentDetail, 0, limit)
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

// stub returns a comment without its text and author, to keep its place in the tree.
func (s CommentDetail) stub() CommentDetail {
	s.AuthorID, s.Content, s.LikesCount, s.UpdatedAt = nil, "", 0, s.CreatedAt
	return CommentDetail{Comment: s.Comment, Author: accounts.Author{Name: accounts.DeletedUser}, Stub: true}
}

// findComment returns a comment that the viewer may see, locked as asked. Its post must be visible to them too.
func findComment(tx *gorm.DB, v moderation.Viewer, id uuid.UUID, lock string) (CommentDetail, error) {
	var s CommentDetail
	var status moderation.ContentStatus
	var poster *uuid.UUID
	var hiddenBy *string
	var apart, posterApart bool
	var flagReason string
	found, err := scanOne(tx.Raw("SELECT "+commentColumns+", c.held_for, c.hidden_by, p.status, p.author_id, "+accounts.ApartFrom("c.author_id")+", "+accounts.ApartFrom("p.author_id")+`
		FROM comments c JOIN posts p ON p.id = c.post_id LEFT JOIN users u ON u.id = c.author_id WHERE c.id = @id`+lock, map[string]any{"viewer": v.ID, "id": id}),
		func(row scanner) (err error) {
			s, err = scanComment(row, &flagReason, &hiddenBy, &status, &poster, &apart, &posterApart)
			return err
		})
	if err == nil && (!found || !v.Sees(status, poster, posterApart) || !v.Sees(s.Status, s.AuthorID, apart)) {
		err = store.Missing("comment", id)
	}
	if err != nil {
		return CommentDetail{}, err
	}
	s.FlagReason, s.HiddenBy = flagReason, hiddenBy
	return s, nil
}

// lockComment locks a comment, and its post before that, for this transaction.
func lockComment(tx *gorm.DB, v moderation.Viewer, id uuid.UUID) (CommentDetail, error) {
	var posts []uuid.UUID
	if err := tx.Raw("SELECT post_id FROM comments WHERE id = ?", id).Scan(&posts).Error; err != nil {
		return CommentDetail{}, err
	}
	if len(posts) == 0 {
		return CommentDetail{}, store.Missing("comment", id)
	}
	if _, err := lockPost(tx, v, posts[0]); err != nil {
		if store.CodeOf(err) == store.NotFound {
			err = store.Missing("comment", id)
		}
		return CommentDetail{}, err
	}
	return findComment(tx, v, id, " FOR NO KEY UPDATE OF c")
}

// CreateComment answers a post, or a comment of it, or puts an answer that breaks the
// policy on hold. The error is RateLimited when the author's
// daily limit is reached.
func CreateComment(ctx context.Context, db *gorm.DB, w AuthorContext, c Comment) (s CommentDetail, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		a, err := w.begin(tx, "comments")
		if err != nil {
			return err
		}
		if err := a.hasRoom(tx, a.Comments); err != nil {
			return err
		}
		post, err := lockPost(tx, a.Viewer, c.PostID)
		if err != nil {
			return err
		}
		if err := moderation.RequireVisible(post.Status, "post"); err != nil {
			return err
		}
		parent, err := a.parentOf(tx, &c)
		if err != nil {
			return err
		}
		c.AuthorID, c.Status, c.CreatedAt, c.UpdatedAt = &w.ID, moderation.ContentVisible, w.Now, w.Now
		if c.FlagReason = a.flagReason(c.Content); c.FlagReason != "" {
			c.Status = moderation.ContentPending
		}
		if err := c.insert(tx); err != nil {
			return err
		}
		s = CommentDetail{Comment: c, Author: a.Author}
		return welcomeComment(tx, post, parent, c, w.Now, w.Enqueuer)
	})
	return s, err
}

// parentOf returns the author of the comment that another one answers, if they are still there.
func (w AuthorContext) parentOf(tx *gorm.DB, c *Comment) (*uuid.UUID, error) {
	if c.ParentCommentID == nil {
		return nil, nil //nolint:nilnil // it answers the post
	}
	parent, err := findComment(tx, w.Viewer, *c.ParentCommentID, "")
	switch {
	case store.CodeOf(err) == store.NotFound, err == nil && (parent.PostID != c.PostID || parent.Status != moderation.ContentVisible):
		return nil, store.BadField("body", "/parent_comment_id", "is not a comment of this post that can be answered")
	case err != nil:
		return nil, err
	case parent.Depth >= MaxDepth:
		return nil, store.BadField("body", "/parent_comment_id", "has as many comments above it as there can be: answer one of those")
	}
	c.Depth = parent.Depth + 1
	return parent.AuthorID, nil
}

// insert stores a new comment, and counts it where it is visible.
func (c Comment) insert(tx *gorm.DB) error {
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO comments (id, post_id, author_id, parent_comment_id, depth, content, status, held_for, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, c.ID, c.PostID, c.AuthorID, c.ParentCommentID, c.Depth, c.Content, c.Status, c.FlagReason, c.CreatedAt, c.UpdatedAt)
	if c.Status == moderation.ContentVisible {
		countComment(batch, c, 1)
	}
	return store.Batch(tx, batch)
}

// welcomeComment gives the points for a comment that has become visible, and notifies the users
// concerned. It runs once a comment: the caller has just made the comment visible.
func welcomeComment(tx *gorm.DB, post Post, parent *uuid.UUID, c Comment, now time.Time, f notify.Enqueuer) error {
	if c.Status != moderation.ContentVisible || c.AuthorID == nil {
		return nil
	}
	if err := learning.Earn(tx, *c.AuthorID, gamification.RuleCommentCreated, c.ID.String(), now, f, gamification.FactCommentsOnOthers); err != nil {
		return err
	}
	data := func(kind notify.NotificationKind) map[string]string {
		return map[string]string{"type": string(kind), "post_id": post.ID.String(), "comment_id": c.ID.String(), "action": "open_post"}
	}
	news := notify.Notification{ActorID: c.AuthorID, AuthorID: post.AuthorID, Kind: notify.NotifyComment, Title: "New comment", Body: "On “" + post.Title + "”.", Data: data(notify.NotifyComment), CreatedAt: now}
	var notified []uuid.UUID
	for _, reader := range []struct {
		id   *uuid.UUID
		body string
	}{{post.AuthorID, news.Body}, {parent, "An answer to what you wrote on “" + post.Title + "”."}} {
		if reader.id == nil || slices.Contains(notified, *reader.id) {
			continue
		}
		news.UserID, news.Body = *reader.id, reader.body
		if err := notify.Notify(tx, news, c.ID.String(), f); err != nil {
			return err
		}
		notified = append(notified, *reader.id)
	}
	news.Kind, news.Title, news.Body, news.Data = notify.NotifyMention, "You were mentioned", "In a comment on “"+post.Title+"”.", data(notify.NotifyMention)
	return call(tx, c.Content, news, c.ID.String(), f, notified...)
}

// countComment updates the counters above a comment that has become visible (1) or is no longer (-1). Its row is written
// before, and the post is locked.
func countComment(batch *pgx.Batch, c Comment, by int) {
	batch.Queue(`
		UPDATE posts SET comments_count = comments_count + $1, commenters_count = commenters_count + CASE
			WHEN $2::uuid IS NULL OR EXISTS (SELECT FROM comments o WHERE o.post_id = $3 AND o.author_id = $2 AND o.id <> $4 AND o.status = 'visible')
			THEN 0 ELSE $1 END
		WHERE id = $3`, by, c.AuthorID, c.PostID, c.ID)
	if c.ParentCommentID != nil {
		batch.Queue("UPDATE comments SET replies_count = replies_count + $1 WHERE id = $2", by, *c.ParentCommentID)
	}
}

// setCommentStatus changes the status of a comment, and the counters with it. Its post is locked.
func setCommentStatus(tx *gorm.DB, c Comment, to moderation.ContentStatus, hiddenBy *string, flagReason string, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue("UPDATE comments SET status = $1, hidden_by = $2, held_for = $3, updated_at = $4 WHERE id = $5", to, hiddenBy, flagReason, now, c.ID)
	switch was, is := c.Status == moderation.ContentVisible, to == moderation.ContentVisible; {
	case is && !was:
		countComment(batch, c, 1)
	case was && !is:
		countComment(batch, c, -1)
	}
	return store.Batch(tx, batch)
}

// UpdateComment changes a comment of the author, or any comment for an administrator, and keeps
// its earlier text. allowed is called with the locked comment and may refuse.
func UpdateComment(ctx context.Context, db *gorm.DB, w AuthorContext, id uuid.UUID, content string, allowed func(CommentDetail) error) (s CommentDetail, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		a, err := w.begin(tx, "comments")
		if err != nil {
			return err
		}
		before, err := a.ownComment(tx, id, allowed)
		if err != nil {
			return err
		}
		if before.Content != content {
			if err := a.rewrite(ctx, tx, before.Comment, content); err != nil {
				return err
			}
		}
		s, err = findComment(tx, a.Viewer, id, "")
		return err
	})
	return s, err
}

// rewrite stores another text of a comment.
func (a author) rewrite(ctx context.Context, tx *gorm.DB, c Comment, content string) error {
	edit := ContentEdit{ID: store.NewID(), CommentID: &c.ID, EditorID: &a.ID, Content: c.Content, Tags: []string{}, At: a.Now}
	if err := tx.Create(&edit).Error; err != nil {
		return err
	}
	if err := tx.Model(&Comment{}).Where("id = ?", c.ID).UpdateColumns(map[string]any{"content": content, "updated_at": a.Now}).Error; err != nil {
		return err
	}
	if flagReason := a.flagReason(content); flagReason != "" && c.Status == moderation.ContentVisible {
		if err := setCommentStatus(tx, c, moderation.ContentPending, nil, flagReason, a.Now); err != nil {
			return err
		}
	}
	return a.audit(ctx, tx, c.AuthorID, store.AuditContentChanged, map[string]any{"comment_id": c.ID})
}

func (w AuthorContext) ownComment(tx *gorm.DB, id uuid.UUID, allowed func(CommentDetail) error) (CommentDetail, error) {
	s, err := lockComment(tx, w.Viewer, id)
	if err != nil {
		return s, err
	}
	if err := w.MayChange(s.AuthorID, "comment"); err != nil {
		return s, err
	}
	return s, allowed(s)
}

// DeleteComment deletes a comment of the author, or any comment for an administrator. Its
// row stays, as a stub where it was replied to.
func DeleteComment(ctx context.Context, db *gorm.DB, w AuthorContext, id uuid.UUID, allowed func(CommentDetail) error) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, w.ID); err != nil {
			return err
		}
		s, err := w.ownComment(tx, id, allowed)
		if err != nil {
			return err
		}
		if err := setCommentStatus(tx, s.Comment, moderation.ContentDeleted, nil, "", w.Now); err != nil {
			return err
		}
		return w.audit(ctx, tx, s.AuthorID, store.AuditContentDeleted, map[string]any{"comment_id": id})
	})
}

// CommentEdits returns the earlier texts of a comment, the latest first, for its author and administrators.
func CommentEdits(ctx context.Context, db *gorm.DB, v moderation.Viewer, id uuid.UUID) ([]ContentEdit, error) {
	s, err := findComment(db.WithContext(ctx), v, id, "")
	if err != nil {
		return nil, err
	}
	if err := v.MayChange(s.AuthorID, "comment"); err != nil {
		return nil, err
	}
	return editsOf(db.WithContext(ctx), "comment_id", id, mostEdits)
}
