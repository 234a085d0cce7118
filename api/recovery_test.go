package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// newMailEnv returns a test environment whose mails are good for a while and never sent.
func newMailEnv(t *testing.T) *testEnv {
	t.Helper()
	return newTestEnv(t, withMail)
}

func withMail(d *Deps) {
	d.Config.Mail = config.Mail{VerifyFor: 48 * time.Hour, ResetFor: time.Hour, RestoreFor: 168 * time.Hour}
}

// mails returns those of a kind, oldest first.
func (w *testEnv) mails(kind accounts.MailKind) (all []accounts.Mail) {
	w.t.Helper()
	require.NoError(w.t, w.server.DB.Where("kind = ?", kind).Order("created_at, id").Find(&all).Error)
	return all
}

// mailed returns the token in the latest mail of a kind.
func (w *testEnv) mailed(kind accounts.MailKind) string {
	w.t.Helper()
	all := w.mails(kind)
	require.NotEmpty(w.t, all)
	return accounts.NewMailTokens(w.server.Config.HTTP.CursorKey.Reveal()).Of(all[len(all)-1].ID)
}

func (w *testEnv) postTo(path, body string, headers ...string) answer {
	w.t.Helper()
	return w.do("POST", "/v1/auth/"+path, body, headers...)
}

func (w *testEnv) requestReset(email string) answer {
	w.t.Helper()
	return w.postTo("password-reset/request", fmt.Sprintf(`{"email":%q}`, email))
}

func (w *testEnv) resetTo(token, password string) answer {
	w.t.Helper()
	return w.postTo("password-reset", fmt.Sprintf(`{"token":%q,"new_password":%q}`, token, password))
}

// rest.BadToken checks for the one response to every invalid token.
func (w *testEnv) badToken(a answer) {
	w.t.Helper()
	p := w.problem(a, rest.SlugValidation)
	faults := p["errors"].([]any)
	require.Len(w.t, faults, 1)
	require.Equal(w.t, "/token", faults[0].(map[string]any)["pointer"])
	require.Equal(w.t, "is not valid, was used already, or is too old; ask for another mail", faults[0].(map[string]any)["message"])
}

func (w *testEnv) requireStatus(want int, a answer) {
	w.t.Helper()
	require.Equal(w.t, want, a.status, string(a.body))
}

// silent checks that a secret is in no log and in no row of a table with texts.
func (w *testEnv) silent(secret string) {
	w.t.Helper()
	require.NotEmpty(w.t, w.logs.String())
	require.NotContains(w.t, w.logs.String(), secret)
	for _, table := range []string{"mails", "outbox", "audit_log", "users", "sessions"} {
		var n int64
		require.NoError(w.t, w.server.DB.Raw("SELECT count(*) FROM "+table+" t WHERE t::text ILIKE ?", "%"+secret+"%").Scan(&n).Error)
		require.Zero(w.t, n, table)
	}
}

func (w *testEnv) verified(p person) bool {
	w.t.Helper()
	return w.do("GET", "/v1/users/me", "", p.header()...).json(w.t)["is_verified"].(bool)
}

func TestAnAddressIsVerifiedByItsMail(t *testing.T) {
	t.Parallel()
	w := newMailEnv(t)
	p := w.signUp("Ada@example.com")
	require.NoError(t, w.server.DB.Exec("DELETE FROM outbox; DELETE FROM mails").Error) // those of the registration
	w.problem(w.postTo("verify-email/request", ""), rest.SlugAuth)
	w.requireStatus(http.StatusNoContent, w.postTo("verify-email/request", "", p.header()...))
	rows := w.mails(accounts.MailVerify)
	require.Len(t, rows, 1)
	require.Equal(t, p.id, rows[0].UserID.String())
	require.Equal(t, "Ada@example.com", rows[0].Address)
	require.Equal(t, 48*time.Hour, rows[0].ExpiresAt.Sub(rows[0].CreatedAt))
	var message store.OutboxMessage
	require.NoError(t, w.server.DB.First(&message).Error)
	require.Equal(t, "SendMail send-mail/"+rows[0].ID.String(), message.Workflow+" "+message.WorkflowID)
	require.Equal(t, `"`+rows[0].ID.String()+`"`, string(message.Input))

	token := w.mailed(accounts.MailVerify)
	require.False(t, w.verified(p))
	w.requireStatus(http.StatusNoContent, w.postTo("verify-email", `{"token":" `+strings.ToUpper(token)+` "}`))
	require.True(t, w.verified(p))
	w.badToken(w.postTo("verify-email", `{"token":"`+token+`"}`))
	w.requireStatus(http.StatusNoContent, w.postTo("verify-email/request", "", p.header()...))
	require.Len(t, w.mails(accounts.MailVerify), 1, "it is verified already")
	entries, err := store.ListAudit(context.Background(), w.server.DB, store.AuditFilter{Action: store.AuditEmailVerified, Limit: 10})
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, p.id, entries[0].UserID.String())
	require.Nil(t, entries[0].ActorID, "whoever reads the mailbox")
	w.silent(token)
}

