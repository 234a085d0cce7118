package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/notify"
)

// posted creates a post over HTTP.
func (w *testEnv) posted(p person, body string) map[string]any {
	w.t.Helper()
	w.clock.advance(time.Second)
	a := w.do("POST", postsPath, body, p.header()...)
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	return a.json(w.t)
}

// TestAListHasPostsAsTheyAre compares a list with its posts, one by one.
func TestAListHasPostsAsTheyAre(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	w.posted(p, `{"title":"Plain","content":"Nothing else."}`)
	w.posted(p, `{"title":"Tags","content":"And more.","tags":["<b>","é"],"metadata":{"zz":1.0,"a":{"deep":[null,1234567890123456789,"\u2028<&"]},"b":""}}`)
	for _, listed := range w.ok("GET", postsPath, "", p).array(t) {
		single := w.ok("GET", fmt.Sprint(postsPath, "/", listed["id"]), "", p)
		listed["views_count"] = single.json(t)["views_count"]
		require.Equal(t, single.json(t), listed)
	}
	require.Contains(t, string(w.ok("GET", postsPath, "", p).body), "1234567890123456789")
	made := w.do("POST", postsPath, `{"title":"T","content":"C","metadata":{"zz":1.0,"a":2}}`, p.header()...)
	again := fmt.Sprint(postsPath, "/", made.json(t)["id"])
	w.ok("GET", again, "", p) // it counts its reader
	etag := w.ok("GET", again, "", p).header.Get("ETag")
	w.requireStatus(http.StatusNotModified, w.do("GET", again, "", append(p.header(), "If-None-Match", etag)...))
}

func (w *testEnv) commented(p person, post any, body string) map[string]any {
	w.t.Helper()
	w.clock.advance(time.Second)
	a := w.do("POST", fmt.Sprint(postsPath, "/", post, "/comments"), body, p.header()...)
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	return a.json(w.t)
}

func (w *testEnv) ok(method, path, body string, p person) answer {
	w.t.Helper()
	a := w.do(method, path, body, p.header()...)
	require.Contains(w.t, []int{200, 201, 204}, a.status, "%s %s: %s", method, path, a.body)
	return a
}

func (w *testEnv) boss() person {
	w.t.Helper()
	boss := w.signUp("boss@example.com")
	w.setRole(boss, true)
	return boss
}

// postTitles returns the titles of a list of posts, as a user gets it.
func (w *testEnv) postTitles(p person, query string) (titles []string) {
	w.t.Helper()
	for _, post := range w.list(postsPath+query, p) {
		titles = append(titles, post["title"].(string))
	}
	return titles
}

