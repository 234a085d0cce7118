package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

func TestRegisterAnswersLikeLogin(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	a := w.do("POST", "/v1/auth/register", `{"email":" Ada@Example.com ","password":"correct horse","full_name":"Ada Lovelace","username":"ada"}`)
	require.Equal(t, 201, a.status, string(a.body))
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	v := a.json(t)
	require.Equal(t, "bearer", v["token_type"])
	require.EqualValues(t, 1800, v["expires_in"])
	user := v["user"].(map[string]any)
	keys := []string{"id", "email", "username", "full_name", "name", "avatar_url", "bio", "locale", "timezone", "is_active", "is_verified", "pending_email", "roles", "created_at", "last_login_at", "profile_data"}
	require.Len(t, user, len(keys))
	for _, key := range keys {
		require.Contains(t, user, key)
	}
	require.Equal(t, "Ada@example.com", user["email"], "domains have no capitals")
	require.Equal(t, "Ada Lovelace", user["name"])
	require.Equal(t, []any{"user"}, user["roles"])
	require.Equal(t, map[string]any{}, user["profile_data"])
	require.Equal(t, "2026-11-01T12:00:00Z", user["created_at"])
	require.NotContains(t, string(a.body), "password")

	in := w.do("POST", "/v1/auth/login", `{"email":"ada@example.COM","password":"correct horse"}`)
	require.Equal(t, 200, in.status)
	require.Equal(t, "no-store", in.header.Get("Cache-Control"))
	require.Equal(t, user["id"], in.json(t)["user"].(map[string]any)["id"])
}

func TestRegisterRules(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	body := func(change map[string]any) string {
		v := map[string]any{"email": "a@b.example", "password": "staple lantern", "full_name": "A"}
		maps.Copy(v, change)
		text, err := json.Marshal(v)
		require.NoError(t, err)
		return string(text)
	}
	for field, values := range map[string][]any{
		"email":     {"", "nope", "a@b", "A B <a@b.example>", "a@b..example", "a@-b.example", strings.Repeat("a", 250) + "@b.example", 7, nil},
		"password":  {"1234567", strings.Repeat("x", 73), strings.Repeat("é", 37), nil},
		"full_name": {"", "   ", strings.Repeat("x", 256), nil},
		"username":  {"ab", strings.Repeat("x", 101), " abc", 5},
	} {
		for _, value := range values {
			p := w.problem(w.do("POST", "/v1/auth/register", body(map[string]any{field: value})), rest.SlugValidation)
			for _, e := range p["errors"].([]any) {
				require.Equal(t, "/"+field, e.(map[string]any)["pointer"], value)
			}
			require.NotContains(t, p, "value")
		}
	}
	p := w.problem(w.do("POST", "/v1/auth/register", `{}`), rest.SlugValidation)
	require.Len(t, p["errors"], 3)
	require.Equal(t, 201, w.do("POST", "/v1/auth/register", body(map[string]any{"username": nil, "password": strings.Repeat("éa", 24)})).status)
	w.problem(w.do("POST", "/v1/auth/register", body(map[string]any{"email": "A@B.example"})), rest.SlugConflict)
	require.Equal(t, 201, w.do("POST", "/v1/auth/register", body(map[string]any{"email": "c@b.example", "username": "Grace"})).status)
	w.problem(w.do("POST", "/v1/auth/register", body(map[string]any{"email": "d@b.example", "username": "graCE"})), rest.SlugConflict)
}

func TestLoginDoesNotShowWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.signUp("ada@example.com")
	unknown := w.problem(w.do("POST", "/v1/auth/login", `{"email":"eve@example.com","password":"correct horse"}`), rest.SlugAuth)
	wrong := w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"x"}`), rest.SlugAuth)
	long := w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"correct horse`+strings.Repeat("y", 100)+`"}`), rest.SlugAuth)
	require.Equal(t, unknown["detail"], wrong["detail"])
	require.Equal(t, unknown["detail"], long["detail"])
}

