package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/accounts"
)

// letter is a mail with a token, in a mailbox.
type letter struct {
	kind  accounts.MailKind
	token string
}

// takeoverEnv is a test environment with an account, an attacker who tries to take it over, and the
// attacker's credentials.
type takeoverEnv struct {
	*testEnv
	boxes map[string][]letter // all mail that was sent to an address
	// The attacker's sign-ins, passwords and mailboxes. Every token sent to these is
	// theirs, too.
	sessions  []person
	passwords []string
	mailboxes []string
	devices   int
}

const (
	victims = "victim@example.com"
	owns    = "own@example.com"
	owns2   = "own2@example.com"

	attackersPassword = "purple monkey dishwasher"
	victimsPassword   = "staple lantern seven"
)

func newTakeoverEnv(t *testing.T) *takeoverEnv {
	t.Helper()
	return &takeoverEnv{testEnv: newMailEnv(t), boxes: map[string][]letter{}, mailboxes: []string{owns, owns2}, passwords: []string{attackersPassword}}
}

// deliver sends the mails that are due now, as the worker would.
func (s *takeoverEnv) deliver() {
	s.t.Helper()
	var all []accounts.Mail
	require.NoError(s.t, s.server.DB.Order("created_at, id").Find(&all, "sent_at IS NULL").Error)
	for _, m := range all {
		sent, ok, err := accounts.MailToSend(s.t.Context(), s.server.DB, m.ID, s.clock.now())
		require.NoError(s.t, err)
		if !ok {
			continue
		}
		require.NoError(s.t, accounts.MarkSent(s.t.Context(), s.server.DB, sent, s.clock.now()))
		if m.Kind.CarriesToken() {
			box := strings.ToLower(sent.To)
			s.boxes[box] = append(s.boxes[box], letter{m.Kind, s.server.mailTokens().Of(m.ID)})
		}
	}
}

// latest returns the token of the newest letter of a kind in a mailbox.
func (s *takeoverEnv) latest(box string, kind accounts.MailKind) string {
	s.t.Helper()
	s.deliver()
	for _, letter := range slices.Backward(s.boxes[box]) {
		if letter.kind == kind {
			return letter.token
		}
	}
	require.Failf(s.t, "no such mail", "%s at %s: %v", kind, box, s.boxes)
	return ""
}

func (s *takeoverEnv) register(email, password string) person {
	s.t.Helper()
	a := s.postTo("register", fmt.Sprintf(`{"email":%q,"password":%q,"full_name":"Ada"}`, email, password))
	s.requireStatus(http.StatusCreated, a)
	s.deliver()
	return s.entered(a)
}

func (s *takeoverEnv) entered(a answer) person {
	v := a.json(s.t)
	return person{v["user"].(map[string]any)["id"].(string), v["access_token"].(string), v["refresh_token"].(string)}
}

// attackerRegisters creates an account whose session, password and device are the attacker's.
func (s *takeoverEnv) attackerRegisters(email string) person {
	s.t.Helper()
	p := s.register(email, attackersPassword)
	s.capture(p)
	return p
}

// capture gives a session to the attacker, who registers a device with it.
func (s *takeoverEnv) capture(p person) {
	s.t.Helper()
	s.sessions = append(s.sessions, p)
	s.requireStatus(http.StatusOK, s.do("POST", "/v1/push/devices", s.nextDevice(), p.header()...))
}

func (s *takeoverEnv) nextDevice() string {
	s.devices++
	return fmt.Sprintf(`{"device_token":"attackers-device-%d","device_type":"ios"}`, s.devices)
}

// stolen returns a user, whose address may be verified, and the thief of one of their sessions.
func (s *takeoverEnv) stolen(verified bool) (victim, thief person) {
	s.t.Helper()
	victim = s.register(victims, victimsPassword)
	if verified {
		s.verify(victims, accounts.MailVerify)
	}
	thief = s.entered(s.postTo("login", fmt.Sprintf(`{"email":%q,"password":%q}`, victims, victimsPassword)))
	s.capture(thief)
	return victim, thief
}

func (s *takeoverEnv) ask(p person, email string) answer {
	s.t.Helper()
	s.clock.advance(1e9)
	a := s.do("PUT", "/v1/users/me", fmt.Sprintf(`{"email":%q}`, email), p.header()...)
	s.deliver()
	return a
}

