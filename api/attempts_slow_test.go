package api

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// slowed returns a test environment in which six wrong passwords from all addresses delay the
// answers. waited receives each delay; it ends when let can be read.
func slowed(t *testing.T) (w *testEnv, waited chan time.Duration, let chan time.Time) {
	t.Helper()
	w = limited(t, withMail, func(d *Deps) { d.Config.Limits.Everywhere = config.Rate{Quota: 6, Per: 15 * time.Minute} })
	waited, let = make(chan time.Duration, 1000), make(chan time.Time)
	w.server.slowdown.after = func(d time.Duration) <-chan time.Time {
		waited <- d
		return let
	}
	return w, waited, let
}

func TestWrongPasswordsFromEverywhereSlowAnswersDown(t *testing.T) {
	t.Parallel()
	w, waited, let := slowed(t)
	email, owner := mailbox("ada"), network()
	w.signUpFrom(owner(1), email)
	require.NoError(t, w.server.DB.Exec("DELETE FROM mails").Error)
	for range 6 {
		w.problem(w.logInFrom(network()(1), email, "wrong"), rest.SlugAuth)
	}
	require.Empty(t, waited)
	require.Empty(t, w.mails(accounts.MailSignInAttempts))
	close(let) // from here on no delay is long
	for range 4 {
		w.problem(w.logInFrom(network()(1), email, "wrong"), rest.SlugAuth)
	}
	require.Len(t, waited, 4)
	require.Equal(t, slowBy, <-waited)
	require.Equal(t, 200, w.logInFrom(owner(1), email, "correct horse").status, "nobody is locked out")
	require.Len(t, waited, 4, "if slowly")
	require.Equal(t, 200, w.logInFrom(network()(1), email, "correct horse").status, "from anywhere")

	sent := w.mails(accounts.MailSignInAttempts)
	require.Len(t, sent, 1, "once a day")
	require.Equal(t, email, sent[0].Address)
	var messages int64
	require.NoError(t, w.server.DB.Model(&store.OutboxMessage{}).Where("workflow_id = ?", "send-mail/"+sent[0].ID.String()).Count(&messages).Error)
	require.EqualValues(t, 1, messages)

	w.clock.advance(15 * time.Minute)
	for len(waited) > 0 {
		<-waited
	}
	w.problem(w.logInFrom(network()(1), email, "wrong"), rest.SlugAuth)
	require.Empty(t, waited, "the buckets are full again")
	w.clock.advance(24 * time.Hour)
	for range 8 {
		w.problem(w.logInFrom(network()(1), email, "wrong"), rest.SlugAuth)
	}
	require.Len(t, w.mails(accounts.MailSignInAttempts), 2, "the next day")
}

func TestAnUnknownAccountIsAsSlow(t *testing.T) {
	t.Parallel()
	w, waited, let := slowed(t)
	close(let)
	email := mailbox("nobody")
	for range 9 {
		a := w.logInFrom(network()(1), email, "wrong")
		w.problem(a, rest.SlugAuth)
		require.NotContains(t, a.header.Get("Ratelimit"), "account-failures", "who else fails is nobody's business")
	}
	require.Len(t, waited, 3)
	require.Empty(t, w.mails(accounts.MailSignInAttempts))
}

// TestSuccessSlowsNobodyDown checks that right passwords, and requests that are no guess, do not count.
func TestSuccessSlowsNobodyDown(t *testing.T) {
	t.Parallel()
	w, waited, _ := slowed(t)
	email, at := mailbox("ada"), network()
	w.signUpFrom(at(1), email)
	for range 15 {
		require.Equal(t, 200, w.logInFrom(at(1), email, "correct horse").status)
		w.clock.advance(time.Second)
	}
	require.Empty(t, waited)
}

// TestSlowAnswersHoldNoPlaceOfThoseWhoHash has as many delayed answers as are allowed, and one more.
func TestSlowAnswersHoldNoPlaceOfThoseWhoHash(t *testing.T) {
	t.Parallel()
	w, waited, let := slowed(t)
	email, other := mailbox("ada"), mailbox("eve")
	w.signUpFrom(network()(1), other)
	for range 6 {
		w.problem(w.logInFrom(network()(1), email, "wrong"), rest.SlugAuth)
	}
	var all sync.WaitGroup
	statuses := make(chan int, slowAtOnce)
	for range slowAtOnce {
		all.Go(func() { statuses <- w.logInFrom(network()(1), email, "wrong").status })
	}
	for range slowAtOnce {
		<-waited
	}
	require.Equal(t, 200, w.logInFrom(network()(1), other, "correct horse").status, "others sign in meanwhile")
	last := network()
	a := w.logInFrom(last(1), email, "wrong")
	require.EqualValues(t, 3, w.problem(a, rest.SlugRateLimited)["retry_after"])
	close(let)
	all.Wait()
	for range slowAtOnce {
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusTooManyRequests}, <-statuses) // the hashing queue is bounded
	}
	for range 5 {
		require.Equal(t, http.StatusUnauthorized, w.logInFrom(last(1), email, "wrong").status, "who found no place was charged nothing")
	}
}

func TestWhoHangsUpWaitsNoMore(t *testing.T) {
	t.Parallel()
	d := newSlowdown()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, d.wait(ctx), context.Canceled)
	require.True(t, d.slots.TryAcquire(slowAtOnce), "its slot is free again")
}
