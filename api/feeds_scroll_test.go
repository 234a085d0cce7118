package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// withRedis makes a test environment use the real Redis.
func withRedis(t *testing.T) func(*Deps) {
	t.Helper()
	client := storetest.Redis(t)
	return func(d *Deps) { d.Redis = client }
}

// many adds posts of a user in one statement, the i-th i seconds before now.
func (w *testEnv) many(p person, n int) (ids []uuid.UUID) {
	w.t.Helper()
	author, now := uuid.MustParse(p.id), w.server.Now()
	posts := make([]community.Post, n)
	for i := range posts {
		at := now.Add(-time.Duration(i) * time.Second)
		posts[i] = community.Post{
			ID: store.NewID(), AuthorID: &author, Title: fmt.Sprint("Post ", i), Content: "c", PostType: "discussion", Tags: []string{fmt.Sprint("tag", i%20)},
			Metadata: map[string]any{}, Status: moderation.ContentVisible, CreatedAt: at, UpdatedAt: at,
		}
		ids = append(ids, posts[i].ID)
	}
	require.NoError(w.t, w.server.DB.CreateInBatches(posts, 250).Error)
	return ids
}

// TestScrollingWhileOthersWrite reads 500 items page by page. Two hundred writes are
// committed between any two pages and during each: new posts, likes and trending counts.
// The first items are shown exactly once, in their original order.
func TestScrollingWhileOthersWrite(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"recent", "personalized", "following"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newTestEnv(t, withRedis(t))
			ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
			there := w.many(bob, 500)
			fan := uuid.MustParse(w.signUp("fan@example.com").id)
			_, err := feed.InteractAll(t.Context(), w.server.DB, fan, likes(there[:50]), w.server.Now())
			require.NoError(t, err)
			require.NoError(t, feed.CountTrending(t.Context(), w.server.DB, w.server.Now()))
			require.NoError(t, w.server.DB.Create(&community.Follow{FollowerID: uuid.MustParse(ada.id), FolloweeID: uuid.MustParse(bob.id), CreatedAt: w.clock.now()}).Error)
			w.scrollAll(ada, kind, there, w.writing(bob, fan))
		})
	}
}

func (w *testEnv) scrollAll(p person, kind string, there []uuid.UUID, writes *writers) {
	w.t.Helper()
	first := w.page(p, "?limit=50&feed_type="+kind)
	total := int(first["total_count"].(float64))
	require.GreaterOrEqual(w.t, total, len(there))
	seen, page := idsOf(first["items"]), first
	for page["has_more"] == true {
		writes.next() // two hundred more have been committed, and writing continues
		require.Equal(w.t, page["next_cursor"], page["nextCursor"])
		page = w.page(p, "?limit=50&feed_type="+kind+"&cursor="+page["next_cursor"].(string))
		require.Equal(w.t, first["refresh_timestamp"], page["refresh_timestamp"])
		seen = append(seen, idsOf(page["items"])...)
	}
	writes.stop()
	once := map[string]bool{}
	for _, id := range seen {
		require.False(w.t, once[id], "twice")
		once[id] = true
	}
	require.Len(w.t, seen, total)
	for _, id := range there {
		require.True(w.t, once[id.String()], "skipped")
	}
}

func likes(ids []uuid.UUID) (all []feed.Interaction) {
	for _, id := range ids {
		all = append(all, feed.Interaction{ItemID: id, Action: "like"})
	}
	return all
}

// writers write without a pause, and signal after every two hundred writes.
type writers struct {
	w      *testEnv
	signal chan struct{}
	cancel context.CancelFunc
	done   chan error
}

const writesBetween = 200

func (w *testEnv) writing(author person, fan uuid.UUID) *writers {
	ctx, cancel := context.WithCancel(w.t.Context())
	ws := &writers{w: w, signal: make(chan struct{}), cancel: cancel, done: make(chan error, 1)}
	go func() { ws.done <- ws.run(ctx, uuid.MustParse(author.id), fan) }()
	return ws
}

// run writes posts and likes: a hundred posts and a hundred likes of them a round.
func (ws *writers) run(ctx context.Context, author, fan uuid.UUID) error {
	db, now := ws.w.server.DB, ws.w.server.Now().Add(time.Hour)
	for ctx.Err() == nil {
		var posts []community.Post
		for i := range writesBetween / 2 {
			posts = append(posts, community.Post{
				ID: store.NewID(), AuthorID: &author, Title: fmt.Sprint("New ", i), Content: "c", PostType: "discussion", Tags: []string{},
				Metadata: map[string]any{}, Status: moderation.ContentVisible, CreatedAt: now, UpdatedAt: now,
			})
		}
		if err := db.Create(posts).Error; err != nil {
			return err
		}
		for some := range slices.Chunk(posts, 10) {
			rows := make([]community.PostLike, len(some))
			for i, p := range some {
				rows[i] = community.PostLike{PostID: p.ID, UserID: fan, CreatedAt: now}
			}
			if err := db.Create(rows).Error; err != nil {
				return err
			}
		}
		select {
		case ws.signal <- struct{}{}:
		case <-ctx.Done():
		}
	}
	return nil
}