func TestAPostLivesAndDies(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	post := w.posted(ada, `{"title":"  Tides ","content":"**Why?**","post_type":"question","tags":["sea","moon","sea"],"metadata":{"course":{"id":1}}}`)
	require.Equal(t, "Tides", post["title"])
	require.Equal(t, "**Why?**", post["content"])
	require.Equal(t, []any{"sea", "moon"}, post["tags"])
	require.Equal(t, map[string]any{"course": map[string]any{"id": 1.0}}, post["metadata"])
	require.Equal(t, map[string]any{"id": ada.id, "name": "Ada L", "avatar_url": nil}, post["author"])
	require.Equal(t, false, post["is_pinned"])
	require.NotContains(t, post, "content_html")
	at := postsPath + "/" + post["id"].(string)

	for range 2 {
		require.EqualValues(t, 1, w.ok("GET", at, "", eve).json(t)["views_count"], "a reader counts once")
	}
	read := w.ok("GET", at+"?format=html", "", ada)
	require.EqualValues(t, 2, read.json(t)["views_count"])
	require.Equal(t, "<p><strong>Why?</strong></p>\n", read.json(t)["content_html"])
	require.Equal(t, http.StatusNotModified, w.do("GET", at+"?format=html", "", append(ada.header(), "If-None-Match", read.header.Get("ETag"))...).status)

	w.problem(w.do("PUT", at, `{"title":"Mine"}`, eve.header()...), rest.SlugDenied)
	w.problem(w.do("DELETE", at, "", eve.header()...), rest.SlugDenied)
	w.problem(w.do("PUT", at, `{"is_pinned":true}`, ada.header()...), rest.SlugDenied)
	w.problem(w.do("PUT", at, `{"title":"x"}`, append(ada.header(), "If-Match", `"other"`)...), rest.SlugCondition)
	w.clock.advance(time.Minute)
	changed := w.do("PUT", at, `{"title":"Ebb","tags":["sea"]}`, append(ada.header(), "If-Match", read.header.Get("ETag"))...)
	require.Equal(t, 200, changed.status, string(changed.body))
	require.Equal(t, "Ebb", changed.json(t)["title"])
	require.Equal(t, "**Why?**", changed.json(t)["content"])
	edits := w.list(at+"/edits", ada)
	require.Len(t, edits, 1)
	require.Equal(t, "Tides", edits[0]["title"])
	w.problem(w.do("GET", at+"/edits", "", eve.header()...), rest.SlugDenied)

	newer := w.posted(eve, `{"title":"Newer","content":"x","tags":["sea"]}`)
	require.Equal(t, "discussion", newer["post_type"])
	require.Equal(t, true, w.ok("PUT", at, `{"is_pinned":true}`, boss).json(t)["is_pinned"])
	for _, sort := range []string{"", "?sort=new", "?sort=hot", "?sort=top", "?sort=top&window=day", "/?tags=sea"} {
		require.Equal(t, []string{"Ebb", "Newer"}, w.postTitles(ada, sort), "pinned first")
	}
	require.Equal(t, []string{"Ebb"}, w.postTitles(ada, "?post_type=question"))
	require.Empty(t, w.postTitles(ada, "?tags=sea,moon"), "all of them must match")
	first := w.do("GET", postsPath+"?limit=1&sort=hot", "", ada.header()...)
	next := nextPath(first)
	require.Equal(t, "Newer", w.list(next, ada)[0]["title"])
	w.problem(w.do("GET", strings.Replace(next, "sort=hot", "sort=new", 1), "", ada.header()...), rest.SlugMalformed)

	w.problem(w.do("POST", postsPath, `{"title":"News","content":"x","post_type":"announcement"}`, ada.header()...), rest.SlugDenied)
	w.posted(boss, `{"title":"News","content":"x","post_type":"announcement"}`)
	require.NotEmpty(t, w.ok("DELETE", at, "", ada).json(t)["message"])
	w.problem(w.do("GET", at, "", ada.header()...), rest.SlugNotFound)
	w.problem(w.do("GET", at, "", boss.header()...), rest.SlugNotFound)
	require.Equal(t, []string{"News", "Newer"}, w.postTitles(ada, ""))
}

func TestLikesTurnAndAreSet(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	post := w.posted(ada, `{"title":"T","content":"c"}`)
	comment := w.commented(ada, post["id"], `{"content":"c"}`)
	for _, path := range []string{postsPath + "/" + post["id"].(string), "/v1/community/comments/" + comment["id"].(string)} {
		for i, step := range []struct {
			method string
			likes  float64
			liked  bool
		}{
			{"POST", 1, true},
			{"POST", 0, false},
			{"DELETE", 0, false},
			{"PUT", 1, true},
			{"PUT", 1, true},
			{"POST", 0, false},
			{"POST", 1, true},
			{"DELETE", 0, false},
			{"PUT", 1, true},
		} {
			v := w.ok(step.method, path+"/like", "", eve).json(t)
			require.InDelta(t, step.likes, v["likes_count"], 0, "step %d", i)
			require.Equal(t, step.liked, v["user_liked"], "step %d", i)
			require.NotEmpty(t, v["message"])
		}
	}
	require.Equal(t, true, w.list(postsPath, eve)[0]["user_liked"])
	require.Equal(t, false, w.list(postsPath, ada)[0]["user_liked"])
	require.EqualValues(t, 1, w.list(postsPath, ada)[0]["likes_count"])
	w.problem(w.do("POST", postsPath+"/"+uuid.NewString()+"/like", "", eve.header()...), rest.SlugNotFound)
}

