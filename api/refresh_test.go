package api

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
)

func (w *testEnv) refresh(token string) answer {
	w.t.Helper()
	return w.do("POST", "/v1/auth/refresh", `{"refresh_token":"`+token+`"}`)
}

func (w *testEnv) refreshed(token string) person {
	w.t.Helper()
	a := w.refresh(token)
	require.Equal(w.t, 200, a.status, string(a.body))
	require.Equal(w.t, "no-store", a.header.Get("Cache-Control"))
	v := a.json(w.t)
	require.NotContains(w.t, v, "user")
	return person{access: v["access_token"].(string), refresh: v["refresh_token"].(string)}
}

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	first := w.signUp("ada@example.com")
	second := w.refreshed(first.refresh)
	require.NotEqual(t, first.refresh, second.refresh)
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", second.header()...).status)
	w.clock.advance(accounts.ReuseWindow)
	require.Equal(t, second.refresh, w.refreshed(first.refresh).refresh, "one step behind, in time")
	w.clock.advance(time.Microsecond)
	w.problem(w.refresh(first.refresh), rest.SlugAuth)
	w.problem(w.refresh(second.refresh), rest.SlugAuth)
	w.problem(w.do("GET", "/v1/users/me", "", second.header()...), rest.SlugAuth)
}

func TestOldRefreshTokenEndsTheSession(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	first := w.signUp("ada@example.com")
	second := w.refreshed(first.refresh)
	third := w.refreshed(second.refresh)
	w.problem(w.refresh(first.refresh), rest.SlugAuth)
	w.problem(w.refresh(third.refresh), rest.SlugAuth)
	w.problem(w.do("GET", "/v1/users/me", "", third.header()...), rest.SlugAuth)
}

func TestMadeUpRefreshTokenEndsNothing(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	token, ok := w.server.refresh.Parse(p.refresh)
	require.True(t, ok)
	// Right session id and length, but not issued here.
	other := map[bool]string{true: "B", false: "A"}[p.refresh[len(p.refresh)-8] == 'A']
	forged := p.refresh[:len(p.refresh)-8] + other + p.refresh[len(p.refresh)-7:]
	made, ok := w.server.refresh.Parse(forged)
	require.True(t, ok)
	require.Equal(t, token.Session, made.Session)
	require.False(t, made.Genuine)
	w.problem(w.refresh(forged), rest.SlugAuth)
	w.problem(w.do("POST", "/v1/auth/logout", `{"refresh_token":"`+forged+`"}`), rest.SlugAuth)
	w.refreshed(p.refresh)
	for _, nonsense := range []string{"", "x", p.refresh + "A", p.refresh[1:]} {
		w.problem(w.refresh(nonsense), rest.SlugAuth)
	}
}

func TestFiftyRefreshesAtOnceLeaveOneChain(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	answers := make([]answer, 50)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = w.refresh(p.refresh) })
	}
	all.Wait()
	tokens := map[string]bool{}
	for _, a := range answers {
		require.Equal(t, 200, a.status, string(a.body))
		tokens[a.json(t)["refresh_token"].(string)] = true
	}
	require.Len(t, tokens, 1)
	for token := range tokens {
		w.refreshed(token)
	}
}

// TestRefreshProperty runs random sequences of presenting tokens of one session and
// waiting, beside a model of the rule.
func TestRefreshProperty(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	people := 0
	rapid.Check(t, func(rt *rapid.T) {
		people++
		chain := []string{w.signUp(fmt.Sprintf("p%d@example.com", people)).refresh}
		rotated, ended := w.clock.now(), false
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			w.clock.advance(time.Duration(rapid.IntRange(0, 40).Draw(rt, "seconds")) * time.Second)
			back := rapid.IntRange(0, min(len(chain)-1, 3)).Draw(rt, "steps back")
			a := w.refresh(chain[len(chain)-1-back])
			switch {
			case ended:
				require.Equal(rt, 401, a.status)
			case back == 0:
				require.Equal(rt, 200, a.status)
				chain = append(chain, a.json(t)["refresh_token"].(string))
				rotated = w.clock.now()
			case back == 1 && w.clock.now().Sub(rotated) <= accounts.ReuseWindow:
				require.Equal(rt, 200, a.status)
				require.Equal(rt, chain[len(chain)-1], a.json(t)["refresh_token"])
			default:
				require.Equal(rt, 401, a.status)
				ended = true
			}
		}
	})
}
