package community

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/ranking"
	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
)

// PostAnnouncement is the type of post that only administrators make.
const PostAnnouncement = "announcement"

// PostTypes returns the types of posts.
func PostTypes() []string {
	return []string{"discussion", "question", "achievement", "resource", PostAnnouncement}
}

// Post is something said to everybody. Its counters are kept in the transactions of the
// rows they count.
type Post struct {
	ID              uuid.UUID  `gorm:"type:uuid;primaryKey"`
	AuthorID        *uuid.UUID `gorm:"type:uuid"` // nil: the account was deleted
	Title           string
	Content         string // Markdown, as written
	PostType        string
	Tags            []string     `gorm:"type:jsonb;serializer:json"`
	Metadata        store.Object `gorm:"type:jsonb;serializer:json"`
	Status          moderation.ContentStatus
	HiddenBy        *string // of a hidden one
	FlagReason      string  `gorm:"column:held_for"` // why it waits for an administrator
	IsPinned        bool
	LikesCount      int
	CommentsCount   int // visible ones
	CommentersCount int // distinct authors of those
	ViewsCount      int
	CreatedAt       time.Time
	UpdatedAt       time.Time
	// Language and Terms are decided when a post is made, and by Postgres where they are nil: see search_post.
	Language *string     `gorm:"->"`
	Terms    store.Words `gorm:"->;type:text[]"`
	TagList  string      `gorm:"->"` // generated: the keys of Tags, by which Postgres finds them
	Top      float64     `gorm:"->"` // generated: ranking.Reactions
	Hot      float64     `gorm:"->"` // generated: ranking.Hot
}

// PostDetail is a post as a viewer sees it.
type PostDetail struct {
	Post
	Author    accounts.Author
	UserLiked bool
	// TagsJSON and MetadataJSON are the tags and metadata of a post in a list, as Postgres has them; the Post's own
	// are nil then. No list looks inside.
	TagsJSON, MetadataJSON json.RawMessage
}

// postColumns are read by scanPost, of the post p and its author u, who is joined.
const postColumns = `p.id, p.author_id, p.title, p.content, p.post_type, p.tags, p.metadata, p.status, p.is_pinned,
	p.likes_count, p.comments_count, p.views_count, p.created_at, p.updated_at, p.top, p.hot, ` + accounts.AuthorColumns + `,
	EXISTS (SELECT 1 FROM post_likes l WHERE l.post_id = p.id AND l.user_id = @viewer)`

// scanner is a row, or the rows at one.
type scanner interface{ Scan(into ...any) error }

func scanPost(row scanner, more ...any) (s PostDetail, err error) {
	var name *string
	err = row.Scan(append([]any{
		&s.ID, &s.AuthorID, &s.Title, &s.Content, &s.PostType, (*[]byte)(&s.TagsJSON), (*[]byte)(&s.MetadataJSON), &s.Status, &s.IsPinned,
		&s.LikesCount, &s.CommentsCount, &s.ViewsCount, &s.CreatedAt, &s.UpdatedAt, &s.Top, &s.Hot,
		&s.Author.ID, &name, &s.Author.AvatarURL, &s.UserLiked,
	}, more...)...)
	s.Author.SetName(name)
	return s, err
}

// decode reads the tags and metadata of a post by itself.
func (s *PostDetail) decode() error {
	err := errors.Join(json.Unmarshal(s.TagsJSON, &s.Tags), json.Unmarshal(s.MetadataJSON, &s.Metadata))
	s.TagsJSON, s.MetadataJSON = nil, nil
	return err
}

// FindPost returns a post as a viewer may see it, else a not-found error. viewed reports
// whether the view was counted already.
func FindPost(ctx context.Context, db *gorm.DB, v moderation.Viewer, id uuid.UUID) (s PostDetail, viewed bool, err error) {
	var apart bool
	found, err := scanOne(db.WithContext(ctx).Raw("SELECT "+postColumns+", "+accounts.ApartFrom("p.author_id")+`,
		EXISTS (SELECT 1 FROM post_views w WHERE w.post_id = p.id AND w.user_id = @viewer)
		FROM posts p LEFT JOIN users u ON u.id = p.author_id WHERE p.id = @id`, map[string]any{"viewer": v.ID, "id": id}),
		func(row scanner) error {
			if s, err = scanPost(row, &apart, &viewed); err != nil {
				return err
			}
			return s.decode()
		})
	if err == nil && (!found || !v.Sees(s.Status, s.AuthorID, apart)) {
		err = store.Missing("post", id)
	}
	if err != nil {
		return PostDetail{}, false, err
	}
	return s, viewed, nil
}

// scanOne reads the one row of a query, if there is one.
func scanOne(query *gorm.DB, scan func(scanner) error) (found bool, err error) {
	rows, err := query.Rows()
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if rows.Next() {
		found = true
		if err := scan(rows); err != nil {
			return false, err
		}
	}
	return found, rows.Err()
}

