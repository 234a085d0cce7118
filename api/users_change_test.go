package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

func TestChangingOnesProfile(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	w.clock.advance(time.Minute)
	tag := w.do("GET", "/v1/users/me", "", ada.header()...).header.Get("ETag")
	a := w.do("PUT", "/v1/users/me/", `{"full_name":" Ada King ","username":"ada.k","bio":"Line one\nline two","avatar_url":"https://img.example/a.png",
		"locale":"de-at","timezone":"Europe/Vienna","profile_data":{"a":1,"b":{"c":2,"d":3}},"unknown":1}`, append(ada.header(), "If-Match", tag)...)
	require.Equal(t, 200, a.status, string(a.body))
	v := a.json(t)
	for name, want := range map[string]any{
		"full_name": "Ada King", "name": "Ada King", "username": "ada.k", "bio": "Line one\nline two", "avatar_url": "https://img.example/a.png",
		"locale": "de-AT", "timezone": "Europe/Vienna", "email": "ada@example.com",
	} {
		require.Equal(t, want, v[name], name)
	}
	read := w.do("GET", "/v1/users/me", "", ada.header()...)
	require.Equal(t, a.header.Get("ETag"), read.header.Get("ETag"))
	require.JSONEq(t, string(a.body), string(read.body))
	w.problem(w.do("PUT", "/v1/users/me", `{"bio":"x"}`, append(ada.header(), "If-Match", tag)...), rest.SlugCondition)

	v = w.do("PUT", "/v1/users/me", `{"username":"","bio":"","avatar_url":"","full_name":null,"profile_data":{"a":null,"b":{"c":null,"e":4},"f":[1]}}`, ada.header()...).json(t)
	require.Nil(t, v["username"])
	require.Nil(t, v["bio"])
	require.Nil(t, v["avatar_url"])
	require.Equal(t, "Ada King", v["full_name"])
	w.ok("PUT", "/v1/users/me", `{"username":"ada.k","bio":"x","avatar_url":"https://img.example/a.png"}`, ada)
	cleared := w.ok("PUT", "/v1/users/me", `{"username":null,"bio":null,"avatar_url":null,"locale":null,"timezone":null}`, ada).json(t)
	require.Equal(t, []any{nil, nil, nil, "de-AT", "Europe/Vienna"},
		[]any{cleared["username"], cleared["bio"], cleared["avatar_url"], cleared["locale"], cleared["timezone"]})
	require.Equal(t, map[string]any{"b": map[string]any{"d": 3.0, "e": 4.0}, "f": []any{1.0}}, v["profile_data"])
}

func TestProfilesThatBreakARule(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	w.signUp("eve@example.com")
	require.Equal(t, 200, w.do("PUT", "/v1/users/me", `{"username":"Taken"}`, w.logIn("eve@example.com", "correct horse", "x").header()...).status)
	for field, values := range map[string][]any{
		"email":        {"", "nope", "a@b", 5, "a b@example.com"},
		"full_name":    {"", "  ", "\u200b", "a\nb", strings.Repeat("x", 256), []int{}},
		"username":     {"ab", strings.Repeat("x", 101), "a\tb", true},
		"bio":          {strings.Repeat("x", maxBio+1), "a\x01b"},
		"avatar_url":   {"http://img.example/a", "https://", "javascript:alert(1)", "https://me:pw@img.example/a", "https://img.example/a b", "//img.example", "https://" + strings.Repeat("x", maxAvatarURL)},
		"locale":       {"", "und", "not a tag", "xx-yyyyyyyyyy", "12"},
		"timezone":     {"", "Local", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "UTC+2"},
		"profile_data": {[]int{1}, "x", map[string]any{"long": strings.Repeat("x", maxProfileData)}, many(maxMembers + 1)},
	} {
		for _, value := range values {
			text, err := json.Marshal(map[string]any{field: value})
			require.NoError(t, err)
			p := w.problem(w.do("PUT", "/v1/users/me", string(text), ada.header()...), rest.SlugValidation)
			for _, pointer := range pointersOf(p) {
				require.True(t, strings.HasPrefix(pointer, "/"+field), "%s: %s", text, pointer)
			}
		}
	}
	p := w.problem(w.do("PUT", "/v1/users/me", `{"email":"x","timezone":"y","locale":"und"}`, ada.header()...), rest.SlugValidation)
	require.ElementsMatch(t, []string{"/email", "/timezone", "/locale"}, pointersOf(p), "all at once")
	for _, nul := range []string{`{"full_name":"a\u0000b"}`, `{"bio":"a\u0000"}`, `{"profile_data":{"a":"\u0000"}}`, `{"profile_data":{"\u0000":1}}`} {
		require.Contains(t, []int{400, 422}, w.do("PUT", "/v1/users/me", nul, ada.header()...).status, nul)
	}
	w.problem(w.do("PUT", "/v1/users/me", `{"email":"EVE@example.com"}`, ada.header()...), rest.SlugConflict)
	w.problem(w.do("PUT", "/v1/users/me", `{"username":"taken"}`, ada.header()...), rest.SlugConflict)
	w.problem(w.do("PUT", "/v1/users/me", `{}`), rest.SlugAuth)
}

