package api

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/storetest"
)

func limitedMails(t *testing.T) *testEnv {
	t.Helper()
	return limited(t, withMail, func(d *Deps) { d.Config.Limits.Mail = config.Rate{Quota: 5, Per: time.Hour} })
}

// mailbox returns an address that no other test uses, since they share a Redis.
func mailbox(name string) string { return name + "-" + uuid.NewString() + "@example.com" }

func (w *testEnv) requestResetFrom(address, email string) answer {
	w.t.Helper()
	return w.from(address, "POST", "/v1/auth/password-reset/request", fmt.Sprintf(`{"email":%q}`, email))
}

func TestAnAddressAsksForFewMails(t *testing.T) {
	t.Parallel()
	w, here, elsewhere := limitedMails(t), network(), network()
	for n := range 5 {
		w.requireStatus(http.StatusNoContent, w.requestResetFrom(here(byte(n)), mailbox("ada")))
	}
	a := w.requestResetFrom(here(9), mailbox("ada"))
	require.Contains(t, w.problem(a, rest.SlugRateLimited)["detail"], `"mail"`)
	require.Len(t, w.mails(accounts.MailReset), 5)
	w.requireStatus(http.StatusNoContent, w.requestResetFrom(elsewhere(1), mailbox("ada")))
	w.waited(a)
	w.requireStatus(http.StatusNoContent, w.requestResetFrom(here(9), mailbox("ada")))
}

func TestAMailboxGetsFewMails(t *testing.T) {
	t.Parallel()
	w := limitedMails(t)
	email, other := mailbox("ada"), mailbox("eve")
	p := w.signUpFrom(network()(1), email)
	require.NoError(t, w.server.DB.Exec("DELETE FROM mails").Error)
	var first, last answer
	for n := range 8 {
		spelling := email
		if n%2 == 1 {
			spelling = "ADA" + email[3:]
		}
		last = w.requestResetFrom(network()(1), spelling)
		w.requireStatus(http.StatusNoContent, last)
		if n == 0 {
			first = last
		}
	}
	require.Len(t, w.mails(accounts.MailReset), 5, "the rest was not sent")
	for _, a := range []answer{first, last} {
		a.header.Del("X-Request-ID")
	}
	require.Equal(t, first.header, last.header, "a stranger does not learn of it")
	w.requireStatus(http.StatusNoContent, w.requestResetFrom(network()(1), other))
	require.Len(t, w.mails(accounts.MailReset), 6)

	a := w.from(network()(1), "POST", "/v1/auth/verify-email/request", "", p.header()...)
	w.problem(a, rest.SlugRateLimited)
	require.Empty(t, w.mails(accounts.MailVerify))
	w.waited(a)
	w.requireStatus(http.StatusNoContent, w.from(network()(1), "POST", "/v1/auth/verify-email/request", "", p.header()...))
	require.Len(t, w.mails(accounts.MailVerify), 1)
}

func TestNoMailsWithoutRedis(t *testing.T) {
	t.Parallel()
	server := storetest.OwnRedis(t)
	client := storetest.RedisAt(t, server.URL())
	w := newTestEnv(t, withMail, func(d *Deps) {
		d.Redis, d.Config.Limits = client, testLimits()
		d.Config.Limits.Mail = config.Rate{Quota: 5, Per: time.Hour}
	})
	at := network()
	p := w.signUpFrom(at(1), "ada@example.com")
	require.NoError(t, w.server.DB.Exec("DELETE FROM mails").Error)
	w.requireStatus(http.StatusNoContent, w.requestResetFrom(at(1), "ada@example.com"))
	token := w.mailed(accounts.MailReset)
	require.NoError(t, server.Stop(t.Context()))
	w.problem(w.requestResetFrom(at(1), "ada@example.com"), rest.SlugDependency)
	w.problem(w.from(at(1), "POST", "/v1/auth/verify-email/request", "", p.header()...), rest.SlugDependency)
	require.Len(t, w.mails(accounts.MailReset), 1)
	require.Empty(t, w.mails(accounts.MailVerify))
	w.requireStatus(http.StatusNoContent, w.from(at(1), "POST", "/v1/auth/password-reset", `{"token":"`+token+`","new_password":"staple lantern"}`))
}
