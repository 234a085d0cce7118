package api

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
)

const (
	policySyntax = `^"[a-z-]+";q=\d+;w=\d+(, "[a-z-]+";q=\d+;w=\d+)*$`
	limitSyntax  = `^"[a-z-]+";r=\d+;t=\d+(, "[a-z-]+";r=\d+;t=\d+)*$`
)

func TestAUserHasAQuota(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	p, other := w.signUpFrom(at(1), "ada@example.com"), w.signUpFrom(at(1), "eve@example.com")
	me := func(p person) answer { return w.from(at(1), "GET", "/v1/users/me", "", p.header()...) }
	a := me(p)
	require.Equal(t, `"user";q=40;w=60`, a.header.Get(ratelimit.PolicyField))
	require.Equal(t, `"user";r=39;t=2`, a.header.Get(ratelimit.LimitField))
	for range 39 {
		require.Equal(t, 200, me(p).status)
	}
	a = me(p)
	problem := w.problem(a, rest.SlugRateLimited)
	require.EqualValues(t, 2, problem["retry_after"])
	require.Contains(t, problem["detail"], `"user"`)
	require.Equal(t, `"user";r=0;t=2`, a.header.Get(ratelimit.LimitField))
	require.Equal(t, 200, me(other).status, "from the same address")
	w.waited(a)
	require.Equal(t, 200, me(p).status, "Retry-After is honest")
	require.Equal(t, 429, w.from(at(2), "GET", "/v1/tasks", "", p.header()...).status, "another address does not help")
}

func TestTwoHundredAtOnceGetTheQuota(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	p := w.signUpFrom(at(1), "ada@example.com")
	var all sync.WaitGroup
	var passed, refused atomic.Int32
	for range 200 {
		all.Go(func() {
			switch w.from(at(1), "GET", "/v1/users/me", "", p.header()...).status {
			case http.StatusOK:
				passed.Add(1)
			case http.StatusTooManyRequests:
				refused.Add(1)
			}
		})
	}
	all.Wait()
	require.Equal(t, [2]int32{40, 160}, [2]int32{passed.Load(), refused.Load()})
}

func TestCallsWithoutAValidTokenCountForTheAddress(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	for i := range 60 {
		a := w.from(at(byte(i)), "GET", "/v1/users/me", "", "Authorization", "Bearer guess")
		w.problem(a, rest.SlugAuth)
		require.Regexp(t, policySyntax, a.header.Get(ratelimit.PolicyField))
	}
	a := w.from(at(99), "GET", "/v1/users/me", "")
	w.problem(a, rest.SlugRateLimited)
	require.Equal(t, 429, w.logInFrom(at(1), "ada@example.com", "x").status, "the whole /64 is one address")
	elsewhere := network()
	require.Equal(t, 401, w.from(elsewhere(1), "GET", "/v1/users/me", "").status)
	w.waited(a)
	require.Equal(t, 401, w.from(at(1), "GET", "/v1/users/me", "").status)
}

func TestRegistrationsOfAnAddress(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	emails := "abcdefghijk"
	for _, name := range emails[:10] {
		w.signUpFrom(at(1), string(name)+"@example.com")
	}
	body := `{"email":"k@example.com","password":"correct horse","full_name":"K"}`
	a := w.from(at(2), "POST", "/v1/auth/register", body)
	w.problem(a, rest.SlugRateLimited)
	require.Regexp(t, policySyntax, a.header.Get(ratelimit.PolicyField))
	require.Regexp(t, limitSyntax, a.header.Get(ratelimit.LimitField))
	require.Contains(t, a.header.Get(ratelimit.LimitField), `"register";r=0;t=360`)
	require.Equal(t, 422, w.from(at(2), "POST", "/v1/auth/register", `{}`).status, "what is not valid does not count")
	elsewhere := network()
	w.signUpFrom(elsewhere(1), "elsewhere@example.com")
	w.waited(a)
	w.signUpFrom(at(1), "k@example.com")
}

func TestOnlyTrustedProxiesSayWhereARequestComesFrom(t *testing.T) {
	t.Parallel()
	open, at := limited(t), network()
	for range 20 {
		open.logInFrom(at(1), "ada@example.com", "x", "X-Forwarded-For", network()(1), "X-Real-IP", network()(1))
		open.clock.advance(time.Millisecond)
	}
	require.Equal(t, 429, open.logInFrom(at(1), "ada@example.com", "x", "X-Forwarded-For", network()(1)).status)

	proxy := network()
	behind := limited(t, func(d *Deps) { d.Config.HTTP.TrustedProxies = []string{proxy(1)} })
	for range 8 {
		require.Equal(t, 401, behind.logInFrom(proxy(1), "ada@example.com", "x", "X-Forwarded-For", network()(1)).status)
	}
	client := network()(1)
	for range 5 {
		require.Equal(t, 401, behind.logInFrom(proxy(1), "ada@example.com", "x", "X-Forwarded-For", "203.0.113.9, "+client).status)
	}
	require.Equal(t, 429, behind.logInFrom(proxy(1), "ada@example.com", "x", "X-Forwarded-For", "203.0.113.10, "+client).status)
}

func TestWhatIsNotLimited(t *testing.T) {
	t.Parallel()
	w, at := limited(t, func(d *Deps) { d.Config.Limits.Address = config.Rate{Quota: 1, Per: time.Hour} }), network()
	for _, path := range []string{"/", "/health", "/v1/health/live", "/v1/health/", "/openapi.json", "/docs", "/problems", "/problems/conflict", "/.well-known/jwks.json"} {
		for range 3 {
			a := w.from(at(1), "GET", path, "")
			require.Equal(t, 200, a.status, path)
			require.Empty(t, a.header.Get(ratelimit.LimitField), path)
		}
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	off, at := limited(t, func(d *Deps) { d.Config.Limits.Mode = config.LimitsOff }), network()
	require.Empty(t, off.from(at(1), "GET", "/v1/users/me", "").header.Get(ratelimit.LimitField))
	require.Contains(t, off.logs.String(), "rate limits are off")
	relaxed := limited(t, func(d *Deps) { d.Config.Limits.Mode = config.LimitsRelaxed })
	require.Equal(t, `"address";q=6000;w=60`, relaxed.from(at(1), "GET", "/v1/users/me", "").header.Get(ratelimit.PolicyField))
	none := newTestEnv(t, func(d *Deps) { d.Config.Limits = testLimits() })
	none.signUp("ada@example.com")
	require.Contains(t, none.logs.String(), "REDIS_URL is not set")
}
