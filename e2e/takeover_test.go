package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/mail/mailtest"
)

var acceptedToken = regexp.MustCompile(`(?m)^\s*([a-z2-7]{32})\s*$`)

// postbox reads the mails that a mail server has accepted, each once.
type postbox struct {
	t      *testing.T
	server *mailtest.Server
	read   int
}

// next waits for the next mail and returns its recipient, its text and its token.
func (p *postbox) next() (to, text, token string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return len(p.server.Accepted()) > p.read }, patience, 20*time.Millisecond, "no mail came")
	m := p.server.Accepted()[p.read]
	p.read++
	if found := acceptedToken.FindStringSubmatch(m.Raw); found != nil {
		token = found[1]
	}
	return m.To, m.Raw, token
}

// to reads on to the next mail to an address.
func (p *postbox) to(address string) (text, token string) {
	p.t.Helper()
	for {
		to, text, token := p.next()
		if strings.EqualFold(to, address) {
			return text, token
		}
	}
}

// TestAnAccountThatWasChangedToAVictimsAddress registers as own@, changes to victim@, has
// the victim reset and register, and redeems every old link, without effect.
func TestAnAccountThatWasChangedToAVictimsAddress(t *testing.T) {
	t.Parallel()
	post := &postbox{t: t, server: mailtest.New(t, mailtest.Behaviour{NoStartTLS: true})}
	s := newSystem(t, "LYO_SMTP_URL="+post.server.URL(), "LYO_MAIL_FROM=Lyo <lyo@lyo.test>")
	a := s.addAPI()
	s.startWorker()
	nobody := &learner{t: t, base: a.base}
	redeem := func(token string, status int) {
		t.Helper()
		nobody.call(http.MethodPost, "/v1/auth/verify-email", object{"token": token}, status)
	}
	attacker := a.register(t, "own@example.com")
	_, own := post.to("own@example.com")
	redeem(own, http.StatusNoContent)
	device := object{"device_token": "attackers-device", "device_type": "ios"}
	attacker.call(http.MethodPost, "/v1/push/devices", device, http.StatusOK)
	changed := attacker.call(http.MethodPut, "/v1/users/me", object{"email": "victim@example.com"}, http.StatusOK)
	require.Equal(t, []any{"own@example.com", "victim@example.com"}, []any{changed["email"], changed["pending_email"]})
	var asked, change string
	for asked == "" || change == "" {
		switch to, text, token := post.next(); to {
		case "own@example.com":
			require.Empty(t, token, "a wish is no way back")
			asked = text
		case "victim@example.com":
			change = token
		}
	}

	nobody.call(http.MethodPost, "/v1/auth/password-reset/request", object{"email": "victim@example.com"}, http.StatusNoContent)
	db := s.rows()
	require.Eventually(t, func() bool {
		var queued int64
		return db.Raw("SELECT count(*) FROM mails WHERE kind = 'reset_password'").Scan(&queued).Error == nil && queued == 0
	}, patience, 20*time.Millisecond, "the mail to an address without an account is not dropped")
	victim := a.register(t, "victim@example.com")
	_, verify := post.to("victim@example.com")
	redeem(change, http.StatusConflict)
	redeem(verify, http.StatusNoContent)
	nobody.call(http.MethodPost, "/v1/auth/password-reset/request", object{"email": "victim@example.com"}, http.StatusNoContent)
	_, reset := post.to("victim@example.com")
	chosen := object{"token": reset, "new_password": "staple lantern"}
	nobody.call(http.MethodPost, "/v1/auth/password-reset", chosen, http.StatusNoContent)
	for _, old := range []string{own, verify, reset} {
		redeem(old, http.StatusUnprocessableEntity)
		nobody.call(http.MethodPost, "/v1/auth/password-reset", object{"token": old, "new_password": "purple monkey"}, http.StatusUnprocessableEntity)
	}
	victim.call(http.MethodGet, "/v1/users/me", nil, http.StatusUnauthorized)
	in := nobody.call(http.MethodPost, "/v1/auth/login", object{"email": "victim@example.com", "password": "staple lantern"}, http.StatusOK)
	require.Equal(t, victim.id, in["user"].(object)["id"])
	me := attacker.call(http.MethodGet, "/v1/users/me", nil, http.StatusOK)
	require.Equal(t, "own@example.com", me["email"], "the attacker has what was theirs")
}

// TestAThiefOfASessionIsShutOut moves an account away by a stolen session, and has its
// owner restore it by the mails alone.
func TestAThiefOfASessionIsShutOut(t *testing.T) {
	t.Parallel()
	post := &postbox{t: t, server: mailtest.New(t, mailtest.Behaviour{NoStartTLS: true})}
	s := newSystem(t, "LYO_SMTP_URL="+post.server.URL(), "LYO_MAIL_FROM=Lyo <lyo@lyo.test>")
	a := s.addAPI()
	s.startWorker()
	nobody := &learner{t: t, base: a.base}
	thief := a.register(t, "ada@example.com") // the thief uses the token from here on
	_, token := post.to("ada@example.com")
	nobody.call(http.MethodPost, "/v1/auth/verify-email", object{"token": token}, http.StatusNoContent)
	thief.call(http.MethodPost, "/v1/push/devices", object{"device_token": "thiefs-device", "device_type": "android"}, http.StatusOK)
	thief.call(http.MethodPut, "/v1/users/me", object{"email": "thief@example.com"}, http.StatusOK)
	_, token = post.to("thief@example.com")
	nobody.call(http.MethodPost, "/v1/auth/verify-email", object{"token": token}, http.StatusNoContent)
	var back string
	for back == "" {
		_, back = post.to("ada@example.com")
	}
	nobody.call(http.MethodPost, "/v1/auth/verify-email", object{"token": back}, http.StatusNoContent)
	login := object{"email": "ada@example.com", "password": "correct horse battery"}
	nobody.call(http.MethodPost, "/v1/auth/login", login, http.StatusUnauthorized)
	text, reset := post.to("ada@example.com")
	require.Contains(t, text, "new password")
	nobody.call(http.MethodPost, "/v1/auth/password-reset", object{"token": reset, "new_password": "staple lantern"}, http.StatusNoContent)
	thief.call(http.MethodGet, "/v1/users/me", nil, http.StatusUnauthorized)
	login["password"] = "staple lantern"
	nobody.call(http.MethodPost, "/v1/auth/login", login, http.StatusOK)
	var active int64
	require.NoError(t, s.rows().Raw("SELECT count(*) FROM devices WHERE is_active").Scan(&active).Error)
	require.Zero(t, active)
}