// asks is ask, and requires success.
func (s *takeoverEnv) asks(p person, email string) {
	s.t.Helper()
	a := s.ask(p, email)
	s.requireStatus(http.StatusOK, a)
	require.Equal(s.t, email, a.json(s.t)["pending_email"])
}

// verify redeems the newest mail of a kind in a mailbox.
func (s *takeoverEnv) verify(box string, kind accounts.MailKind) {
	s.t.Helper()
	s.clock.advance(1e9)
	s.requireStatus(http.StatusNoContent, s.redeem(s.latest(box, kind)))
	s.deliver()
}

func (s *takeoverEnv) redeem(token string) answer {
	s.t.Helper()
	return s.postTo("verify-email", fmt.Sprintf(`{"token":%q}`, token))
}

// resets gets into an account by its mailbox.
func (s *takeoverEnv) resets(email, password string) {
	s.t.Helper()
	s.clock.advance(1e9)
	s.requireStatus(http.StatusNoContent, s.requestReset(email))
	s.requireStatus(http.StatusNoContent, s.resetTo(s.latest(email, accounts.MailReset), password))
}

// restores restores an address and sets a password by the mail that follows.
func (s *takeoverEnv) restores(box, password string) {
	s.t.Helper()
	s.verify(box, accounts.MailRestore)
	s.requireStatus(http.StatusNoContent, s.resetTo(s.latest(box, accounts.MailReset), password))
}

// safe has the attacker try all credentials, in turn and again after each, and requires
// that the victim's account stays the victim's.
func (s *takeoverEnv) safe() {
	s.t.Helper()
	victim := s.entered(s.postTo("login", fmt.Sprintf(`{"email":%q,"password":%q}`, victims, victimsPassword)))
	still := func(after string) {
		s.t.Helper()
		v := s.do("GET", "/v1/users/me", "", victim.header()...)
		s.requireStatus(http.StatusOK, v)
		me := v.json(s.t)
		require.Equal(s.t, []any{victims, nil, victim.id}, []any{me["email"], me["pending_email"], me["id"]}, after)
		for _, p := range s.sessions {
			require.NotEqual(s.t, victim.id, s.whose(s.do("GET", "/v1/users/me", "", p.header()...), "id"), after)
			s.mayTry(p, victim, after)
		}
		for _, email := range append(s.mailboxes, victims) {
			for _, password := range s.passwords {
				a := s.postTo("login", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
				require.NotContains(s.t, string(a.body), victim.id, after)
			}
		}
	}
	still("at first")
	for _, p := range s.sessions {
		a := s.postTo("refresh", fmt.Sprintf(`{"refresh_token":%q}`, p.refresh))
		if token, _ := a.json(s.t)["access_token"].(string); token != "" {
			require.NotEqual(s.t, victim.id, s.whose(s.do("GET", "/v1/users/me", "", "Authorization", "Bearer "+token), "id"))
		}
	}
	for round := range 2 { // the second time with the results of the first
		for _, box := range s.mailboxes {
			s.requireStatus(http.StatusNoContent, s.requestReset(box))
			s.deliver()
			for _, l := range s.boxes[box] {
				s.redeem(l.token)
				s.resetTo(l.token, attackersPassword)
				still(fmt.Sprintf("round %d, %s to %s", round, l.kind, box))
			}
		}
	}
	var devices int64
	require.NoError(s.t, s.server.DB.Raw("SELECT count(*) FROM devices WHERE user_id = ? AND is_active AND token LIKE 'attackers-%'", victim.id).Scan(&devices).Error)
	require.Zero(s.t, devices, "pushes of the account go to the attacker")
}

// mayTry has a session of the attacker's try to regain access.
func (s *takeoverEnv) mayTry(p, victim person, after string) {
	s.t.Helper()
	for _, path := range []string{"/v1/auth/verify-email/request", "/v1/push/devices"} {
		body := ""
		if path == "/v1/push/devices" {
			body = s.nextDevice()
		}
		a := s.do("POST", path, body, p.header()...)
		require.Contains(s.t, []int{200, 204, 401}, a.status, "%s: %s", after, a.body)
	}
	require.NotEqual(s.t, uuid.Nil.String(), victim.id)
}

// whose returns a member of a response, or nothing where it was refused.
func (s *takeoverEnv) whose(a answer, member string) any {
	if a.status != http.StatusOK {
		require.Equal(s.t, http.StatusUnauthorized, a.status, string(a.body))
		return nil
	}
	return a.json(s.t)[member]
}
