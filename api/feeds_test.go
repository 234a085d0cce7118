package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

// says adds a post by the user, a minute after the previous one.
func (w *testEnv) says(p person, title string, tags ...string) uuid.UUID {
	w.t.Helper()
	w.clock.advance(time.Minute)
	author, now := uuid.MustParse(p.id), w.server.Now()
	post := community.Post{
		ID: store.NewID(), AuthorID: &author, Title: title, Content: "About " + title, PostType: "discussion", Tags: append([]string{}, tags...),
		Metadata: map[string]any{}, Status: moderation.ContentVisible, CreatedAt: now, UpdatedAt: now,
	}
	require.NoError(w.t, w.server.DB.Create(&post).Error)
	return post.ID
}

// publishes adds a READY course by the user.
func (w *testEnv) publishes(p person, topic, level string, tags ...string) uuid.UUID {
	w.t.Helper()
	w.clock.advance(time.Minute)
	now := w.server.Now()
	c := courses.Course{
		ID: store.NewID(), OwnerUserID: uuid.MustParse(p.id), Title: "On " + topic, Topic: topic, Status: courses.CourseReady, Visibility: courses.VisibilityPublic, DifficultyLevel: level,
		Locale: "en", Tags: append([]string{}, tags...), CreatedAt: now, UpdatedAt: now, PublishedAt: &now,
	}
	require.NoError(w.t, w.server.DB.Create(&c).Error)
	return c.ID
}

// page requests a page of a feed.
func (w *testEnv) page(p person, query string) map[string]any {
	w.t.Helper()
	a := w.do("GET", "/v1/feeds/"+query, "", p.header()...)
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	return a.json(w.t)
}

func idsOf(items any) (ids []string) {
	for _, item := range items.([]any) {
		ids = append(ids, item.(map[string]any)["id"].(string))
	}
	return ids
}

func itemOf(items any, id uuid.UUID) map[string]any {
	for _, item := range items.([]any) {
		if one := item.(map[string]any); one["id"] == id.String() {
			return one
		}
	}
	return nil
}

func (w *testEnv) interact(p person, item uuid.UUID, action string) answer {
	w.t.Helper()
	return w.do("POST", "/v1/feeds/items/"+item.String()+"/interact", `{"action":"`+action+`"}`, p.header()...)
}