func TestCommentsMakeATree(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	post := w.posted(ada, `{"title":"T","content":"c"}`)
	at := postsPath + "/" + post["id"].(string) + "/comments"
	first := w.commented(eve, post["id"], `{"content":"first"}`)
	reply := w.commented(ada, post["id"], `{"content":"reply","parent_comment_id":"`+first["id"].(string)+`"}`)
	require.Equal(t, first["id"], reply["parent_comment_id"])
	w.commented(eve, post["id"], `{"content":"last"}`)
	all := w.list(at+"/", eve)
	require.Equal(t, []any{"first", "reply", "last"}, []any{all[0]["content"], all[1]["content"], all[2]["content"]})
	require.EqualValues(t, 1, all[0]["replies_count"])
	page := w.do("GET", at+"?limit=2", "", eve.header()...)
	require.Equal(t, "last", w.list(nextPath(page), eve)[0]["content"])

	one := "/v1/community/comments/" + first["id"].(string)
	w.problem(w.do("PUT", one, `{"content":"x"}`, ada.header()...), rest.SlugDenied)
	w.problem(w.do("DELETE", one, "", ada.header()...), rest.SlugDenied)
	require.Equal(t, "better", w.ok("PUT", one, `{"content":"better"}`, eve).json(t)["content"])
	require.Equal(t, "first", w.list(one+"/edits", eve)[0]["content"])
	w.ok("DELETE", one, "", eve)
	all = w.list(at, eve)
	require.Len(t, all, 3)
	require.Equal(t, true, all[0]["is_deleted"])
	require.Empty(t, all[0]["content"])
	require.Nil(t, all[0]["author"].(map[string]any)["id"])
	require.EqualValues(t, 2, w.ok("GET", postsPath+"/"+post["id"].(string), "", eve).json(t)["comments_count"])
	w.problem(w.do("PUT", one, `{"content":"x"}`, eve.header()...), rest.SlugNotFound)
	elsewhere := w.posted(ada, `{"title":"Other","content":"c"}`)
	for _, parent := range []string{first["id"].(string), uuid.NewString()} {
		p := w.problem(w.do("POST", at, `{"content":"x","parent_comment_id":"`+parent+`"}`, ada.header()...), rest.SlugValidation)
		require.Contains(t, fmt.Sprint(p["errors"]), "/parent_comment_id")
	}
	p := w.problem(w.do("POST", postsPath+"/"+elsewhere["id"].(string)+"/comments", `{"content":"x","parent_comment_id":"`+reply["id"].(string)+`"}`, ada.header()...), rest.SlugValidation)
	require.Contains(t, fmt.Sprint(p["errors"]), "/parent_comment_id")
}

