package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/store"
)

func TestReportsAreDecided(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	report := func(p person, kind string, id any) answer {
		w.clock.advance(time.Second)
		return w.do("POST", "/v1/community/reports", fmt.Sprintf(`{"target_type":%q,"target_id":%q,"reason":"It is rude"}`, kind, id), p.header()...)
	}
	decide := func(id any, decision string) answer {
		return w.do("POST", fmt.Sprint("/v1/admin/reports/", id, "/decision"), fmt.Sprintf(`{"decision":%q,"note":"seen"}`, decision), boss.header()...)
	}
	post := w.posted(eve, `{"title":"Rude","content":"c"}`)
	first := report(ada, "post", post["id"])
	require.Equal(t, 201, first.status, string(first.body))
	again := report(ada, "post", post["id"])
	require.Equal(t, 200, again.status)
	require.Equal(t, first.json(t)["id"], again.json(t)["id"], "once")
	require.Equal(t, 201, report(boss, "post", post["id"]).status)
	var enqueued int64
	require.NoError(t, w.server.DB.Model(&store.OutboxMessage{}).Where("workflow = 'ReviewReport'").Count(&enqueued).Error)
	require.EqualValues(t, 2, enqueued)
	w.problem(report(eve, "post", post["id"]), rest.SlugValidation)
	w.problem(report(ada, "post", uuid.NewString()), rest.SlugNotFound)
	w.problem(report(ada, "course", post["id"]), rest.SlugNotFound)
	w.problem(report(ada, "message", post["id"]), rest.SlugValidation)

	open := w.list("/v1/admin/reports", boss)
	require.Len(t, open, 2)
	require.Equal(t, "Rude\n\nc", open[0]["excerpt"])
	require.Equal(t, eve.id, open[0]["author_id"])
	next := nextPath(w.do("GET", "/v1/admin/reports?limit=1", "", boss.header()...))
	require.Len(t, w.list(next, boss), 1)
	closed := decide(first.json(t)["id"], "hide")
	require.Equal(t, 200, closed.status, string(closed.body))
	require.Equal(t, "hide", closed.json(t)["decision"])
	require.Empty(t, w.list("/v1/admin/reports", boss), "the others about it are closed too")
	require.Len(t, w.list("/v1/admin/reports?status=all", boss), 2)
	w.problem(decide(open[1]["id"], "dismiss"), rest.SlugConflict)
	w.problem(decide(uuid.NewString(), "dismiss"), rest.SlugNotFound)
	w.problem(w.do("GET", postsPath+"/"+post["id"].(string), "", ada.header()...), rest.SlugNotFound)
	require.Equal(t, "hidden", w.ok("GET", postsPath+"/"+post["id"].(string), "", eve).json(t)["status"])

	fine := w.posted(eve, `{"title":"Fine","content":"c"}`)
	comment := w.commented(eve, fine["id"], `{"content":"rude"}`)
	require.Equal(t, 200, decide(report(ada, "comment", comment["id"]).json(t)["id"], "delete").status)
	require.Empty(t, w.list(postsPath+"/"+fine["id"].(string)+"/comments", ada))
	require.Equal(t, 200, decide(report(ada, "post", fine["id"]).json(t)["id"], "dismiss").status)
	require.Contains(t, string(w.ok("GET", postsPath, "", ada).body), "Fine")
	w.problem(decide(report(ada, "user", eve.id).json(t)["id"], "hide"), rest.SlugValidation)
	require.NotEmpty(t, w.list("/v1/admin/audit?action=report.decided", boss))
}