func TestEveryKindOfFeedIsWhatItSays(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob, eve := w.signUp("ada@example.com"), w.signUp("bob@example.com"), w.signUp("eve@example.com")
	course := w.publishes(bob, "Tides", "beginner", "sea")
	old := w.says(bob, "Hot topic")
	bread := w.says(bob, "Bread", "baking")
	own := w.says(ada, "Mine", "baking")
	evil := w.says(eve, "Eve here", "baking")
	require.NoError(t, w.server.DB.Create(&community.Follow{FollowerID: uuid.MustParse(ada.id), FolloweeID: uuid.MustParse(bob.id), CreatedAt: w.clock.now()}).Error)
	for n := range 3 {
		require.Equal(t, 200, w.interact(w.signUp(fmt.Sprintf("fan%d@example.com", n)), old, "like").status)
	}
	require.NoError(t, feed.CountTrending(t.Context(), w.server.DB, w.server.Now()))
	require.Equal(t, 200, w.do("PUT", "/v1/users/me/learning-profile", `{"interests":["Baking"]}`, ada.header()...).status)

	recent := w.page(ada, "?feed_type=recent")
	require.Equal(t, []string{evil.String(), own.String(), bread.String(), old.String(), course.String()}, idsOf(recent["items"]))
	require.EqualValues(t, 5, recent["total_count"])
	require.Equal(t, false, recent["has_more"])
	require.Nil(t, recent["next_cursor"])
	require.Equal(t, "recent", recent["feed_type"])

	following := w.page(ada, "?feed_type=following")
	require.Equal(t, []string{bread.String(), old.String(), course.String()}, idsOf(following["items"]))
	require.Equal(t, []any{"You follow its author."}, itemOf(following["items"], bread)["reasons"])

	trending := w.page(ada, "?feed_type=trending")
	require.Equal(t, []string{old.String()}, idsOf(trending["items"]))

	for _, kind := range []string{"?feed_type=personalized", "", "?feed_type=recommended"} {
		feed := w.page(ada, kind)
		ids := idsOf(feed["items"])
		require.ElementsMatch(t, []string{evil.String(), bread.String(), old.String(), course.String()}, ids, "own things are left out")
		require.ElementsMatch(t, []string{bread.String(), evil.String()}, []string{ids[0], ids[2]}, "4 of 10 by interest: places 1 and 3 here")
		require.Equal(t, old.String(), ids[1], "3 of 10 trending")
		require.Contains(t, itemOf(feed["items"], bread)["reasons"], `It matches your interest in "baking".`)
		last := 2.0
		for _, item := range feed["items"].([]any) {
			score := item.(map[string]any)["ranking_score"].(float64)
			require.LessOrEqual(t, score, last)
			require.NotEmpty(t, item.(map[string]any)["reasons"])
			last = score
		}
	}
	list := w.do("GET", "/v1/feeds/trending?timeframe=1&content_type=post", "", ada.header()...).array(t)
	require.Equal(t, old.String(), list[0]["id"])
	require.Empty(t, w.do("GET", "/v1/feeds/trending?content_type=course", "", ada.header()...).array(t))
	w.clock.advance(50 * time.Hour)
	ada = w.logIn("ada@example.com", "correct horse", "Phone")
	require.Empty(t, w.do("GET", "/v1/feeds/trending?timeframe=2", "", ada.header()...).array(t))
	require.Len(t, w.do("GET", "/v1/feeds/trending", "", ada.header()...).array(t), 1)
	for _, bad := range []string{"?feed_type=odd", "?limit=0", "?limit=101"} {
		w.problem(w.do("GET", "/v1/feeds"+bad, "", ada.header()...), rest.SlugValidation)
	}
	w.problem(w.do("GET", "/v1/feeds/recommendations?strategy=odd", "", ada.header()...), rest.SlugValidation)
	w.problem(w.do("GET", "/v1/feeds?cursor=x", "", ada.header()...), rest.SlugMalformed)
}

func TestWhatIsNotToBeSeenIsInNoFeed(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	authors := map[string]person{}
	posts := map[string]uuid.UUID{}
	for _, name := range []string{"fine", "blocked", "blocking", "off", "hidden", "seen", "held", "deleted"} {
		authors[name] = w.signUp(name + "@example.com")
		posts[name] = w.says(authors[name], "By "+name, "sea")
		require.Equal(t, 200, w.interact(authors["fine"], posts[name], "like").status)
		require.NoError(t, w.server.DB.Create(&community.Follow{FollowerID: uuid.MustParse(ada.id), FolloweeID: uuid.MustParse(authors[name].id), CreatedAt: w.clock.now()}).Error)
	}
	w.publishes(authors["fine"], "Boats", "beginner", "sea")
	_, private := w.ask(authors["fine"], "A course of the sea that is being written")
	require.NoError(t, feed.CountTrending(t.Context(), w.server.DB, w.server.Now()))
	block := func(a, b person) {
		require.NoError(t, w.server.DB.Create(&accounts.Block{BlockerID: uuid.MustParse(a.id), BlockedID: uuid.MustParse(b.id), CreatedAt: w.clock.now()}).Error)
	}
	block(ada, authors["blocked"])
	block(authors["blocking"], ada)
	require.NoError(t, w.server.DB.Exec("UPDATE users SET is_active = false WHERE id = ?", authors["off"].id).Error)
	require.NoError(t, w.server.DB.Exec("UPDATE posts SET status = 'held' WHERE id = ?", posts["held"]).Error)
	require.NoError(t, w.server.DB.Exec("DELETE FROM posts WHERE id = ?", posts["deleted"]).Error)
	require.Equal(t, 200, w.interact(ada, posts["hidden"], "hide").status)
	require.Equal(t, 200, w.interact(ada, posts["seen"], "view").status)
	recommendations := []string{"?feed_type=personalized", "?feed_type=recommended"}
	for _, strategy := range []string{"personalized", "trending", "collaborative", "content_based", "skill_gap", "difficulty_progression"} {
		recommendations = append(recommendations, "recommendations?limit=50&strategy="+strategy)
	}
	for _, path := range append(recommendations, "?feed_type=recent", "?feed_type=following", "?feed_type=trending", "trending", "learning-path?skills=sea") {
		a := w.do("GET", "/v1/feeds/"+path, "", ada.header()...)
		require.Equal(t, 200, a.status, string(a.body))
		if !strings.Contains(path, "trending") && !strings.Contains(path, "learning-path") {
			require.Contains(t, string(a.body), posts["fine"].String(), path)
		}
		for _, name := range []string{"blocked", "blocking", "off", "hidden", "held", "deleted"} {
			require.NotContains(t, string(a.body), posts[name].String(), "%s: %s", path, name)
		}
		require.NotContains(t, string(a.body), private.String(), path)
		if slices.Contains(recommendations, path) {
			require.NotContains(t, string(a.body), posts["seen"].String(), path)
		}
	}
	for _, name := range []string{"blocked", "blocking", "off", "held", "deleted"} {
		w.problem(w.interact(ada, posts[name], "like"), rest.SlugNotFound)
	}
	w.problem(w.interact(ada, private, "like"), rest.SlugNotFound)
}