// TestWhoIsBlockedIsSeenNowhere checks every place where two users could meet.
func TestWhoIsBlockedIsSeenNowhere(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve, bob := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.signUp("bob@example.com")
	w.ok("PUT", "/v1/users/me", `{"username":"adalovelace"}`, ada)
	w.ok("PUT", "/v1/users/me", `{"username":"evesdropper"}`, eve)
	adas, eves, bobs := w.posted(ada, `{"title":"Adas","content":"c"}`), w.posted(eve, `{"title":"Eves","content":"c"}`), w.posted(bob, `{"title":"Bobs","content":"c"}`)
	evesWord := w.commented(eve, bobs["id"], `{"content":"Eves word"}`)
	w.commented(ada, bobs["id"], `{"content":"Adas word"}`)
	w.ok("PUT", "/v1/users/"+eve.id+"/follow", "", ada)
	for range 2 {
		require.Equal(t, 204, w.ok("PUT", blocksPath+"/"+eve.id, "", ada).status)
	}
	blocks := w.list(blocksPath, ada)
	require.Len(t, blocks, 1)
	require.Equal(t, eve.id, blocks[0]["user"].(map[string]any)["id"])
	for _, pair := range []struct {
		viewer person
		hidden string
		post   map[string]any
		other  person
	}{{ada, "Eves", eves, eve}, {eve, "Adas", adas, ada}} {
		for _, path := range []string{postsPath, postsPath + "?sort=hot", postsPath + "?sort=top", postsPath + "/" + bobs["id"].(string) + "/comments"} {
			body := string(w.ok("GET", path, "", pair.viewer).body)
			require.NotContains(t, body, pair.hidden, path)
			require.NotContains(t, body, pair.other.id, path)
			require.Contains(t, body, bobs["id"].(string))
		}
		at := postsPath + "/" + pair.post["id"].(string)
		for _, r := range [][3]string{
			{"GET", at, ""},
			{"PUT", at, `{"title":"x"}`},
			{"DELETE", at, ""},
			{"POST", at + "/like", ""},
			{"PUT", at + "/like", ""},
			{"GET", at + "/comments", ""},
			{"POST", at + "/comments", `{"content":"x"}`},
			{"PUT", "/v1/users/" + pair.other.id + "/follow", ""},
		} {
			w.problem(w.do(r[0], r[1], r[2], pair.viewer.header()...), rest.SlugNotFound)
		}
	}
	w.problem(w.do("POST", "/v1/community/comments/"+evesWord["id"].(string)+"/like", "", ada.header()...), rest.SlugNotFound)
	p := w.problem(w.do("POST", postsPath+"/"+bobs["id"].(string)+"/comments", `{"content":"x","parent_comment_id":"`+evesWord["id"].(string)+`"}`, ada.header()...), rest.SlugValidation)
	require.NotEmpty(t, p["errors"])
	w.posted(eve, `{"title":"Calling","content":"@adalovelace"}`)
	var news, follows int64
	require.NoError(t, w.server.DB.Model(&notify.Notification{}).Where("user_id = ? AND actor_id = ?", ada.id, eve.id).Count(&news).Error)
	require.NoError(t, w.server.DB.Model(&community.Follow{}).Count(&follows).Error)
	require.Zero(t, news, "no mention gets through")
	require.Zero(t, follows, "following has ended")
	require.Contains(t, string(w.ok("GET", postsPath, "", bob).body), "Eves", "others see both")

	w.ok("DELETE", blocksPath+"/"+eve.id, "", ada)
	require.Contains(t, string(w.ok("GET", postsPath, "", ada).body), "Eves")
	w.ok("DELETE", blocksPath+"/"+eve.id, "", ada)
	w.problem(w.do("PUT", blocksPath+"/"+ada.id, "", ada.header()...), rest.SlugValidation)
	w.problem(w.do("PUT", blocksPath+"/"+uuid.NewString(), "", ada.header()...), rest.SlugNotFound)
}

// refusedTexts are no content: control characters, marks that turn the direction of writing, nothing to see, too much.
var refusedTexts = []string{"a\x00b", "a\x07b", "a\x1b[31mb", "a\u0085b", "safe\u202egpj.exe", "a\u2066x", "", " \n\t ", "\u200b\u200d", strings.Repeat("x", 5001)}

// invalidPosts break one rule each.
var invalidPosts = []string{
	`{"title":"a\nb","content":"c"}`, `{"title":"T","content":"c","tags":["a,b"]}`, `{"title":"T","content":"c","tags":["x\u202ey"]}`, `{"title":"T","content":"c","tags":[""]}`,
	`{"title":"T","content":"c","tags":["1","2","3","4","5","6","7","8","9","10","11"]}`, `{"title":"T","content":"c","metadata":{"a\u0000":1}}`,
	`{"title":"T","content":"c","metadata":{"a":"` + strings.Repeat("x", 20_000) + `"}}`, `{"title":"T","content":"c","post_type":"secret"}`, `{"content":"c"}`,
	`{"title":"T","content":"c","metadata":[]}`, `{"title":"` + strings.Repeat("x", 201) + `","content":"c"}`,
}