func many(n int) map[string]any {
	members := map[string]any{}
	for i := range n {
		members[fmt.Sprint("m", i)] = i
	}
	return members
}

func TestAnotherEmailAddressIsPendingAndBothGetAMail(t *testing.T) {
	t.Parallel()
	w := newMailEnv(t)
	ada := w.signUp("ada@example.com")
	require.NoError(t, w.server.DB.Exec("UPDATE users SET is_verified = true").Error)
	same := w.do("PUT", "/v1/users/me", `{"email":"ADA@example.com"}`, ada.header()...).json(t)
	require.Equal(t, []any{"ADA@example.com", true, nil}, []any{same["email"], same["is_verified"], same["pending_email"]}, "letter case is no other address")
	for range 2 { // the second time nothing changes
		v := w.do("PUT", "/v1/users/me", `{"email":"king@example.com"}`, ada.header()...).json(t)
		require.Equal(t, []any{"ADA@example.com", true, "king@example.com"}, []any{v["email"], v["is_verified"], v["pending_email"]})
	}
	var mails []string
	require.NoError(t, w.server.DB.Raw("SELECT kind || ' ' || address FROM mails ORDER BY created_at, kind").Scan(&mails).Error)
	require.ElementsMatch(t, []string{"verify_email ada@example.com", "change_email king@example.com", "change_requested ADA@example.com"}, mails)
	requested := func(action store.AuditAction) int {
		log, err := store.ListAudit(t.Context(), w.server.DB, store.AuditFilter{Action: action, Limit: 5})
		require.NoError(t, err)
		return len(log)
	}
	require.Equal(t, []int{1, 0}, []int{requested(store.AuditEmailRequested), requested(store.AuditEmailChanged)})
	w.logIn("ada@example.com", "correct horse", "x")
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"king@example.com","password":"correct horse"}`), rest.SlugAuth)
	require.NoError(t, w.server.DB.Exec("DELETE FROM mails").Error)
	w.requireStatus(204, w.postTo("verify-email/request", "", ada.header()...))
	token := w.mailed(accounts.MailChange)

	w.requireStatus(204, w.postTo("verify-email", fmt.Sprintf(`{"token":%q}`, token)))
	w.badToken(w.postTo("verify-email", fmt.Sprintf(`{"token":%q}`, token)))
	v := w.do("GET", "/v1/users/me", "", ada.header()...).json(t)
	require.Equal(t, []any{"king@example.com", true, nil}, []any{v["email"], v["is_verified"], v["pending_email"]})
	require.Equal(t, 1, requested(store.AuditEmailChanged))
	back := w.mails(accounts.MailRestore)
	require.Len(t, back, 1)
	require.Equal(t, "ADA@example.com", back[0].Address)
	w.logIn("king@example.com", "correct horse", "x")
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"correct horse"}`), rest.SlugAuth)
	w.silent(token)
}

// TestEveryColumnByName sends the name of every column of the table, and of every
// member of the view, with values that would matter: only the members of the contract
// change.
func TestEveryColumnByName(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	allowed := map[string]any{
		"email": "NEW@example.com", "full_name": "New", "username": "new", "bio": "new", "avatar_url": "https://new.example/x",
		"locale": "fr", "timezone": "Asia/Tokyo", "profile_data": map[string]any{"new": true}, "leaderboard_hidden": true,
	}
	var columns []string
	require.NoError(t, w.server.DB.Raw("SELECT column_name FROM information_schema.columns WHERE table_name = 'users'").Scan(&columns).Error)
	for name := range w.do("GET", "/v1/users/me", "", ada.header()...).json(t) {
		columns = append(columns, name)
	}
	row := func() map[string]any {
		var r map[string]any
		require.NoError(t, w.server.DB.Table("users").Where("id = ?", ada.id).Take(&r).Error)
		return r
	}
	all := map[string]any{}
	for _, column := range columns {
		for _, value := range []any{allowed[column], true, "admin", uuid.NewString(), []string{"user", "admin"}, "2020-01-01T00:00:00Z", 7, map[string]any{"admin": true}} {
			if _, named := allowed[column]; named || value == nil {
				continue
			}
			all[column] = value
			before := row()
			text, err := json.Marshal(map[string]any{column: value})
			require.NoError(t, err)
			a := w.do("PUT", "/v1/users/me", string(text), ada.header()...)
			require.Equal(t, 200, a.status, "%s: %s", text, a.body)
			require.Equal(t, before, row(), "%s", text)
		}
	}
	maps.Copy(all, allowed)
	before := row()
	w.clock.advance(time.Minute)
	text, err := json.Marshal(all)
	require.NoError(t, err)
	require.Equal(t, 200, w.do("PUT", "/v1/users/me", string(text), ada.header()...).status)
	after := row()
	for column := range before {
		if column == "email" {
			continue // see below
		}
		if _, named := allowed[column]; named || column == "updated_at" || column == "pending_email" || column == "username_key" {
			require.NotEqual(t, before[column], after[column], column)
		} else {
			require.Equal(t, before[column], after[column], column)
		}
	}
	require.Equal(t, []any{"ada@example.com", "NEW@example.com"}, []any{after["email"], after["pending_email"]}, "a new address waits for its mailbox")
}