func TestInactiveAccount(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	require.NoError(t, w.server.DB.Exec("UPDATE users SET is_active = false").Error)
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"correct horse"}`), rest.SlugDenied)
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"wrong"}`), rest.SlugAuth)
	w.problem(w.do("POST", "/v1/auth/refresh", `{"refresh_token":"`+p.refresh+`"}`), rest.SlugDenied)
	w.problem(w.do("GET", "/v1/users/me", "", p.header()...), rest.SlugDenied)
}

func TestLogout(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p, other := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	refresh := `{"refresh_token":"` + p.refresh + `"}`
	require.Equal(t, 204, w.do("POST", "/v1/auth/logout", "", p.header()...).status)
	w.problem(w.do("GET", "/v1/users/me", "", p.header()...), rest.SlugAuth)
	w.problem(w.do("POST", "/v1/auth/refresh", refresh), rest.SlugAuth)
	require.Equal(t, 204, w.do("POST", "/v1/auth/logout", "", p.header()...).status)
	require.Equal(t, 204, w.do("POST", "/v1/auth/logout", refresh).status)
	require.Equal(t, 204, w.do("POST", "/v1/auth/logout", refresh, p.header()...).status)
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", other.header()...).status)
	require.Equal(t, 204, w.do("POST", "/v1/auth/logout", `{"refresh_token":"`+other.refresh+`"}`).status)
	w.problem(w.do("GET", "/v1/users/me", "", other.header()...), rest.SlugAuth)
	w.problem(w.do("POST", "/v1/auth/logout", ""), rest.SlugAuth)
	w.problem(w.do("POST", "/v1/auth/logout", `{"refresh_token":"nonsense"}`), rest.SlugAuth)
}

func TestMe(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	a := w.do("GET", "/v1/users/me/", "", p.header()...)
	require.Equal(t, 200, a.status)
	require.Equal(t, p.id, a.json(t)["id"])
	require.Equal(t, "Ada L", a.json(t)["name"])
	same := w.do("GET", "/v1/users/me", "", append(p.header(), "If-None-Match", a.header.Get("ETag"))...)
	require.Equal(t, 304, same.status)
	require.Empty(t, same.body)
	require.Equal(t, a.header.Get("ETag"), same.header.Get("ETag"))
}

func TestRevocationReachesEveryProcess(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	deps := w.server.Deps
	second := serve(t, deps, w.clock, w.logs)
	p := w.signUp("ada@example.com")
	require.Equal(t, 200, second.do("GET", "/v1/users/me", "", p.header()...).status)
	require.Equal(t, 204, w.do("POST", "/v1/auth/logout", "", p.header()...).status)
	w.clock.advance(time.Second)
	second.problem(second.do("GET", "/v1/users/me", "", p.header()...), rest.SlugAuth)
}

func TestExpiredSession(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	w.clock.advance(720 * time.Hour)
	w.problem(w.do("POST", "/v1/auth/refresh", `{"refresh_token":"`+p.refresh+`"}`), rest.SlugAuth)
	session, err := accounts.FindSessionStatus(t.Context(), w.server.DB, store.NewID(), w.clock.now())
	require.NoError(t, err)
	require.Equal(t, accounts.SessionEnded, session.State)
}

func TestPasswordsThatAreGuessedFirstAreRefused(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	for _, password := range []string{"Password123", "ada@example.com", "qwertyuiop"} {
		p := w.problem(w.do("POST", "/v1/auth/register", `{"email":"ada@example.com","password":"`+password+`","full_name":""}`), rest.SlugValidation)
		require.Equal(t, []string{"/full_name", "/password"}, slices.Sorted(slices.Values(pointersOf(p))), "all at once")
		require.NotContains(t, w.logs.String(), password)
	}
}