// scriptedTexts would run or fetch something, were they shown as HTML.
var scriptedTexts = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `[x](javascript:alert(1))`, `[x](JaVaScRiPt:alert(1))`, `[x](data:text/html,<b>)`,
	`<a href="https://x.example" onclick="x()">x</a>`, `![x](https://x.example/pixel.png)`, "<style>*{display:none}</style>", `[x](//evil.example)`,
	`<svg/onload=alert(1)>`, "<div class=\"toolbar\">", "<!-- x -->", `[x](vbscript:x)`, "<iframe src=https://x.example>", "&lt;script&gt;alert(1)&lt;/script&gt;",
	`[a](https://x.example "onmouseover=alert(1)")`,
}

// activeMarkup is what no text may become.
var activeMarkup = []string{"<script", "<img", "<svg", "<style", "<iframe", "<div", "javascript:", "vbscript:", "data:", "onclick=", "onerror=\"", `href="//`, "<!--", "onmouseover"}

// TestStrangeTextDoesNoHarm sends texts that have broken other sites.
func TestStrangeTextDoesNoHarm(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	post := w.posted(ada, `{"title":"T","content":"c"}`)
	comments := postsPath + "/" + post["id"].(string) + "/comments"
	quote := func(text string) string {
		out, err := json.Marshal(text)
		require.NoError(t, err)
		return string(out)
	}
	for _, bad := range refusedTexts {
		for _, r := range [][3]string{
			{"POST", postsPath, `{"title":"T","content":` + quote(bad) + `}`},
			{"PUT", postsPath + "/" + post["id"].(string), `{"content":` + quote(bad) + `}`},
			{"POST", comments, `{"content":` + quote(bad) + `}`},
		} {
			p := w.problem(w.do(r[0], r[1], r[2], ada.header()...), rest.SlugValidation)
			require.Contains(t, fmt.Sprint(p["errors"]), "/content")
		}
		if len(bad) > 300 {
			continue
		}
		p := w.problem(w.do("POST", postsPath, `{"title":`+quote(bad)+`,"content":"c"}`, ada.header()...), rest.SlugValidation)
		require.Contains(t, fmt.Sprint(p["errors"]), "/title")
	}
	for _, body := range invalidPosts {
		w.problem(w.do("POST", postsPath, body, ada.header()...), rest.SlugValidation)
	}
	w.problem(w.do("POST", postsPath, `{"title":"T","content":"c","metadata":`+strings.Repeat(`{"a":`, 40)+`1`+strings.Repeat(`}`, 40)+`}`, ada.header()...), rest.SlugMalformed)

	for _, text := range scriptedTexts {
		a := w.do("POST", comments+"?format=html", `{"content":`+quote(text)+`}`, ada.header()...)
		require.Equal(t, 200, a.status, string(a.body))
		v := a.json(t)
		require.Equal(t, text, v["content"], "stored as written")
		html := strings.ToLower(v["content_html"].(string))
		for _, no := range activeMarkup {
			require.NotContains(t, html, no, text)
		}
	}
	good := w.ok("POST", comments+"?format=html", `{"content":"[x](https://x.example) and *y*\n\n- z"}`, ada).json(t)["content_html"].(string)
	require.Contains(t, good, `<a href="https://x.example" rel="nofollow noreferrer">x</a> and <em>y</em>`)
	require.Contains(t, good, "<li>z</li>")
	for _, deep := range []string{strings.Repeat(">", 1999) + "x", strings.Repeat("[", 2000), strings.Repeat("*a", 1000), strings.Repeat("- ", 999) + "x"} {
		w.ok("POST", comments+"?format=html", `{"content":`+quote(deep)+`}`, ada)
	}
	arabic := w.ok("POST", comments, `{"content":"مرحبا \u200f(עברית)\u200e"}`, ada).json(t)
	require.Contains(t, arabic["content"], "עברית", "scripts from right to left are as welcome as others")
	require.Contains(t, string(w.ok("GET", comments+"?format=html&limit=100", "", ada).body), "content_html")
}