func TestAForgottenPasswordIsReplaced(t *testing.T) {
	t.Parallel()
	w := newMailEnv(t)
	p := w.signUp("ada@example.com")
	w.requireStatus(http.StatusNoContent, w.requestReset(" ADA@example.com "))
	rows := w.mails(accounts.MailReset)
	require.Len(t, rows, 1)
	require.Nil(t, rows[0].UserID, "nobody was looked up")
	require.Equal(t, time.Hour, rows[0].ExpiresAt.Sub(rows[0].CreatedAt))
	token := w.mailed(accounts.MailReset)

	for _, bad := range []string{"short", strings.Repeat("x", 73), "password123", "ada@example.com"} {
		fault := w.problem(w.resetTo(token, bad), rest.SlugValidation)["errors"].([]any)
		require.Equal(t, "/new_password", fault[0].(map[string]any)["pointer"], bad)
	}
	w.badToken(w.postTo("verify-email", `{"token":"`+token+`"}`))
	w.requireStatus(http.StatusNoContent, w.resetTo(token, "staple lantern"))
	w.badToken(w.resetTo(token, "staple lantern"))

	w.problem(w.do("GET", "/v1/users/me", "", p.header()...), rest.SlugAuth)
	w.problem(w.postTo("refresh", `{"refresh_token":"`+p.refresh+`"}`), rest.SlugAuth)
	w.problem(w.postTo("login", `{"email":"ada@example.com","password":"correct horse"}`), rest.SlugAuth)
	a := w.postTo("login", `{"email":"ada@example.com","password":"staple lantern"}`)
	w.requireStatus(http.StatusOK, a)
	require.Equal(t, true, a.json(t)["user"].(map[string]any)["is_verified"], "they read its mail")
	notices := w.mails(accounts.MailPasswordChanged)
	require.Len(t, notices, 1)
	require.Equal(t, "ada@example.com", notices[0].Address)
	require.Nil(t, notices[0].TokenHash)
	for _, secret := range []string{token, "staple lantern", "correct horse"} {
		w.silent(secret)
	}
}

func TestNobodysAddressLooksLikeSomebodys(t *testing.T) {
	t.Parallel()
	w := newMailEnv(t)
	w.signUp("ada@example.com")
	known, unknown := w.requestReset("ada@example.com"), w.requestReset("nobody@example.com")
	for _, a := range []answer{known, unknown} {
		w.requireStatus(http.StatusNoContent, a)
		require.Empty(t, a.body)
		a.header.Del("X-Request-ID")
		a.header.Del("Date")
	}
	require.Equal(t, known.header, unknown.header)
	rows := w.mails(accounts.MailReset)
	require.Len(t, rows, 2)
	for _, row := range rows {
		require.Nil(t, row.UserID)
		_, err := accounts.ResetHolder(context.Background(), w.server.DB, row.TokenHash, w.server.Now())
		require.Equal(t, row.Address == "ada@example.com", err == nil)
	}
	w.badToken(w.resetTo(w.mailed(accounts.MailReset), "staple lantern"))
}

func TestWhatIsNoAddressIsSaidSo(t *testing.T) {
	t.Parallel()
	w := newMailEnv(t)
	for _, text := range []string{"", "ada", "ada@", "ada@localhost", "Ada <ada@example.com>", "ada@example.com\\r\\nBcc: eve@example.com", "a@b.co,c@d.co", strings.Repeat("a", 250) + "@example.com"} {
		w.problem(w.postTo("password-reset/request", `{"email":"`+text+`"}`), rest.SlugValidation)
	}
	w.problem(w.postTo("password-reset/request", `{}`), rest.SlugValidation)
	w.problem(w.postTo("verify-email", `{"token":""}`), rest.SlugValidation)
	w.problem(w.postTo("password-reset", `{"token":"x"}`), rest.SlugValidation)
	require.Empty(t, w.mails(accounts.MailReset))
}

