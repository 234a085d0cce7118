package api

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// setRole does what lyo admin grant and revoke do.
func (w *testEnv) setRole(p person, granted bool) {
	w.t.Helper()
	entry := store.AuditEntry{ID: store.NewID(), At: w.server.Now(), Via: store.AuditCommandLine}
	changed, err := accounts.SetRole(w.t.Context(), w.server.DB, uuid.MustParse(p.id), accounts.RoleAdmin, granted, entry)
	require.NoError(w.t, err)
	require.True(w.t, changed)
}

func TestRolesCountAtOnceWhateverTheTokenSays(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	w.problem(w.do("GET", "/v1/admin/audit", "", ada.header()...), rest.SlugDenied)
	w.setRole(ada, true)
	require.Equal(t, 200, w.do("GET", "/v1/admin/audit", "", ada.header()...).status)
	ada = w.logIn("ada@example.com", "correct horse", "x")
	me := w.do("GET", "/v1/users/me", "", ada.header()...).json(t)
	require.Equal(t, []any{"user", "admin"}, me["roles"])
	w.setRole(ada, false)
	w.problem(w.do("GET", "/v1/admin/audit", "", ada.header()...), rest.SlugDenied)
	w.problem(w.do("GET", "/v1/admin/audit", ""), rest.SlugAuth)
}

func TestTheAuditLogIsReadInPages(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	boss := w.signUp("boss@example.com")
	w.setRole(boss, true)
	var people []person
	for _, name := range []string{"a", "b", "c"} {
		w.clock.advance(time.Second)
		p := w.signUp(name + "@example.com")
		people = append(people, p)
		require.Equal(t, 204, w.do("POST", "/v1/auth/logout", "", p.header()...).status)
	}
	var actions []string
	path := "/v1/admin/audit?action=session.ended&limit=2"
	for path != "" {
		a := w.do("GET", path, "", boss.header()...)
		require.Equal(t, 200, a.status, string(a.body))
		for _, e := range a.array(t) {
			actions = append(actions, e["action"].(string)+" "+e["user_id"].(string))
		}
		path = nextPath(a)
	}
	require.Equal(t, []string{"session.ended " + people[2].id, "session.ended " + people[1].id, "session.ended " + people[0].id}, actions)
	about := w.list("/v1/admin/audit?user_id="+people[1].id, boss)
	require.NotEmpty(t, about)
	for _, e := range about {
		require.Equal(t, people[1].id, e["user_id"])
	}
	since := url.QueryEscape(w.clock.now().Format(time.RFC3339))
	require.NotEmpty(t, w.list("/v1/admin/audit?since="+since, boss))
	for _, e := range w.list("/v1/admin/audit?before="+since, boss) {
		require.Less(t, e["at"], w.clock.now().Format(time.RFC3339))
	}
	read := w.list("/v1/admin/audit?action=audit.read&actor_id="+boss.id, boss)
	require.GreaterOrEqual(t, len(read), 4)
	require.Contains(t, read[0]["details"].(map[string]any)["query"], "=")
	w.problem(w.do("GET", "/v1/admin/audit?user_id=x", "", boss.header()...), rest.SlugValidation)
	w.problem(w.do("GET", "/v1/admin/audit?since=yesterday", "", boss.header()...), rest.SlugValidation)
}
