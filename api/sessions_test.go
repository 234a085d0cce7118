package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

func (w *testEnv) logIn(email, password, agent string) person {
	w.t.Helper()
	a := w.do("POST", "/v1/auth/login", `{"email":"`+email+`","password":"`+password+`"}`, "User-Agent", agent)
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	v := a.json(w.t)
	return person{v["user"].(map[string]any)["id"].(string), v["access_token"].(string), v["refresh_token"].(string)}
}

func (w *testEnv) sessions(p person, query string) []map[string]any {
	w.t.Helper()
	return w.list("/v1/auth/sessions"+query, p)
}

// list returns a bare array.
func (w *testEnv) list(path string, p person) []map[string]any {
	w.t.Helper()
	a := w.do("GET", path, "", p.header()...)
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	return a.array(w.t)
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	here := w.signUp("ada@example.com")
	stranger := w.signUp("eve@example.com")
	w.clock.advance(time.Second)
	phone := w.logIn("ada@example.com", "correct horse", "Phone/1\xff "+strings.Repeat("x", 300))
	w.clock.advance(time.Second)
	tablet := w.logIn("ada@example.com", "correct horse", "Tablet")
	list := w.sessions(here, "")
	require.Len(t, list, 3)
	require.Equal(t, "Tablet", list[0]["user_agent"])
	require.Equal(t, "127.0.0.1", list[0]["address"])
	require.Len(t, list[1]["user_agent"], 255)
	require.Equal(t, []any{false, false, true}, []any{list[0]["current"], list[1]["current"], list[2]["current"]})
	for _, s := range list {
		require.NotContains(t, s, "token_hash")
	}

	page := w.do("GET", "/v1/auth/sessions?limit=2", "", here.header()...)
	require.Len(t, page.array(t), 2)
	next := nextPath(page)
	require.Len(t, w.list(next, here), 1)
	w.problem(w.do("GET", next, "", stranger.header()...), rest.SlugMalformed)

	one := "/v1/auth/sessions/" + list[1]["id"].(string)
	w.problem(w.do("DELETE", one, "", stranger.header()...), rest.SlugNotFound)
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", phone.header()...).status)
	require.Equal(t, 204, w.do("DELETE", one, "", here.header()...).status)
	require.Equal(t, 204, w.do("DELETE", one, "", here.header()...).status, "twice is once")
	w.problem(w.do("GET", "/v1/users/me", "", phone.header()...), rest.SlugAuth)
	w.problem(w.refresh(phone.refresh), rest.SlugAuth)
	require.Len(t, w.sessions(here, ""), 2)

	require.Equal(t, 204, w.do("DELETE", "/v1/auth/sessions/", "", here.header()...).status)
	w.problem(w.do("GET", "/v1/users/me", "", tablet.header()...), rest.SlugAuth)
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", stranger.header()...).status)
	require.Len(t, w.sessions(here, ""), 1)
	require.Equal(t, 204, w.do("DELETE", "/v1/auth/sessions/"+w.sessions(here, "")[0]["id"].(string), "", here.header()...).status)
	w.problem(w.do("GET", "/v1/users/me", "", here.header()...), rest.SlugAuth)
}

func TestAnotherPasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	here := w.signUp("ada@example.com")
	there := w.logIn("ada@example.com", "correct horse", "x")
	change := func(current, next string) answer {
		return w.do("POST", "/v1/auth/password", fmt.Sprintf(`{"current_password":%q,"new_password":%q}`, current, next), here.header()...)
	}
	w.problem(change("wrong", "staple battery"), rest.SlugAuth)
	for _, bad := range []string{"short", strings.Repeat("x", 73), "password123", "ada-ada@example.com"} {
		p := w.problem(change("correct horse", bad), rest.SlugValidation)
		require.Equal(t, "/new_password", p["errors"].([]any)[0].(map[string]any)["pointer"])
	}
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", there.header()...).status)
	require.Equal(t, 204, change("correct horse", "staple battery").status)
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", here.header()...).status)
	w.refreshed(here.refresh)
	w.problem(w.do("GET", "/v1/users/me", "", there.header()...), rest.SlugAuth)
	w.problem(w.refresh(there.refresh), rest.SlugAuth)
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"correct horse"}`), rest.SlugAuth)
	w.logIn("ada@example.com", "staple battery", "x")
	require.NotContains(t, w.logs.String(), "staple")
}

func TestGuessingTheCurrentPasswordIsLimitedLikeSigningIn(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	p := w.signUpFrom(at(1), "ada@example.com")
	guess := func() answer {
		return w.from(at(1), "POST", "/v1/auth/password", `{"current_password":"wrong","new_password":"staple battery"}`, p.header()...)
	}
	for range 5 {
		w.problem(guess(), rest.SlugAuth)
	}
	w.problem(guess(), rest.SlugRateLimited)
	w.problem(w.logInFrom(at(1), "ada@example.com", "correct horse"), rest.SlugRateLimited)
}

func TestSignInsAreAudited(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"wrong"}`, "X-Request-ID", "guess-1"), rest.SlugAuth)
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"nobody@example.com","password":"wrong"}`), rest.SlugAuth)
	second := w.logIn("ada@example.com", "correct horse", "Phone")
	require.Equal(t, 204, w.do("POST", "/v1/auth/logout", "", second.header()...).status)
	next := w.refreshed(p.refresh)
	w.refreshed(next.refresh)
	w.problem(w.refresh(p.refresh), rest.SlugAuth)
	log, err := store.ListAudit(t.Context(), w.server.DB, store.AuditFilter{Limit: 20})
	require.NoError(t, err)
	seen := map[store.AuditAction]store.AuditEntry{}
	for _, e := range log {
		seen[e.Action] = e
		require.Equal(t, store.AuditAPI, e.Via)
		require.Equal(t, "127.0.0.1", e.Address)
		require.NotEmpty(t, e.RequestID)
		require.NotContains(t, fmt.Sprint(e.Details), "example.com")
	}
	require.Len(t, log, 6)
	for _, action := range []store.AuditAction{store.AuditSignUp, store.AuditSignIn, store.AuditSignOut, store.AuditTokenReused} {
		require.Equal(t, p.id, seen[action].UserID.String(), action)
	}
	require.Contains(t, seen, store.AuditSignInFailed)
	require.Equal(t, "Phone", seen[store.AuditSignIn].UserAgent)
}

// TestASessionHasAnEnd refreshes until the session ends.
func TestASessionHasAnEnd(t *testing.T) {
	t.Parallel()
	const longest = 50 * time.Hour
	w := newTestEnv(t, func(d *Deps) { d.Config.Auth.RefreshFor, d.Config.Auth.SessionMax = 20*time.Hour, longest })
	p := w.signUp("ada@example.com")
	began := w.clock.now()
	for range 3 {
		w.clock.advance(15 * time.Hour)
		p = w.refreshed(p.refresh)
	}
	require.Equal(t, began.Add(longest).Format(time.RFC3339), w.sessions(p, "")[0]["expires_at"])
	w.clock.advance(began.Add(longest).Add(-10 * time.Minute).Sub(w.clock.now()))
	a := w.refresh(p.refresh)
	require.Equal(t, 200, a.status, string(a.body))
	last := a.json(t)
	require.EqualValues(t, 600, last["expires_in"], "no token outlives its session")
	claims, err := w.server.access.Verify(last["access_token"].(string))
	require.NoError(t, err)
	require.True(t, claims.ExpiresAt.Equal(began.Add(longest)))
	w.clock.advance(10 * time.Minute)
	w.problem(w.refresh(last["refresh_token"].(string)), rest.SlugAuth)
	w.problem(w.do("GET", "/v1/users/me", "", "Authorization", "Bearer "+last["access_token"].(string)), rest.SlugAuth)
	require.NoError(t, accounts.SweepSessions(t.Context(), w.server.DB, w.clock.now().Add(7*24*time.Hour+time.Second), 10))
	var left int64
	require.NoError(t, w.server.DB.Model(&accounts.Session{}).Count(&left).Error)
	require.Zero(t, left)
}
