package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/api/rest"
)

func (n *reference) accountSteps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"sign up": n.signUp, "sign in": n.signIn, "sign out": n.signOut, "sign out elsewhere": n.signOutElsewhere,
		"list sessions": n.listSessions, "end a session": n.endSession, "call with an ended session": n.callWhenEnded,
	}
}

// drawEmail returns one of few addresses, in a random spelling.
func drawEmail(rt *rapid.T) (canonical, spelled string) {
	canonical = rapid.SampledFrom([]string{"ada@example.com", "bob@example.com", "eve@example.com"}).Draw(rt, "email")
	if rapid.Bool().Draw(rt, "shouted") {
		return canonical, strings.ToUpper(canonical)
	}
	return canonical, canonical
}

func drawPassword(rt *rapid.T) string {
	return rapid.SampledFrom([]string{"staple lantern", "correct horse"}).Draw(rt, "password")
}

func (n *reference) signUp(rt *rapid.T) {
	email, spelled := drawEmail(rt)
	password := drawPassword(rt)
	a := n.w.do("POST", "/v1/auth/register", fmt.Sprintf(`{"email":%q,"password":%q,"full_name":"Ada"}`, spelled, password))
	if n.called(email) != nil {
		n.w.problem(a, rest.SlugConflict)
		return
	}
	require.Equal(rt, http.StatusCreated, a.status, string(a.body))
	p := &refUser{email: email, password: password}
	p.id, _ = a.json(n.w.t)["user"].(map[string]any)["id"].(string)
	n.people = append(n.people, p)
	p.enter(n, a)
}

// enter records the session that a response starts.
func (p *refUser) enter(n *reference, a answer) {
	s := &refSession{}
	s.access, _ = a.json(n.w.t)["access_token"].(string)
	claims, err := n.w.server.access.Verify(s.access)
	require.NoError(n.w.t, err)
	s.id = claims.SessionID.String()
	p.sessions = append(p.sessions, s)
}

func (n *reference) signIn(rt *rapid.T) {
	email, spelled := drawEmail(rt)
	password := drawPassword(rt)
	a := n.w.do("POST", "/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, spelled, password))
	p := n.called(email)
	if p == nil || p.password != password {
		n.w.problem(a, rest.SlugAuth)
		return
	}
	require.Equal(rt, http.StatusOK, a.status, string(a.body))
	p.enter(n, a)
}

func (n *reference) signOut(rt *rapid.T) {
	_, s := n.anySession(rt)
	for range rapid.IntRange(1, 2).Draw(rt, "times") {
		require.Equal(rt, http.StatusNoContent, n.as(s, "POST", "/v1/auth/logout", "").status)
	}
	s.over = true
}

func (n *reference) signOutElsewhere(rt *rapid.T) {
	p, s := n.anySession(rt)
	require.Equal(rt, http.StatusNoContent, n.as(s, "DELETE", "/v1/auth/sessions", "").status)
	for _, other := range p.sessions {
		other.over = other != s
	}
}

func (n *reference) listSessions(rt *rapid.T) {
	p, s := n.anySession(rt)
	var want []string
	for _, open := range slices.Backward(p.open()) {
		want = append(want, open.id)
	}
	limit := rapid.IntRange(2, 5).Draw(rt, "limit")
	require.Equal(rt, want, n.pages(rt, s, fmt.Sprintf("/v1/auth/sessions?limit=%d", limit), "id"))
}

// endSession ends one of the user's own sessions; another user's is not found.
func (n *reference) endSession(rt *rapid.T) {
	p, s := n.anySession(rt)
	owner := rapid.SampledFrom(n.people).Draw(rt, "whose")
	target := rapid.SampledFrom(owner.sessions).Draw(rt, "which")
	a := n.as(s, "DELETE", "/v1/auth/sessions/"+target.id, "")
	if owner != p {
		n.w.problem(a, rest.SlugNotFound)
		return
	}
	require.Equal(rt, http.StatusNoContent, a.status, string(a.body))
	target.over = true
}

func (n *reference) callWhenEnded(rt *rapid.T) {
	var over []*refSession
	for _, p := range n.people {
		for _, s := range p.sessions {
			if s.over {
				over = append(over, s)
			}
		}
	}
	if len(over) == 0 {
		rt.Skip("nobody has signed out")
	}
	path := rapid.SampledFrom([]string{"/v1/users/me", "/v1/courses", "/v1/tasks", "/v1/courses/" + uuid.NewString()}).Draw(rt, "path")
	n.w.problem(n.as(rapid.SampledFrom(over).Draw(rt, "session"), "GET", path, ""), rest.SlugAuth)
}

// rows returns the body as an array of objects.
func rows(rt *rapid.T, a answer) (list []map[string]any) {
	require.NoError(rt, json.Unmarshal(a.body, &list), string(a.body))
	return list
}

// following returns the address of the next page, "" on the last one.
func following(rt *rapid.T, a answer) string {
	link := a.header.Get("Link")
	if link == "" {
		return ""
	}
	address, rel, _ := strings.Cut(link, ">; ")
	require.Equal(rt, `rel="next"`, rel)
	return strings.TrimPrefix(address, "<http://lyo.test")
}