func (ws *writers) next() {
	select {
	case <-ws.signal:
	case err := <-ws.done:
		ws.done <- err
		require.NoError(ws.w.t, err)
	}
}

func (ws *writers) stop() {
	ws.cancel()
	require.NoError(ws.w.t, <-ws.done)
}

func TestACursorHoldsForFifteenMinutesInAnyProcess(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T) func(*Deps){
		"redis":    withRedis,
		"no redis": func(*testing.T) func(*Deps) { return func(*Deps) {} },
		"redis that is gone": func(t *testing.T) func(*Deps) {
			gone := storetest.GoneRedis(t)
			return func(d *Deps) { d.Redis = gone }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTestEnv(t, change(t))
			ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
			w.many(bob, 30)
			first := w.page(ada, "?limit=10")
			cursor := "?limit=10&cursor=" + first["next_cursor"].(string)
			second := w.page(ada, cursor)
			require.Equal(t, second["items"], w.page(ada, cursor)["items"], "the same page again")
			require.Empty(t, common(idsOf(first["items"]), idsOf(second["items"])))
			w.problem(w.do("GET", "/v1/feeds"+cursor, "", bob.header()...), rest.SlugMalformed)
			w.problem(w.do("GET", "/v1/feeds"+cursor+"&feed_type=recent", "", ada.header()...), rest.SlugMalformed)

			w.clock.advance(feed.SnapshotFor - time.Second)
			require.Equal(t, idsOf(second["items"]), idsOf(w.page(ada, cursor)["items"]))
			w.clock.advance(2 * time.Second)
			ada = w.logIn("ada@example.com", "correct horse", "Phone")
			anew := w.page(ada, cursor)
			require.NotEqual(t, first["refresh_timestamp"], anew["refresh_timestamp"], "an expired one begins anew")
			require.Len(t, anew["items"], 10)
			require.EqualValues(t, 30, anew["total_count"])
			require.NoError(t, feed.DropSnapshots(t.Context(), w.server.DB, w.server.Now()))
			var left int64
			require.NoError(t, w.server.DB.Model(&feed.Snapshot{}).Count(&left).Error)
			require.EqualValues(t, 1, left)
		})
	}
}

func common(a, b []string) (both []string) {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				both = append(both, x)
			}
		}
	}
	return both
}

// counted returns a counter of the SQL statements that the server executes.
func (w *testEnv) counted() *atomic.Int64 {
	var n atomic.Int64
	count := func(*gorm.DB) { n.Add(1) }
	for name, register := range map[string]func(string, func(*gorm.DB)) error{
		"query":  w.server.DB.Callback().Query().Before("*").Register,
		"row":    w.server.DB.Callback().Row().Before("*").Register,
		"raw":    w.server.DB.Callback().Raw().Before("*").Register,
		"create": w.server.DB.Callback().Create().Before("*").Register,
	} {
		require.NoError(w.t, register("count:"+name, count))
	}
	return &n
}

func TestAFeedTakesAsManyQueriesWhateverItsSize(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	n := w.counted()
	ask := func(path string) int64 {
		before := n.Load()
		a := w.do("GET", path, "", ada.header()...)
		require.Equal(t, http.StatusOK, a.status, string(a.body))
		return n.Load() - before
	}
	kinds := []string{"personalized", "recommended", "trending", "following", "recent"}
	small, large := map[string]int64{}, map[string]int64{}
	measure := func(into map[string]int64) {
		for _, kind := range kinds {
			into[kind] = ask("/v1/feeds?limit=100&feed_type=" + kind)
		}
		into["recommendations"] = ask("/v1/feeds/recommendations?limit=50&strategy=collaborative")
		into["path"] = ask("/v1/feeds/learning-path?skills=tag1,tag2")
	}
	w.many(bob, 101)
	measure(small)
	there := w.many(bob, 900)
	require.NoError(t, w.server.DB.Create(&community.Follow{FollowerID: uuid.MustParse(ada.id), FolloweeID: uuid.MustParse(bob.id), CreatedAt: w.clock.now()}).Error)
	for i := range 5 {
		p := uuid.MustParse(w.signUp(fmt.Sprintf("fan%d@example.com", i)).id)
		_, err := feed.InteractAll(t.Context(), w.server.DB, p, likes(there[i*50:i*50+120]), w.server.Now())
		require.NoError(t, err)
	}
	_, err := feed.InteractAll(t.Context(), w.server.DB, uuid.MustParse(ada.id), likes(there[:120]), w.server.Now())
	require.NoError(t, err)
	require.NoError(t, feed.CountTrending(t.Context(), w.server.DB, w.server.Now()))
	measure(large)
	t.Log("queries of a first page, a session's state included: ", strings.TrimPrefix(fmt.Sprint(large), "map"))
	for kind, most := range large {
		require.LessOrEqual(t, most, int64(7), kind)
		require.LessOrEqual(t, most, small[kind]+2, "%s: at most the session's state and the storing of the ranking come on top", kind)
	}
}
