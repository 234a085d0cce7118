package api

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/storetest"
)

func (w *testEnv) moveFrom(address string, p person, email string) answer {
	w.t.Helper()
	return w.from(address, "PUT", "/v1/users/me", fmt.Sprintf(`{"email":%q}`, email), p.header()...)
}

// TestMailsOfAChangeAreCharged requests changes until each of the four limits is reached.
func TestMailsOfAChangeAreCharged(t *testing.T) {
	t.Parallel()
	w := limitedMails(t)
	t.Run("of the user, wherever they ask", func(t *testing.T) {
		t.Parallel()
		p := w.signUpFrom(network()(1), mailbox("ada"))
		for range 5 {
			require.Equal(t, 200, w.moveFrom(network()(1), p, mailbox("new")).status)
		}
		a := w.moveFrom(network()(1), p, mailbox("new"))
		require.Equal(t, 429, a.status, string(a.body))
		require.Contains(t, string(a.body), `mail`)
		require.Equal(t, 429, w.from(network()(1), "POST", "/v1/auth/verify-email/request", "", p.header()...).status, "by asking again neither")
	})
	t.Run("of the address, whoever asks there", func(t *testing.T) {
		t.Parallel()
		at := network()
		for range 5 {
			p := w.signUpFrom(network()(1), mailbox("ada"))
			require.Equal(t, 200, w.moveFrom(at(1), p, mailbox("new")).status)
		}
		p := w.signUpFrom(network()(1), mailbox("ada"))
		require.Equal(t, 429, w.moveFrom(at(1), p, mailbox("new")).status)
	})
	t.Run("of the mailbox before", func(t *testing.T) {
		t.Parallel()
		email := mailbox("ada")
		p := w.signUpFrom(network()(1), email)
		for range 5 {
			require.Equal(t, 204, w.requestResetFrom(network()(1), email).status)
		}
		require.Equal(t, 429, w.moveFrom(network()(1), p, mailbox("new")).status, "its owner must get a message")
	})
	t.Run("of the new mailbox", func(t *testing.T) {
		t.Parallel()
		email := mailbox("new")
		sent := func() (n int64) {
			require.NoError(t, w.server.DB.Model(&accounts.Mail{}).Where("address = ?", email).Count(&n).Error)
			return n
		}
		var last person
		for n := range 7 {
			last = w.signUpFrom(network()(1), mailbox("ada"))
			a := w.moveFrom(network()(1), last, email)
			require.Equal(t, 200, a.status, "the answer does not show that others ask for mails there")
			require.Equal(t, email, a.json(t)["pending_email"])
			require.EqualValues(t, min(n+1, 5), sent())
		}
		require.Equal(t, 204, w.from(network()(1), "POST", "/v1/auth/verify-email/request", "", last.header()...).status)
		require.EqualValues(t, 5, sent())
	})
}

// TestTakenAddressesAreAskedForLikeRegistrations counts how many addresses a client can try.
func TestTakenAddressesAreAskedForLikeRegistrations(t *testing.T) {
	t.Parallel()
	w := limited(t, withMail, func(d *Deps) { d.Config.Limits.Mail = config.Rate{Quota: 1000, Per: time.Hour} })
	taken := mailbox("eve")
	w.signUpFrom(network()(1), taken)
	p, at := w.signUpFrom(network()(1), mailbox("ada")), network()
	for range 9 {
		require.Equal(t, 409, w.moveFrom(at(1), p, taken).status)
	}
	w.signUpFrom(at(1), mailbox("bob"))
	for _, email := range []string{taken, mailbox("free")} {
		a := w.moveFrom(at(1), p, email)
		require.Equal(t, 429, a.status, string(a.body))
		require.Contains(t, string(a.body), "register")
	}
	require.Equal(t, 200, w.from(at(1), "PUT", "/v1/users/me", `{"bio":"x"}`, p.header()...).status, "the rest of a profile is free")
}

func TestNoAddressIsAskedForWithoutRedis(t *testing.T) {
	t.Parallel()
	server := storetest.OwnRedis(t)
	client := storetest.RedisAt(t, server.URL())
	w := newTestEnv(t, withMail, func(d *Deps) { d.Redis, d.Config.Limits = client, testLimits() })
	at := network()
	p := w.signUpFrom(at(1), "ada@example.com")
	require.NoError(t, server.Stop(t.Context()))
	w.problem(w.moveFrom(at(1), p, "new@example.com"), rest.SlugDependency)
	require.Equal(t, http.StatusOK, w.moveFrom(at(1), p, "ada@example.com").status)
}
