package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// requireListed requires that some list shows each of the courses to a user.
func (w *testEnv) requireListed(p person, all []markedCourse) {
	w.t.Helper()
	seen := map[string]bool{}
	w.listsOf(p, nil, func(_ string, a answer) {
		for _, c := range all {
			seen[c.word] = seen[c.word] || strings.Contains(string(a.body), c.word)
		}
	})
	for _, c := range all {
		require.True(w.t, seen[c.word], "this test looks for %s where it never was", c.word)
	}
}

// viewer is a user for whom some courses are not.
type viewer struct {
	person

	byID    []markedCourse // not found by their id
	lists   []markedCourse // in no list
	cursors []string       // from when they still were in lists
}

// requireAbsent requests every path of the document, and continues every earlier cursor.
func (w *testEnv) requireAbsent(v viewer) {
	w.t.Helper()
	absent := func(where string, a answer) {
		for _, c := range v.lists {
			require.NotContains(w.t, string(a.body), c.word, where)
		}
	}
	words := []string{}
	for _, c := range v.lists {
		words = append(words, c.word)
	}
	w.listsOf(v.person, words, absent)
	for _, path := range v.cursors {
		for n := 0; path != "" && n < 50; n++ {
			a := w.do("GET", path, "", v.header()...)
			require.Equal(w.t, http.StatusOK, a.status, "%s: %s", path, a.body)
			absent(path, a)
			path = nextPath(a)
		}
	}
	for _, c := range v.byID {
		w.withIDsOf(c, v.person)
	}
}

// TestNobodyMeetsACourseThatIsNotForThem has a course of every kind that is not for others: private, pending review,
// hidden, of a suspended, blocked or blocking user, and unshared after others had studied and shared it. Then another
// user and an administrator request every path of the document, and continue every earlier cursor.
func TestNobodyMeetsACourseThatIsNotForThem(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve, root := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.signUp("root@example.com")
	sue, bea, cor := w.signUp("sue@example.com"), w.signUp("bea@example.com"), w.signUp("cor@example.com")
	w.promote(root)
	open := w.marks(ada, "petrichor", courses.VisibilityPublic)
	private := w.marks(ada, "zygomorphic", courses.VisibilityPrivate)
	all := []markedCourse{
		w.marks(ada, "borborygmus", courses.VisibilityPublic), // pending review
		w.marks(ada, "quincunx", courses.VisibilityPublic),    // hidden
		w.marks(sue, "susurrus", courses.VisibilityPublic),    // of a suspended user
		w.marks(ada, "vellichor", courses.VisibilityPublic),   // unshared
		w.marks(bea, "bibliopole", courses.VisibilityPublic),  // of a user whom eve blocks
		w.marks(cor, "corybantic", courses.VisibilityPublic),  // of a user who blocks eve
	}
	for _, author := range []person{ada, sue, bea, cor} {
		require.Equal(t, 204, w.do("PUT", "/v1/users/"+author.id+"/follow", "", eve.header()...).status)
	}
	for _, p := range []person{eve, root} {
		for _, c := range append(all, open) {
			w.studies(p, c)
			require.Equal(t, 204, w.do("POST", c.path()+"/share", "", p.header()...).status)
		}
	}
	require.NoError(t, feed.CountTrending(t.Context(), w.server.DB, w.server.Now()))
	before := map[string][]string{eve.id: w.cursorsOf(eve), root.id: w.cursorsOf(root)}
	require.Greater(t, len(before[eve.id]), 5)
	w.requireListed(eve, append(all, open))

	db := w.server.DB
	require.NoError(t, db.Model(&courses.Course{}).Where("id = ?", all[0].ID).Updates(map[string]any{"moderation_status": "held", "held_for": "a word"}).Error)
	require.NoError(t, db.Model(&courses.Course{}).Where("id = ?", all[1].ID).Updates(map[string]any{"moderation_status": "hidden", "hidden_by": "decision"}).Error)
	require.Equal(t, 204, w.do("PUT", "/v1/admin/users/"+sue.id+"/suspension", "", root.header()...).status)
	require.Equal(t, 204, w.do("DELETE", all[3].path()+"/share", "", ada.header()...).status)
	require.Equal(t, 204, w.do("PUT", "/v1/community/blocks/"+bea.id, "", eve.header()...).status)
	require.Equal(t, 204, w.do("PUT", "/v1/community/blocks/"+eve.id, "", cor.header()...).status)

	w.requireAbsent(viewer{eve, append(all, private), append(all, private), before[eve.id]})
	w.requireAbsent(viewer{root, []markedCourse{private, all[3]}, append(all[:4:4], private), before[root.id]})
	for _, c := range all[:3] { // administrators decide about these
		require.Equal(t, http.StatusOK, w.do("GET", c.path(), "", root.header()...).status, c.word)
	}
	require.Equal(t, http.StatusOK, w.do("GET", open.path(), "", eve.header()...).status)
}