// TestTokensSomebodyMadeUpCostNoHash: an invalid token must be found before the
// password is hashed, since at this cost a hash takes longer than all attempts may.
func TestTokensSomebodyMadeUpCostNoHash(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t, withMail, func(d *Deps) { d.Config.Auth.BcryptCost = 31 })
	for _, token := range []string{"x", strings.Repeat("a", 32), strings.Repeat("ü", 32), "' OR 1=1 --", strings.Repeat("a", 255)} {
		w.badToken(w.resetTo(token, "staple lantern"))
		w.badToken(w.postTo("verify-email", fmt.Sprintf(`{"token":%q}`, token)))
	}
}

func TestTokensGrowOld(t *testing.T) {
	t.Parallel()
	w := newMailEnv(t)
	p := w.signUp("ada@example.com")
	w.requireStatus(http.StatusNoContent, w.requestReset("ada@example.com"))
	w.requireStatus(http.StatusNoContent, w.postTo("verify-email/request", "", p.header()...))
	reset, verify := w.mailed(accounts.MailReset), w.mailed(accounts.MailVerify)
	w.clock.advance(time.Hour)
	w.badToken(w.resetTo(reset, "staple lantern"))
	w.clock.advance(47 * time.Hour)
	w.badToken(w.postTo("verify-email", `{"token":"`+verify+`"}`))
}

func TestAnAddressIsBroughtBack(t *testing.T) {
	t.Parallel()
	w := newMailEnv(t)
	p, other := w.signUp("thief@example.com"), w.signUp("eve@example.com")
	id := uuid.MustParse(p.id)
	mail, message := w.server.mailTo(accounts.MailRestore, &id, "ada@example.com")
	require.NoError(t, accounts.QueueMail(context.Background(), w.server.DB, mail, message))
	require.Equal(t, 168*time.Hour, mail.ExpiresAt.Sub(mail.CreatedAt))
	require.Equal(t, &id, message.UserID)
	token := w.mailed(accounts.MailRestore)

	require.NoError(t, w.server.DB.Exec("UPDATE users SET email = 'ADA@example.com' WHERE id = ?", other.id).Error)
	w.problem(w.postTo("verify-email", `{"token":"`+token+`"}`), rest.SlugConflict)
	require.NoError(t, w.server.DB.Exec("UPDATE users SET email = 'eve@example.com' WHERE id = ?", other.id).Error)
	w.requireStatus(http.StatusNoContent, w.postTo("verify-email", `{"token":"`+token+`"}`))
	w.problem(w.do("GET", "/v1/users/me", "", p.header()...), rest.SlugAuth)
	w.requireStatus(http.StatusOK, w.do("GET", "/v1/users/me", "", other.header()...))
	w.problem(w.postTo("login", `{"email":"ada@example.com","password":"correct horse"}`), rest.SlugAuth)
	w.requireStatus(http.StatusNoContent, w.resetTo(w.mailed(accounts.MailReset), "staple lantern"))
	a := w.postTo("login", `{"email":"ada@example.com","password":"staple lantern"}`)
	w.requireStatus(http.StatusOK, a)
	require.Equal(t, true, a.json(t)["user"].(map[string]any)["is_verified"])
	w.badToken(w.postTo("verify-email", `{"token":"`+token+`"}`))
	w.silent(token)
}

func TestFiftyResetsAtOnceAreOne(t *testing.T) {
	t.Parallel()
	w := newMailEnv(t)
	w.signUp("ada@example.com")
	w.requireStatus(http.StatusNoContent, w.requestReset("ada@example.com"))
	token := w.mailed(accounts.MailReset)
	var done, refused atomic.Int32
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			switch a := w.resetTo(token, fmt.Sprintf("staple lantern %d", n)); a.status {
			case http.StatusNoContent:
				done.Add(1)
			case http.StatusUnprocessableEntity, http.StatusTooManyRequests: // the hashing queue is bounded
				refused.Add(1)
			default:
				t.Error(string(a.body))
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, done.Load())
	require.EqualValues(t, 49, refused.Load())
}