// TestAHashOfAnotherCostIsMadeAgain: after a change of settings the cost of the
// account's hash differs from the configured one.
func TestAHashOfAnotherCostIsMadeAgain(t *testing.T) {
	t.Parallel()
	old := newTestEnv(t)
	ada := old.signUp("ada@example.com")
	hashOf := func() string {
		user, err := accounts.FindUser(t.Context(), old.server.DB, uuid.MustParse(ada.id))
		require.NoError(t, err)
		return user.PasswordHash
	}
	first := hashOf()
	deps := old.server.Deps
	deps.Config.Auth.BcryptCost = 5
	w := serve(t, deps, old.clock, old.logs)
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"wrong"}`), rest.SlugAuth)
	require.Equal(t, first, hashOf())
	w.logIn("ada@example.com", "correct horse", "x")
	again := hashOf()
	require.NotEqual(t, first, again)
	cost, err := bcrypt.Cost([]byte(again))
	require.NoError(t, err)
	require.Equal(t, 5, cost)
	w.logIn("ada@example.com", "correct horse", "x")
	require.Equal(t, again, hashOf())
}

func TestALongLineOfSignInsIsTooManyRequests(t *testing.T) {
	t.Parallel()
	p := (&store.Error{})
	require.ErrorAs(t, busy(&auth.Busy{RetryAfter: 5200 * time.Millisecond}), &p)
	require.Equal(t, store.RateLimited, p.Code)
	w := newTestEnv(t)
	w.failing("/t/busy", busy(&auth.Busy{RetryAfter: 5200 * time.Millisecond}))
	a := w.do("GET", "/t/busy", "")
	w.problem(a, rest.SlugRateLimited)
	require.Equal(t, "6", a.header.Get("Retry-After"))
}

func TestSigningInIsPutOnTheAuditLog(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	require.Len(t, w.mails(accounts.MailVerify), 1, "queued with the account")
	refused := `{"email":"ada@example.com","password":"a wrong guess"}`
	w.problem(w.do("POST", "/v1/auth/login", refused), rest.SlugAuth)
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"eve@example.com","password":"a wrong guess"}`), rest.SlugAuth)
	w.logIn("ADA@example.com", "correct horse", "x")
	var log []store.AuditEntry
	require.NoError(t, w.server.DB.Order("id").Find(&log).Error)
	require.Len(t, log, 4)
	for i, want := range []struct {
		action     store.AuditAction
		actor, who string
	}{
		{store.AuditSignUp, ada.id, ada.id},
		{store.AuditSignInFailed, "", ada.id},
		{store.AuditSignInFailed, "", ""},
		{store.AuditSignIn, ada.id, ada.id},
	} {
		require.Equal(t, want.action, log[i].Action)
		require.Equal(t, want.actor, idText(log[i].ActorID))
		require.Equal(t, want.who, idText(log[i].UserID))
		require.NotEmpty(t, log[i].RequestID)
		text, err := json.Marshal(log[i])
		require.NoError(t, err)
		require.NotContains(t, string(text), "example.com", "what somebody typed is not kept")
		require.NotContains(t, string(text), "wrong guess")
	}

	require.NoError(t, w.server.DB.Exec("ALTER TABLE audit_log RENAME TO away").Error)
	w.problem(w.do("POST", "/v1/auth/login", refused), rest.SlugAuth)
	require.Contains(t, w.logs.String(), "could not be put on the audit log")
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"correct horse"}`), rest.SlugServer)
}

func idText(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

// TestAHashThatCannotBeReplacedKeepsNobodyOut checks that sign-in works although the database rejects the new hash.
func TestAHashThatCannotBeReplacedKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	old := newTestEnv(t)
	old.signUp("ada@example.com")
	require.NoError(t, old.server.DB.Exec("ALTER TABLE users ADD CHECK (password_hash LIKE '$2a$04$%')").Error)
	deps := old.server.Deps
	deps.Config.Auth.BcryptCost = 5
	w := serve(t, deps, old.clock, old.logs)
	w.logIn("ada@example.com", "correct horse", "x")
	require.Contains(t, w.logs.String(), "keeps its old hash")
}