// TestWhoseCourseItIs follows a course from private to public and back, as others see it.
func TestWhoseCourseItIs(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	task, id := w.askFor(ada, "Leaving my husband", "private")
	w.finish(task, id)
	path := "/v1/courses/" + id.String()
	read := func(p person) answer { return w.do("GET", path, "", p.header()...) }
	listed := func(want bool) {
		t.Helper()
		for _, list := range []string{"/v1/courses/", "/v1/feeds/?feed_type=recent", "/v1/feeds/search?q=husband"} {
			require.Equal(t, want, strings.Contains(string(w.do("GET", list, "", eve.header()...).body), id.String()), list)
		}
	}
	put := func(body string) { t.Helper(); require.Equal(t, 200, w.do("PUT", path, body, ada.header()...).status) }

	require.Equal(t, "private", read(ada).json(t)["visibility"], "what nobody said is for nobody")
	w.problem(read(eve), rest.SlugNotFound)
	w.problem(w.do("PUT", path, `{"visibility":"public"}`, eve.header()...), rest.SlugNotFound)
	w.problem(w.do("POST", path+"/share", "", eve.header()...), rest.SlugNotFound)
	w.problem(w.do("DELETE", path+"/share", "", eve.header()...), rest.SlugNotFound)
	listed(false)

	put(`{"visibility":"unlisted"}`)
	require.Equal(t, 200, read(eve).status)
	require.Equal(t, 200, w.do("GET", path+"/progress", "", eve.header()...).status)
	require.Equal(t, 204, w.do("POST", path+"/favorite", "", eve.header()...).status)
	w.problem(w.do("POST", path+"/share", "", eve.header()...), rest.SlugConflict)
	listed(false)

	for range 2 {
		require.Equal(t, 204, w.do("POST", path+"/share", "", ada.header()...).status)
	}
	listed(true)
	tag := read(eve).header.Get("ETag")
	require.Equal(t, 304, w.do("GET", path, "", append(eve.header(), "If-None-Match", tag)...).status)
	w.problem(w.do("PUT", path, `{"visibility":"private"}`, eve.header()...), rest.SlugDenied)
	require.Equal(t, 204, w.do("POST", path+"/share", "", eve.header()...).status)
	require.Equal(t, 204, w.do("DELETE", path+"/share", "", eve.header()...).status, "hers alone")
	require.Equal(t, "public", read(ada).json(t)["visibility"])

	for range 2 {
		require.Equal(t, 204, w.do("DELETE", path+"/share", "", ada.header()...).status)
	}
	listed(false)
	w.problem(w.do("GET", path, "", append(eve.header(), "If-None-Match", tag)...), rest.SlugNotFound)
	var entries int64
	require.NoError(t, w.server.DB.Model(&activity.FeedEntry{}).Where("content_id = ?", id).Count(&entries).Error)
	require.Zero(t, entries)
	put(`{"visibility":"public"}`)
	listed(true)
	put(`{"visibility":"private","title":"Mine"}`)
	listed(false)
	require.Equal(t, 422, w.do("PUT", path, `{"visibility":"secret"}`, ada.header()...).status)
	require.Equal(t, "public", w.interactThenRead(ada, id), "sharing it in a feed makes it public too")
}

// TestACourseAskedForInPublic checks that it is in feeds when it is READY, not before.
func TestACourseAskedForInPublic(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	for _, visibility := range []string{"public", "unlisted", "private"} {
		task, id := w.askFor(ada, "Tides", visibility)
		w.problem(w.do("GET", "/v1/courses/"+id.String(), "", eve.header()...), rest.SlugNotFound)
		w.finish(task, id)
		var entries int64
		require.NoError(t, w.server.DB.Model(&activity.FeedEntry{}).Where("content_id = ? AND kind = 'published'", id).Count(&entries).Error)
		require.Equal(t, visibility == "public", entries == 1)
		require.Equal(t, visibility == "public", strings.Contains(string(w.do("GET", "/v1/feeds/?feed_type=recent", "", eve.header()...).body), id.String()))
		require.Equal(t, visibility == "private", w.do("GET", "/v1/courses/"+id.String(), "", eve.header()...).status == 404)
	}
}