// ReadPost is FindPost that also counts the view, once a reader.
func ReadPost(ctx context.Context, db *gorm.DB, v moderation.Viewer, id uuid.UUID, now time.Time) (PostDetail, error) {
	s, viewed, err := FindPost(ctx, db, v, id)
	if err != nil || viewed || s.Status != moderation.ContentVisible {
		return s, err
	}
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, v.ID); err != nil {
			return err
		}
		s.ViewsCount, err = ApplyView(tx, v, id, now)
		return err
	})
	return s, err
}

// ApplyView counts a reader of a visible post once and returns the number of readers. The reader's
// account is locked.
func ApplyView(tx *gorm.DB, v moderation.Viewer, id uuid.UUID, now time.Time) (views int, err error) {
	post, err := lockPost(tx, v, id)
	if err != nil || post.Status != moderation.ContentVisible {
		return post.ViewsCount, err
	}
	made := tx.Exec("INSERT INTO post_views (post_id, user_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, v.ID, now)
	if made.Error != nil || made.RowsAffected == 0 {
		return post.ViewsCount, made.Error
	}
	err = tx.Raw("UPDATE posts SET views_count = views_count + 1 WHERE id = ? RETURNING views_count", id).Scan(&views).Error
	return views, err
}

// lockPost locks a post for this transaction, if the viewer may see it. Whatever changes a post,
// its comments or their counters takes this lock first, several in the order of their ids; then
// come comments, then totals. This order prevents deadlocks.
func lockPost(tx *gorm.DB, v moderation.Viewer, id uuid.UUID) (Post, error) {
	var rows []struct {
		Post
		Apart bool
	}
	err := tx.Raw("SELECT p.*, "+accounts.ApartFrom("p.author_id")+" AS apart FROM posts p WHERE p.id = @id FOR NO KEY UPDATE OF p",
		map[string]any{"viewer": v.ID, "id": id}).Scan(&rows).Error
	if err != nil {
		return Post{}, err
	}
	if len(rows) == 0 || !v.Sees(rows[0].Status, rows[0].AuthorID, rows[0].Apart) {
		return Post{}, store.Missing("post", id)
	}
	return rows[0].Post, nil
}

// CreatePost publishes a post, or stores it as pending review when it breaks the policy. The error
// is RateLimited when the author's daily limit is reached.
func CreatePost(ctx context.Context, db *gorm.DB, w AuthorContext, post Post) (s PostDetail, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		earning := learning.NewEarning(tx, w.ID, gamification.RulePostCreated, post.ID.String(), w.Now)
		a, err := w.begin(tx, "posts", earning.Queue)
		if err != nil {
			return err
		}
		if post.PostType == PostAnnouncement && !a.Admin {
			return store.Errorf(store.Forbidden, "Announcements are for administrators.")
		}
		if err := a.hasRoom(tx, a.Posts); err != nil {
			return err
		}
		post.AuthorID, post.Status, post.CreatedAt, post.UpdatedAt = &w.ID, moderation.ContentVisible, w.Now, w.Now
		if post.FlagReason = a.flagReason(post.words()); post.FlagReason != "" {
			post.Status = moderation.ContentPending
		}
		insert := &pgx.Batch{}
		post.queue(insert)
		if post.Status == moderation.ContentPending {
			err = store.Batch(tx, insert)
		} else if err = earning.Earn(insert, w.Enqueuer); err == nil {
			err = post.callMentioned(tx, w.Now, w.Enqueuer)
		}
		s = PostDetail{Post: post, Author: a.Author}
		return err
	})
	return s, err
}

// queue adds to a batch that a new post is stored, and what Postgres makes of its metadata read back.
func (p *Post) queue(batch *pgx.Batch) {
	p.Tags = store.OrEmpty(p.Tags)
	if p.Metadata == nil {
		p.Metadata = store.Object{}
	}
	language := texts.GuessedLanguage(p.Title + " " + p.Content)
	p.Language, p.Terms = &language, ranking.Terms(append([]string{p.Title}, p.Tags...)...)
	batch.Queue(`INSERT INTO posts (id, author_id, title, content, post_type, tags, metadata, status, held_for, created_at, updated_at, language, terms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING metadata`,
		p.ID, p.AuthorID, p.Title, p.Content, p.PostType, p.Tags, p.Metadata, p.Status, p.FlagReason, p.CreatedAt, p.UpdatedAt, p.Language, []string(p.Terms),
	).QueryRow(func(row pgx.Row) error { return row.Scan(&p.Metadata) })
}

// words returns all the text that the policy checks.
func (p Post) words() string {
	return strings.Join(append([]string{p.Title, p.Content}, p.Tags...), "\n")
}

// welcomePost gives the points for a post that has become visible, and notifies the users it
// mentions. Key: the sources of both, so that repeating it changes nothing.
func welcomePost(tx *gorm.DB, post Post, now time.Time, f notify.Enqueuer) error {
	if post.Status != moderation.ContentVisible || post.AuthorID == nil {
		return nil
	}
	if err := learning.Earn(tx, *post.AuthorID, gamification.RulePostCreated, post.ID.String(), now, f); err != nil {
		return err
	}
	return post.callMentioned(tx, now, f)
}