func TestAnInteractionCountsOnce(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	post, course := w.says(bob, "Tides", "sea"), w.publishes(bob, "Tides", "beginner", "sea")
	for _, item := range []uuid.UUID{post, course} {
		for range 3 {
			for _, action := range []string{"view", "like", "share", "bookmark", "complete"} {
				a := w.interact(ada, item, action)
				require.Equal(t, 200, a.status, string(a.body))
				require.Equal(t, action, a.json(t)["action"])
				require.Equal(t, item.String(), a.json(t)["item_id"])
			}
		}
		found := itemOf(w.page(bob, "?feed_type=recent")["items"], item)
		require.Equal(t, map[string]any{"views": 1.0, "likes": 1.0, "comments": 0.0, "shares": 1.0}, found["engagement_stats"])
		require.Equal(t, "Ada L", found["metadata"].(map[string]any)["shared_by"].(map[string]any)["name"])
	}
	require.Len(t, idsOf(w.page(bob, "?feed_type=recent")["items"]), 2, "what is shared is there once")
	var row community.Post
	require.NoError(t, w.server.DB.First(&row, "id = ?", post).Error)
	require.Equal(t, [2]int{1, 1}, [2]int{row.LikesCount, row.ViewsCount}, "a like through the feed is the community's")
	var likes int64
	require.NoError(t, w.server.DB.Model(&community.PostLike{}).Count(&likes).Error)
	require.EqualValues(t, 1, likes)
	for range 2 {
		require.Equal(t, 200, w.interact(ada, post, "unlike").status)
		require.Equal(t, 200, w.interact(ada, course, "unlike").status)
	}
	require.NoError(t, w.server.DB.First(&row, "id = ?", post).Error)
	require.Zero(t, row.LikesCount)
	require.EqualValues(t, 0, itemOf(w.page(bob, "?feed_type=recent")["items"], course)["engagement_stats"].(map[string]any)["likes"])

	unknown := store.NewID()
	batch := fmt.Sprintf(`{"interactions":[{"item_id":%q,"action":"like"},{"item_id":%q,"action":"like"},{"item_id":%q,"action":"like"},{"item_id":%q,"action":"unlike"},{"item_id":%q,"action":"view"}]}`,
		post, post, course, course, unknown)
	for range 2 {
		a := w.do("POST", "/v1/feeds/interactions", batch, ada.header()...)
		require.Equal(t, 200, a.status, string(a.body))
		v := a.json(t)
		require.EqualValues(t, 4, v["noted"])
		require.Equal(t, "not_found", v["results"].([]any)[4].(map[string]any)["status"])
	}
	items := w.page(bob, "?feed_type=recent")["items"]
	require.EqualValues(t, 1, itemOf(items, post)["engagement_stats"].(map[string]any)["likes"])
	require.EqualValues(t, 0, itemOf(items, course)["engagement_stats"].(map[string]any)["likes"], "interactions with one item keep their order")
	for _, bad := range []string{`{}`, `{"interactions":[]}`, `{"interactions":[{"item_id":"x","action":"like"}]}`, `{"interactions":[{"item_id":"` + unknown.String() + `","action":"odd"}]}`} {
		w.problem(w.do("POST", "/v1/feeds/interactions", bad, ada.header()...), rest.SlugValidation)
	}
	w.problem(w.do("POST", "/v1/feeds/items/"+post.String()+"/interact", `{"action":"like","metadata":{"x":"`+strings.Repeat("y", 5000)+`"}}`, ada.header()...), rest.SlugValidation)
}

