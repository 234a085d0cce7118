package community_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/ranking"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

// testEnv is a database with a community of some people.
type testEnv struct {
	*testing.T
	db     *gorm.DB
	now    time.Time
	people []uuid.UUID
}

func newTestEnv(t *testing.T, people int) *testEnv {
	t.Helper()
	v := &testEnv{T: t, db: storetest.New(t), now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	users := make([]accounts.User, people)
	for i := range users {
		name := fmt.Sprintf("person%d", i)
		users[i] = accounts.User{
			ID: store.NewID(), Email: name + "@example.com", Username: &name, FullName: "P " + name, PasswordHash: "x", Locale: "en", Timezone: "UTC",
			IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: v.now, UpdatedAt: v.now,
		}
		v.people = append(v.people, users[i].ID)
	}
	require.NoError(t, v.db.Create(users).Error)
	return v
}

func (v *testEnv) by(person int) moderation.Viewer { return moderation.Viewer{ID: v.people[person]} }

func (v *testEnv) writing(person int) community.AuthorContext {
	v.now = v.now.Add(time.Second)
	return community.AuthorContext{Viewer: v.by(person), Now: v.now}
}

// post and say make a post and a comment of it, or of a comment.
func (v *testEnv) post(person int, text string) community.PostDetail {
	v.Helper()
	p, err := community.CreatePost(v.Context(), v.db, v.writing(person), community.Post{
		ID: store.NewID(), Title: "T", Content: text, PostType: "discussion", Tags: []string{}, Metadata: map[string]any{},
	})
	require.NoError(v, err)
	return p
}

func (v *testEnv) say(person int, post uuid.UUID, parent *uuid.UUID, text string) community.CommentDetail {
	v.Helper()
	c, err := community.CreateComment(v.Context(), v.db, v.writing(person), community.Comment{ID: store.NewID(), PostID: post, ParentCommentID: parent, Content: text})
	require.NoError(v, err)
	return c
}

// counted requires that every counter there is equals a count of its rows.
func (v *testEnv) counted() {
	v.Helper()
	for counter, truth := range map[string]string{
		"posts.likes_count":      "(SELECT count(*) FROM post_likes l WHERE l.post_id = t.id)",
		"posts.views_count":      "(SELECT count(*) FROM post_views l WHERE l.post_id = t.id)",
		"posts.comments_count":   "(SELECT count(*) FROM comments c WHERE c.post_id = t.id AND c.status = 'visible')",
		"posts.commenters_count": "(SELECT count(DISTINCT c.author_id) FROM comments c WHERE c.post_id = t.id AND c.status = 'visible')",
		"comments.likes_count":   "(SELECT count(*) FROM comment_likes l WHERE l.comment_id = t.id)",
		"comments.replies_count": "(SELECT count(*) FROM comments c WHERE c.parent_comment_id = t.id AND c.status = 'visible')",
	} {
		var wrong int
		table, column := counter[:len(counter)-len(column(counter))-1], column(counter)
		require.NoError(v, v.db.Raw("SELECT count(*) FROM "+table+" t WHERE "+column+" <> "+truth).Scan(&wrong).Error)
		require.Zero(v, wrong, counter)
	}
}

func column(counter string) string {
	for i := range counter {
		if counter[i] == '.' {
			return counter[i+1:]
		}
	}
	return counter
}

func (v *testEnv) suspension(person int) community.Suspension {
	v.now = v.now.Add(time.Second)
	return community.Suspension{
		User: v.people[person], Entry: fixture.AuditLine(store.AuditSuspended, v.now),
		Cancel: func(task tasks.Task) store.OutboxMessage {
			return fixture.OutboxMessage(store.OutboxCancel, task.WorkflowID, v.now)
		},
	}
}

// TestCountersAreTheirRowsWhateverHappensAtOnce has 50 people do 10,000 operations at once,
// and then an account suspended, brought back and erased.
func TestCountersAreTheirRowsWhateverHappensAtOnce(t *testing.T) {
	t.Parallel()
	const people, operations, posts = 50, 10_000, 12
	v := newTestEnv(t, people)
	var ids []uuid.UUID
	for i := range posts {
		ids = append(ids, v.post(i, "x").ID)
	}
	started := time.Now()
	var done atomic.Int64
	var all errgroup.Group
	for person := range people {
		all.Go(func() error {
			dice := rand.New(rand.NewPCG(uint64(person), 7))
			mine := visitor{v.db, community.AuthorContext{Viewer: v.by(person), Now: v.now}, dice, ids, nil}
			for range operations / people {
				if err := mine.act(t); err != nil {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	require.EqualValues(t, operations, done.Load())
	t.Logf("%d operations in %v", operations, time.Since(started).Round(time.Millisecond))
	v.counted()
	var likes, comments int
	require.NoError(t, v.db.Raw("SELECT sum(likes_count), sum(comments_count) FROM posts").Row().Scan(&likes, &comments))
	require.Positive(t, likes)
	require.Positive(t, comments)

	_, err := community.Suspend(t.Context(), v.db, v.suspension(3))
	require.NoError(t, err)
	v.counted()
	require.NoError(t, community.Unsuspend(t.Context(), v.db, v.people[3], fixture.AuditLine(store.AuditUnsuspended, v.now)))
	v.counted()
	var again int
	require.NoError(t, v.db.Raw("SELECT sum(comments_count) FROM posts").Scan(&again).Error)
	require.Equal(t, comments, again, "what the suspension hid is back")

	l := fixture.AccountDeletion{DB: v.db, User: v.people[4], ID: store.NewID(), Now: v.now}
	_, err = l.Request(t)
	require.NoError(t, err)
	require.NoError(t, privacy.EraseUser(t.Context(), v.db, v.people[4], l.ID, v.now.Add(3*time.Hour), fixture.AuditLine(store.AuditDeleted, v.now)))
	v.counted()
	require.NoError(t, privacy.ProveErased(t.Context(), v.db, v.people[4]))
}

// visitor is a user who acts at random.
type visitor struct {
	db   *gorm.DB
	who  community.AuthorContext
	dice *rand.Rand
	ids  []uuid.UUID
	said []uuid.UUID
}

// act does one operation. That something is gone, or too deep, is no fault.
func (m *visitor) act(t *testing.T) error {
	ctx, post, w := t.Context(), m.ids[m.dice.IntN(len(m.ids))], m.who
	set := m.dice.IntN(2) == 0
	var err error
	switch n := m.dice.IntN(100); {
	case n < 40:
		want := &set
		if m.dice.IntN(2) == 0 {
			want = nil
		}
		_, _, err = community.LikePost(ctx, m.db, w.Viewer, post, want, w.Now)
	case n < 50:
		_, err = community.ReadPost(ctx, m.db, w.Viewer, post, w.Now)
	case n < 70 || len(m.said) == 0:
		c := community.Comment{ID: store.NewID(), PostID: post, Content: "words"}
		if m.dice.IntN(2) == 0 {
			var parents []uuid.UUID
			if err := m.db.Raw("SELECT id FROM comments WHERE post_id = ? ORDER BY md5(id::text || ?) LIMIT 1", post, c.ID.String()).Scan(&parents).Error; err != nil {
				return err
			}
			if len(parents) > 0 {
				c.ParentCommentID = &parents[0]
			}
		}
		if _, err = community.CreateComment(ctx, m.db, w, c); err == nil {
			m.said = append(m.said, c.ID)
		}
	case n < 85:
		_, _, err = community.LikeComment(ctx, m.db, w.Viewer, m.said[m.dice.IntN(len(m.said))], nil, w.Now)
	default:
		at := m.dice.IntN(len(m.said))
		err = community.DeleteComment(ctx, m.db, w, m.said[at], func(community.CommentDetail) error { return nil })
		m.said = append(m.said[:at], m.said[at+1:]...)
	}
	if code := store.CodeOf(err); code == store.NotFound || code == store.Invalid {
		return nil
	}
	return err
}

func TestTheFormulasInSQLAreThoseInGo(t *testing.T) {
	t.Parallel()
	v := newTestEnv(t, 1)
	dice := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		created := v.now.Add(-time.Duration(dice.Int64N(int64(5 * 365 * 24 * time.Hour)))).Truncate(time.Microsecond)
		post := community.Post{
			ID: store.NewID(), AuthorID: &v.people[0], Title: "t", Content: "c", PostType: "discussion", Tags: []string{}, Metadata: map[string]any{},
			Status: moderation.ContentVisible, LikesCount: dice.IntN(100_000), CommentersCount: dice.IntN(10_000), CreatedAt: created, UpdatedAt: created,
		}
		require.NoError(t, v.db.Create(&post).Error)
		var stored community.Post
		require.NoError(t, v.db.Take(&stored, "id = ?", post.ID).Error)
		reactions := ranking.Reactions(post.LikesCount, post.CommentersCount)
		require.InDelta(t, reactions, stored.Top, 1e-9)
		require.InDelta(t, ranking.Hot(reactions, created), stored.Hot, 1e-9)
	}
}

func TestADeletedParentStaysAsAStub(t *testing.T) {
	t.Parallel()
	v := newTestEnv(t, 3)
	post := v.post(0, "x").ID
	first := v.say(1, post, nil, "first")
	reply := v.say(2, post, &first.ID, "reply")
	leaf := v.say(1, post, &reply.ID, "leaf")
	gone := func(id uuid.UUID, person int) {
		require.NoError(t, community.DeleteComment(t.Context(), v.db, v.writing(person), id, func(community.CommentDetail) error { return nil }))
	}
	list := func(person int) (said []string) {
		comments, err := community.ListComments(t.Context(), v.db, v.by(person), post, nil, 0, 100)
		require.NoError(t, err)
		for _, c := range comments {
			text := c.Content
			if c.Stub {
				require.Empty(t, c.Content)
				require.Nil(t, c.Author.ID)
				text = "-"
			}
			said = append(said, text)
		}
		return said
	}
	require.Equal(t, []string{"first", "reply", "leaf"}, list(0))
	gone(first.ID, 1)
	require.Equal(t, []string{"-", "reply", "leaf"}, list(0))
	require.NoError(t, accounts.SetBlock(t.Context(), v.db, v.people[0], v.people[2], true, v.now))
	require.Equal(t, []string{"-", "-", "leaf"}, list(0), "who is blocked holds the tree together too")
	require.Equal(t, []string{"-", "reply", "leaf"}, list(1))
	gone(leaf.ID, 1)
	require.Equal(t, []string{"-", "reply"}, list(1), "a leaf leaves nothing")
	v.counted()
}

func TestRepliesHaveAnEnd(t *testing.T) {
	t.Parallel()
	v := newTestEnv(t, 2)
	post := v.post(0, "x").ID
	var parent *uuid.UUID
	depth := 0
	for range 10_000 {
		c, err := community.CreateComment(t.Context(), v.db, v.writing(1), community.Comment{ID: store.NewID(), PostID: post, ParentCommentID: parent, Content: "deeper"})
		if err != nil {
			require.Equal(t, store.Invalid, store.CodeOf(err))
			break
		}
		parent, depth = &c.ID, depth+1
	}
	require.Equal(t, community.MaxDepth+1, depth)
	v.counted()
}

func TestWhatComesWithAPostAndAComment(t *testing.T) {
	t.Parallel()
	v := newTestEnv(t, 4)
	post := v.post(0, "Hello @person1, @person0 and @nobody9.")
	comment := v.say(2, post.ID, nil, "See @person1 and @person0")
	v.say(3, post.ID, &comment.ID, "Yes")
	points := map[uuid.UUID]int64{}
	var totals []learning.Total
	require.NoError(t, v.db.Find(&totals).Error)
	for _, total := range totals {
		points[total.UserID] = total.Points
	}
	require.GreaterOrEqual(t, points[v.people[0]], int64(10))
	require.GreaterOrEqual(t, points[v.people[2]], int64(5))
	news := func(person int) (kinds []string) {
		var rows []notify.Notification
		require.NoError(t, v.db.Order("created_at, kind").Find(&rows, "user_id = ? AND kind IN ?", v.people[person], []string{"comment", "mention"}).Error)
		for _, n := range rows {
			require.Equal(t, post.ID.String(), n.Data["post_id"])
			require.Equal(t, "open_post", n.Data["action"])
			kinds = append(kinds, string(n.Kind))
		}
		return kinds
	}
	require.Equal(t, []string{"comment", "comment"}, news(0), "a word on one's post, and no second one for being named in it")
	require.Equal(t, []string{"mention", "mention"}, news(1))
	require.Equal(t, []string{"comment"}, news(2), "an answer to one's comment")
}

func TestPendingContentWaitsForAnAdministrator(t *testing.T) {
	t.Parallel()
	v := newTestEnv(t, 3)
	admin := community.AuthorContext{Viewer: moderation.Viewer{ID: v.people[2], Admin: true}, Now: v.now, Entry: fixture.AuditLine("", v.now)}
	require.NoError(t, moderation.AddContentRule(t.Context(), v.db, moderation.ContentRule{ID: store.NewID(), Kind: quality.RuleWord, Pattern: "casino", CreatedAt: v.now}, fixture.AuditLine("", v.now)))
	earned := func(person int) int {
		var n int
		require.NoError(t, v.db.Raw("SELECT count(*) FROM ledger WHERE user_id = ? AND rule IN ('post_created', 'comment_created')", v.people[person]).Scan(&n).Error)
		return n
	}
	seen := func() int {
		posts, err := community.ListPosts(t.Context(), v.db, v.people[1], community.PostFilter{Sort: community.SortNew, Limit: 10})
		require.NoError(t, err)
		return len(posts)
	}
	pending := v.post(0, "A c4sino!")
	require.Equal(t, moderation.ContentPending, pending.Status)
	require.Zero(t, seen())
	require.Zero(t, earned(0))
	_, _, err := community.FindPost(t.Context(), v.db, v.by(1), pending.ID)
	require.Equal(t, store.NotFound, store.CodeOf(err))
	waiting, err := community.ListPending(t.Context(), v.db, nil, 0, 10)
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	require.Equal(t, "the word casino", waiting[0].FlagReason)
	require.NoError(t, community.DecidePending(t.Context(), v.db, admin, pending.ID, true))
	require.Equal(t, 1, seen())
	require.Equal(t, 1, earned(0))
	admin.Entry.ID = store.NewID()
	require.Equal(t, store.NotFound, store.CodeOf(community.DecidePending(t.Context(), v.db, admin, pending.ID, true)))

	comment := v.say(1, pending.ID, nil, "fine")
	require.Equal(t, 1, earned(1))
	changed, err := community.UpdateComment(t.Context(), v.db, v.writing(1), comment.ID, "casino", func(community.CommentDetail) error { return nil })
	require.NoError(t, err)
	require.Equal(t, moderation.ContentPending, changed.Status)
	v.counted()
	edits, err := community.CommentEdits(t.Context(), v.db, v.by(1), comment.ID)
	require.NoError(t, err)
	require.Equal(t, "fine", edits[0].Content)
	require.NoError(t, community.DecidePending(t.Context(), v.db, admin, comment.ID, true))
	require.Equal(t, 1, earned(1), "once")
	v.counted()
}

func TestNewAccountsWriteLess(t *testing.T) {
	t.Parallel()
	v := newTestEnv(t, 1)
	w := v.writing(0)
	w.Allow = quality.AllowanceOf
	write := func(text string) (community.PostDetail, error) {
		return community.CreatePost(t.Context(), v.db, w, community.Post{ID: store.NewID(), Title: "T", Content: text, PostType: "discussion", Metadata: map[string]any{}})
	}
	linked, err := write("http://a.example http://b.example")
	require.NoError(t, err)
	require.Equal(t, moderation.ContentPending, linked.Status, "links of a new account wait")
	for range 4 {
		_, err := write("x")
		require.NoError(t, err)
	}
	w.Now = w.Now.Add(time.Hour)
	_, err = write("one more")
	require.Equal(t, store.RateLimited, store.CodeOf(err))
	var refusal *store.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, 23*time.Hour, refusal.RetryAfter)
	require.NoError(t, v.db.Exec("UPDATE users SET is_verified = true").Error)
	_, err = write("a verified address helps")
	require.NoError(t, err)
	w.Now = w.Now.Add(refusal.RetryAfter)
	for range 8 {
		_, err = write("and so does age")
		require.NoError(t, err)
	}
}

// TestWritingAtOnceKeepsTheDailyLimit has an author write fifty posts, and fifty comments, at once.
func TestWritingAtOnceKeepsTheDailyLimit(t *testing.T) {
	t.Parallel()
	v := newTestEnv(t, 2)
	post := v.post(1, "x").ID
	w := v.writing(0)
	w.Allow = func(quality.Newcomer) quality.Allowance { return quality.Allowance{Posts: 7, Comments: 9} }
	for most, write := range map[int64]func() error{
		7: func() error {
			_, err := community.CreatePost(t.Context(), v.db, w, community.Post{ID: store.NewID(), Title: "T", Content: "c", PostType: "discussion"})
			return err
		},
		9: func() error {
			_, err := community.CreateComment(t.Context(), v.db, w, community.Comment{ID: store.NewID(), PostID: post, Content: "c"})
			return err
		},
	} {
		var written atomic.Int64
		var all errgroup.Group
		for range 50 {
			all.Go(func() error {
				err := write()
				if store.CodeOf(err) == store.RateLimited {
					return nil
				}
				written.Add(1)
				return err
			})
		}
		require.NoError(t, all.Wait())
		require.Equal(t, most, written.Load())
	}
	v.counted()
}

// TestANewPostIsAnsweredAsItIsRead compares what comes back from writing with what is read then.
func TestANewPostIsAnsweredAsItIsRead(t *testing.T) {
	t.Parallel()
	v := newTestEnv(t, 1)
	avatar := "https://example.com/a.png"
	require.NoError(t, v.db.Exec("UPDATE users SET avatar_url = ?", avatar).Error)
	metadata := store.Object{"number": 1e21, "small": 1e-7, "whole": json.Number("12345678901234567890"), "list": []any{1.5, "x", nil}, "empty": map[string]any{}}
	for _, post := range []community.Post{
		{ID: store.NewID(), Title: "T", Content: "c", PostType: "question", Tags: []string{"Sea", "<b>"}, Metadata: metadata},
		{ID: store.NewID(), Title: "Ü", Content: "é", PostType: "discussion"},
	} {
		made, err := community.CreatePost(t.Context(), v.db, v.writing(0), post)
		require.NoError(t, err)
		found, _, err := community.FindPost(t.Context(), v.db, v.by(0), post.ID)
		require.NoError(t, err)
		made.Top, made.Hot, made.Language, made.Terms = found.Top, found.Hot, nil, nil // which nobody is shown
		made.CreatedAt, made.UpdatedAt, found.CreatedAt, found.UpdatedAt = made.CreatedAt.UTC(), made.UpdatedAt.UTC(), found.CreatedAt.UTC(), found.UpdatedAt.UTC()
		require.Equal(t, found, made)
		c := v.say(0, post.ID, nil, "c")
		comments, err := community.ListComments(t.Context(), v.db, v.by(0), post.ID, nil, 0, 10)
		require.NoError(t, err)
		c.CreatedAt, c.UpdatedAt = comments[0].CreatedAt, comments[0].UpdatedAt
		require.Equal(t, comments, []community.CommentDetail{c})
	}
}