// callMentioned notifies the users that a post mentions.
func (p Post) callMentioned(tx *gorm.DB, now time.Time, f notify.Enqueuer) error {
	return call(tx, p.Title+"\n"+p.Content, notify.Notification{
		ActorID: p.AuthorID, Kind: notify.NotifyMention, Title: "You were mentioned", Body: "In the post “" + p.Title + "”.", CreatedAt: now,
		Data: map[string]string{"type": string(notify.NotifyMention), "post_id": p.ID.String(), "action": "open_post"},
	}, p.ID.String(), f)
}

// PostChange is a change of a post; nil leaves a field as it is.
type PostChange struct {
	Title, Content, PostType *string
	Tags                     *[]string
	Metadata                 store.Object
	IsPinned                 *bool // for administrators
}

// forAdmins reports whether only administrators make such a change.
func (ch PostChange) forAdmins() bool {
	return ch.IsPinned != nil || ch.PostType != nil && *ch.PostType == PostAnnouncement
}

// UpdatePost changes a post of the author, or any post for an administrator, and keeps its earlier
// text. allowed is called with the locked post and may refuse.
func UpdatePost(ctx context.Context, db *gorm.DB, w AuthorContext, id uuid.UUID, change PostChange, allowed func(PostDetail) error) (s PostDetail, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		a, err := w.begin(tx, "posts")
		if err != nil {
			return err
		}
		if !a.Admin && change.forAdmins() {
			return store.Errorf(store.Forbidden, "Pinning and announcing are for administrators.")
		}
		post, err := a.ownPost(ctx, tx, id, allowed)
		if err != nil {
			return err
		}
		before := post
		change.apply(&post)
		post.UpdatedAt = w.Now
		if err := a.reword(tx, before, &post); err != nil {
			return err
		}
		if err := tx.Save(&post).Error; err != nil {
			return err
		}
		if err := a.audit(ctx, tx, post.AuthorID, store.AuditContentChanged, map[string]any{"post_id": id}); err != nil {
			return err
		}
		if err := welcomePost(tx, post, w.Now, w.Enqueuer); err != nil {
			return err
		}
		s, _, err = FindPost(ctx, tx, a.Viewer, id)
		return err
	})
	return s, err
}

// reword keeps the earlier text of a post that has changed, and makes the post pending review where
// the new text is flagged.
func (a author) reword(tx *gorm.DB, before Post, post *Post) error {
	if post.words() == before.words() {
		return nil
	}
	if err := keepPost(tx, before, a.AuthorContext); err != nil {
		return err
	}
	if reason := a.flagReason(post.words()); reason != "" && post.Status == moderation.ContentVisible {
		post.Status, post.FlagReason = moderation.ContentPending, reason
	}
	return nil
}

// ownPost locks a post that the writer may change.
func (w AuthorContext) ownPost(ctx context.Context, tx *gorm.DB, id uuid.UUID, allowed func(PostDetail) error) (Post, error) {
	post, err := lockPost(tx, w.Viewer, id)
	if err != nil {
		return post, err
	}
	if err := w.MayChange(post.AuthorID, "post"); err != nil {
		return post, err
	}
	seen, _, err := FindPost(ctx, tx, w.Viewer, id)
	if err != nil {
		return post, err
	}
	return post, allowed(seen)
}

func (ch PostChange) apply(p *Post) {
	for _, field := range []struct{ to, from *string }{{&p.Title, ch.Title}, {&p.Content, ch.Content}, {&p.PostType, ch.PostType}} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	if ch.Tags != nil {
		p.Tags = *ch.Tags
	}
	if ch.Metadata != nil {
		p.Metadata = ch.Metadata
	}
	if ch.IsPinned != nil {
		p.IsPinned = *ch.IsPinned
	}
}

// DeletePost deletes a post of the author, or any post for an administrator. The row and its
// comments stay.
func DeletePost(ctx context.Context, db *gorm.DB, w AuthorContext, id uuid.UUID, allowed func(PostDetail) error) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, w.ID); err != nil {
			return err
		}
		post, err := w.ownPost(ctx, tx, id, allowed)
		if err != nil {
			return err
		}
		if err := setPostStatus(tx, post.ID, moderation.ContentDeleted, nil, w.Now); err != nil {
			return err
		}
		return w.audit(ctx, tx, post.AuthorID, store.AuditContentDeleted, map[string]any{"post_id": id})
	})
}

func setPostStatus(tx *gorm.DB, id uuid.UUID, to moderation.ContentStatus, hiddenBy *string, now time.Time) error {
	return tx.Model(&Post{}).Where("id = ?", id).UpdateColumns(map[string]any{
		"status": to, "hidden_by": hiddenBy, "held_for": "", "is_pinned": gorm.Expr("is_pinned AND ? = 'visible'", to), "updated_at": now,
	}).Error
}