func TestFavoritesAndSharedCourses(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	course := w.publishes(bob, "Tides", "beginner", "sea")
	_, unfinished := w.ask(ada, "Bread")
	favorite := func(p person, id uuid.UUID) any {
		return w.do("GET", "/v1/courses/"+id.String(), "", p.header()...).json(t)["is_favorite"]
	}
	for _, id := range []uuid.UUID{course, unfinished} {
		path := "/v1/courses/" + id.String() + "/favorite"
		for range 2 {
			require.Equal(t, 204, w.do("POST", path, "", ada.header()...).status)
		}
		require.Equal(t, true, favorite(ada, id))
	}
	require.Equal(t, false, favorite(bob, course))
	for _, c := range w.do("GET", "/v1/courses/", "", ada.header()...).array(t) {
		require.Equal(t, true, c["is_favorite"])
	}
	mine := w.do("GET", "/v1/courses/"+unfinished.String(), "", ada.header()...)
	require.Equal(t, 204, w.do("DELETE", "/v1/courses/"+course.String()+"/favorite", "", ada.header()...).status)
	require.Equal(t, 204, w.do("DELETE", "/v1/courses/"+course.String()+"/favorite", "", ada.header()...).status)
	require.Equal(t, false, favorite(ada, course))

	for range 2 {
		require.Equal(t, 204, w.do("POST", "/v1/courses/"+course.String()+"/share", "", ada.header()...).status)
	}
	require.Equal(t, []string{course.String()}, idsOf(w.page(bob, "?feed_type=recent")["items"]), "once")
	require.Equal(t, []any{"It was shared."}, itemOf(w.page(bob, "?feed_type=recent")["items"], course)["reasons"], "who shared it is a field of its own, by today's rules")
	w.problem(w.do("POST", "/v1/courses/"+unfinished.String()+"/share", "", ada.header()...), rest.SlugConflict)
	require.Equal(t, 204, w.do("DELETE", "/v1/courses/"+unfinished.String(), "", append(ada.header(), "If-Match", mine.header.Get("ETag"))...).status, "the tag of a favorite holds")
	w.problem(w.do("POST", "/v1/courses/"+store.NewID().String()+"/favorite", "", ada.header()...), rest.SlugNotFound)

	require.Equal(t, 204, w.do("POST", "/v1/courses/"+course.String()+"/favorite", "", ada.header()...).status)
	require.Equal(t, 204, w.do("DELETE", "/v1/courses/"+course.String()+"/share", "", bob.header()...).status)
	w.problem(w.do("POST", "/v1/courses/"+course.String()+"/favorite", "", ada.header()...), rest.SlugNotFound)
	for _, own := range []string{"/favorite", "/share"} {
		require.Equal(t, 204, w.do("DELETE", "/v1/courses/"+course.String()+own, "", ada.header()...).status, "one's own mark on a course taken back: %s", own)
		w.problem(w.do("DELETE", "/v1/courses/"+course.String()+own, "", ada.header()...), rest.SlugNotFound)
	}
}