// TestOwnMaterialIsNamedToNobody has a course written from a learner's own upload.
func TestOwnMaterialIsNamedToNobody(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve, root := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.signUp("root@example.com")
	w.promote(root)
	now := w.server.Now()
	source := courses.Source{
		ID: store.NewID(), UserID: uuid.MustParse(ada.id), Kind: "text", Title: "My diary", MediaType: "text/plain", State: courses.SourceReady, Content: "Dear diary", CreatedAt: now, UpdatedAt: now,
	}
	require.NoError(t, w.server.DB.Create(&source).Error)
	ask := func(more string) answer {
		return w.do("POST", "/v1/courses/generate", `{"topic":"Tides","source_ids":["`+source.ID.String()+`"]`+more+`}`, ada.header()...)
	}
	names := func(a answer) {
		t.Helper()
		p := w.problem(a, rest.SlugValidation)
		require.Equal(t, "/confirm_rights", p["errors"].([]any)[0].(map[string]any)["pointer"], string(a.body))
	}
	names(ask(`,"visibility":"public"`))
	names(ask(`,"visibility":"public","confirm_rights":false`))
	require.Equal(t, 202, ask(`,"visibility":"public","confirm_rights":true`).status)
	v := ask("").json(t)
	task, id := uuid.MustParse(v["task_id"].(string)), uuid.MustParse(v["provisional_course_id"].(string))
	w.finish(task, id)
	path, lesson := "/v1/courses/"+id.String(), courses.LessonID(id, 1)
	cited, _ := json.Marshal([]courses.Citation{
		{Label: "S1", Title: source.Title, SourceID: &source.ID, URL: "https://diary.example.com", Cited: true}, {Label: "S2", Title: "Tides", URL: "https://example.com"},
	})
	require.NoError(t, w.server.DB.Exec("UPDATE lessons SET citations = ? WHERE id = ?", string(cited), lesson).Error)

	names(w.do("POST", path+"/share", "", ada.header()...))
	names(w.do("POST", path+"/share", `{"confirm_rights":false}`, ada.header()...))
	names(w.do("PUT", path, `{"visibility":"public"}`, ada.header()...))
	names(w.interact(ada, id, "share"))
	require.Equal(t, "private", w.do("GET", path, "", ada.header()...).json(t)["visibility"])
	require.Error(t, w.server.DB.Exec("UPDATE courses SET visibility = 'public' WHERE id = ?", id).Error, "the table itself refuses")
	require.Equal(t, 204, w.do("POST", path+"/share", `{"confirm_rights":true}`, ada.header()...).status)

	mine := string(w.do("GET", path, "", ada.header()...).body)
	for _, secret := range []string{source.Title, source.ID.String(), "https://diary.example.com"} {
		require.Contains(t, mine, secret)
		for _, other := range []person{eve, root} {
			require.NotContains(t, string(w.do("GET", path, "", other.header()...).body), secret)
		}
	}
	sources := w.do("GET", path, "", eve.header()...).json(t)["lessons"].([]any)[0].(map[string]any)["sources"].([]any)
	require.Equal(t, map[string]any{"label": "S1", "title": courses.OwnMaterialTitle, "source_id": nil, "source_url": nil, "cited": true}, sources[0])
	require.Equal(t, "Tides", sources[1].(map[string]any)["title"])
	require.Equal(t, 200, w.do("PUT", path, `{"visibility":"private"}`, ada.header()...).status)
	names(w.do("PUT", path, `{"visibility":"public"}`, ada.header()...))
}

// TestABlockedLearnerIsOnNoBoardAndInNoInbox has two users on a board, one of whom blocks the other.
func TestABlockedLearnerIsOnNoBoardAndInNoInbox(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	c := w.marks(ada, "petrichor", courses.VisibilityPublic)
	w.studies(ada, c)
	w.studies(bob, c)
	require.NoError(t, w.server.DB.Create(&notify.Notification{
		ID: store.NewID(), UserID: uuid.MustParse(bob.id), ActorID: new(uuid.MustParse(ada.id)), Kind: notify.NotifyMention, Title: "You were mentioned", Body: "By Ada",
		Data: map[string]string{}, CreatedAt: w.server.Now(),
	}).Error)
	on := func(p person, other string) bool {
		board := w.do("GET", "/v1/gamification/leaderboard", "", p.header()...)
		require.Equal(t, 200, board.status)
		require.EqualValues(t, 2, board.json(t)["total_participants"], "ranks are everybody's")
		return strings.Contains(string(board.body), other)
	}
	inbox := func() int { return len(w.do("GET", "/v1/notifications", "", bob.header()...).array(t)) }
	require.True(t, on(ada, bob.id) && on(bob, ada.id))
	require.Equal(t, 1, inbox())
	require.Equal(t, 204, w.do("PUT", "/v1/community/blocks/"+ada.id, "", bob.header()...).status)
	require.False(t, on(ada, bob.id) || on(bob, ada.id))
	require.True(t, on(ada, ada.id))
	require.Zero(t, inbox())
	require.EqualValues(t, 0, w.do("GET", "/v1/notifications/unread-count", "", bob.header()...).json(t)["unread_count"])
}