func TestASuspensionEndsSessionsAndHidesContent(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	w.posted(eve, `{"title":"Eves","content":"c"}`)
	adas := w.posted(ada, `{"title":"Adas","content":"c"}`)
	w.commented(eve, adas["id"], `{"content":"Eves word"}`)
	report := w.ok("POST", "/v1/community/reports", `{"target_type":"user","target_id":"`+eve.id+`","reason":"x"}`, ada).json(t)
	w.ok("POST", "/v1/admin/reports/"+report["id"].(string)+"/decision", `{"decision":"suspend"}`, boss)
	w.clock.advance(2 * time.Second)
	w.problem(w.do("GET", "/v1/users/me", "", eve.header()...), rest.SlugAuth)
	w.problem(w.do("POST", "/v1/auth/refresh", `{"refresh_token":"`+eve.refresh+`"}`), rest.SlugAuth)
	p := w.problem(w.do("POST", "/v1/auth/login", `{"email":"eve@example.com","password":"correct horse"}`), rest.SlugDenied)
	require.Contains(t, p["detail"], "suspended")
	require.NotContains(t, string(w.ok("GET", postsPath, "", ada).body), "Eves")
	require.Empty(t, w.list(postsPath+"/"+adas["id"].(string)+"/comments", ada))
	require.EqualValues(t, 0, w.list(postsPath, ada)[0]["comments_count"])
	at := "/v1/admin/users/" + eve.id + "/suspension"
	w.ok("PUT", at, "", boss)
	w.ok("DELETE", at, "", boss)
	w.problem(w.do("DELETE", at, "", boss.header()...), rest.SlugConflict)
	require.Contains(t, string(w.ok("GET", postsPath, "", ada).body), "Eves")
	require.EqualValues(t, 1, w.list(postsPath, ada)[0]["comments_count"])
	w.logIn("eve@example.com", "correct horse", "Phone")
	w.problem(w.do("PUT", "/v1/admin/users/"+boss.id+"/suspension", "", boss.header()...), rest.SlugConflict)
}

func TestThePolicyHoldsPosts(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t, func(d *Deps) { d.Config.Limits.Mode = config.LimitsOn })
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	rule := w.ok("POST", "/v1/admin/content-rules", `{"kind":"link","pattern":"https://Spam.example/x"}`, boss).json(t)
	require.Equal(t, "spam.example", rule["pattern"])
	w.problem(w.do("POST", "/v1/admin/content-rules", `{"kind":"link","pattern":"spam.example"}`, boss.header()...), rest.SlugConflict)
	w.problem(w.do("POST", "/v1/admin/content-rules", `{"kind":"word","pattern":"..."}`, boss.header()...), rest.SlugValidation)
	require.Len(t, w.list("/v1/admin/content-rules", boss), 1)
	pending := w.posted(ada, `{"title":"T","content":"see shop.spam.example"}`)
	require.Equal(t, "held", pending["status"])
	require.Empty(t, w.list(postsPath, eve))
	at := postsPath + "/" + pending["id"].(string)
	w.problem(w.do("GET", at, "", eve.header()...), rest.SlugNotFound)
	w.ok("GET", at, "", ada)
	w.problem(w.do("POST", at+"/like", "", ada.header()...), rest.SlugConflict)
	waiting := w.list("/v1/admin/held", boss)
	require.Equal(t, "the link spam.example", waiting[0]["held_for"])
	w.ok("POST", "/v1/admin/held/"+pending["id"].(string)+"/decision", `{"decision":"approve"}`, boss)
	require.Len(t, w.list(postsPath, eve), 1)
	w.ok("DELETE", "/v1/admin/content-rules/"+rule["id"].(string), "", boss)
	w.problem(w.do("DELETE", "/v1/admin/content-rules/"+rule["id"].(string), "", boss.header()...), rest.SlugNotFound)
	for range 9 { // five accepted ones double a new account's limit
		require.Equal(t, "visible", w.posted(ada, `{"title":"T","content":"see shop.spam.example"}`)["status"])
	}
	p := w.problem(w.do("POST", postsPath, `{"title":"T","content":"c"}`, ada.header()...), rest.SlugRateLimited)
	require.Contains(t, p["detail"], "within a day")
	w.posted(boss, `{"title":"T","content":"administrators are not bound"}`)
}
