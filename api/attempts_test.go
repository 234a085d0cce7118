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
	"github.com/lyoapp/lyo/models/storetest"
)

func TestFiveWrongPasswordsLockTheAccountForTheAddress(t *testing.T) {
	t.Parallel()
	w, here, elsewhere := limited(t), network(), network()
	w.signUpFrom(here(1), "ada@example.com")
	for range 5 {
		w.problem(w.logInFrom(here(1), "ada@example.com", "wrong"), rest.SlugAuth)
		w.clock.advance(time.Second)
	}
	a := w.logInFrom(here(2), " ADA@Example.com", "correct horse")
	p := w.problem(a, rest.SlugRateLimited)
	require.EqualValues(t, 30*60-1, p["retry_after"])
	require.Contains(t, p["detail"], "login-failures")
	require.Contains(t, a.header.Get(ratelimit.LimitField), `"login-failures";r=0;t=1799`)
	require.Equal(t, 200, w.logInFrom(elsewhere(1), "ada@example.com", "correct horse").status, "nobody is locked out from elsewhere")
	require.Equal(t, 429, w.logInFrom(here(1), "ada@example.com", "correct horse").status, "and success elsewhere opens nothing here")
	w.problem(w.logInFrom(here(1), "eve@example.com", "wrong"), rest.SlugAuth)
	w.waited(a)
	require.Equal(t, 200, w.logInFrom(here(1), "ada@example.com", "correct horse").status)
}

func TestAnUnknownAccountLocksLikeAKnownOne(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	for range 5 {
		w.problem(w.logInFrom(at(1), "nobody@example.com", "wrong"), rest.SlugAuth)
	}
	w.problem(w.logInFrom(at(1), "nobody@example.com", "wrong"), rest.SlugRateLimited)
}

func TestSuccessForgetsFailures(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	w.signUpFrom(at(1), "ada@example.com")
	for range 2 {
		for range 4 {
			w.problem(w.logInFrom(at(1), "ada@example.com", "wrong"), rest.SlugAuth)
		}
		require.Equal(t, 200, w.logInFrom(at(1), "ada@example.com", "correct horse").status)
	}
}

func TestWhatIsNoGuessIsTakenBack(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	w.signUpFrom(at(1), "ada@example.com")
	require.NoError(t, w.server.DB.Exec("UPDATE users SET is_active = false").Error)
	for range 7 {
		w.problem(w.logInFrom(at(1), "ada@example.com", "correct horse"), rest.SlugDenied)
	}
	require.NoError(t, w.server.DB.Exec("ALTER TABLE sessions RENAME TO away").Error)
	require.NoError(t, w.server.DB.Exec("UPDATE users SET is_active = true").Error)
	for range 7 {
		w.problem(w.logInFrom(at(1), "ada@example.com", "correct horse"), rest.SlugServer)
	}
	require.NoError(t, w.server.DB.Exec("ALTER TABLE away RENAME TO sessions").Error)
	require.Equal(t, 200, w.logInFrom(at(1), "ada@example.com", "correct horse").status)
}

func TestGuessingAtOnceGetsNoMoreGuesses(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	w.signUpFrom(at(1), "ada@example.com")
	var all sync.WaitGroup
	var guesses atomic.Int32
	for range 50 {
		all.Go(func() {
			if w.logInFrom(at(1), "ada@example.com", "wrong").status == http.StatusUnauthorized {
				guesses.Add(1)
			}
		})
	}
	all.Wait()
	require.Equal(t, int32(5), guesses.Load())
}

func TestAttemptsOfAnAddress(t *testing.T) {
	t.Parallel()
	w, at := limited(t), network()
	for i := range 20 {
		w.problem(w.logInFrom(at(1), string(rune('a'+i))+"@example.com", "wrong"), rest.SlugAuth)
	}
	a := w.logInFrom(at(1), "z@example.com", "wrong")
	p := w.problem(a, rest.SlugRateLimited)
	require.EqualValues(t, 45, p["retry_after"])
	w.waited(a)
	w.problem(w.logInFrom(at(1), "z@example.com", "wrong"), rest.SlugAuth)
}

func TestWithRedisAwayNobodySignsInAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	near, at := limited(t), network()
	p := near.signUpFrom(at(1), "ada@example.com")
	deps := near.server.Deps
	deps.Redis = storetest.GoneRedis(t)
	w := serve(t, deps, near.clock, near.logs)
	for range 3 {
		w.problem(w.logInFrom(at(1), "ada@example.com", "correct horse"), rest.SlugDependency)
		w.problem(w.from(at(1), "POST", "/v1/auth/register", `{"email":"b@example.com","password":"correct horse","full_name":"B"}`), rest.SlugDependency)
		a := w.from(at(1), "GET", "/v1/users/me", "", p.header()...)
		require.Equal(t, 200, a.status)
		require.Empty(t, a.header.Get(ratelimit.LimitField))
		w.clock.advance(600 * time.Millisecond)
	}
	w.problem(w.from(at(1), "GET", "/v1/users/me", ""), rest.SlugAuth)
	require.Equal(t, 200, w.from(at(1), "POST", "/v1/auth/refresh", `{"refresh_token":"`+p.refresh+`"}`).status)
	require.Equal(t, 204, w.from(at(1), "POST", "/v1/auth/logout", "", p.header()...).status)
}
