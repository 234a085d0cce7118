package api

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
)

// takeoverScenarios are attacks on an account that is, or will be, another user's: each lists
// the steps of the attacker and the victim, after which the victim signs in with victimsPassword
// and nothing the attacker has gives access, or restores it.
var takeoverScenarios = map[string]func(s *takeoverEnv){
	// The attacker has an account, and wants it to have the victim's address.
	"changed to the victim's, who registers": func(s *takeoverEnv) {
		s.asks(s.attackerRegisters(owns), victims)
		s.register(victims, victimsPassword)
	},
	"changed from a proven address, who registers": func(s *takeoverEnv) {
		p := s.attackerRegisters(owns)
		s.verify(owns, accounts.MailVerify)
		s.asks(p, victims)
		s.register(victims, victimsPassword)
	},
	"changed, who asks for a new password and then registers": func(s *takeoverEnv) {
		p := s.attackerRegisters(owns)
		s.verify(owns, accounts.MailVerify)
		s.asks(p, victims)
		s.requireStatus(http.StatusNoContent, s.requestReset(victims))
		s.deliver()
		require.NotContains(s.t, fmt.Sprint(s.boxes[victims]), accounts.MailReset, "a pending address is nobody's")
		s.register(victims, victimsPassword)
	},
	"changed, who registers and answers the mail of the change": func(s *takeoverEnv) {
		s.asks(s.attackerRegisters(owns), victims)
		s.register(victims, victimsPassword)
		s.problem(s.redeem(s.latest(victims, accounts.MailChange)), rest.SlugConflict)
		s.verify(victims, accounts.MailVerify)
	},
	"changed, who registers, and asked for again": func(s *takeoverEnv) {
		p := s.attackerRegisters(owns)
		s.asks(p, victims)
		s.register(victims, victimsPassword)
		s.asks(p, owns2)
		s.problem(s.ask(p, victims), rest.SlugConflict)
	},
	"changed to the victim's and on, who answers too late": func(s *takeoverEnv) {
		p := s.attackerRegisters(owns)
		s.asks(p, victims)
		s.asks(p, owns2)
		s.badToken(s.redeem(s.latest(victims, accounts.MailChange)))
		s.register(victims, victimsPassword)
		s.verify(owns2, accounts.MailChange)
	},
	"changed and taken back, who answers too late": func(s *takeoverEnv) {
		p := s.attackerRegisters(owns)
		s.asks(p, victims)
		s.requireStatus(http.StatusOK, s.ask(p, owns))
		s.badToken(s.redeem(s.latest(victims, accounts.MailChange)))
		s.register(victims, victimsPassword)
	},
	"changed from an address never proven, who answers and resets": func(s *takeoverEnv) {
		s.asks(s.attackerRegisters(owns), victims)
		s.verify(victims, accounts.MailChange)
		s.resets(victims, victimsPassword)
	},
	"the same, and another change was asked for meanwhile": func(s *takeoverEnv) {
		p := s.attackerRegisters(owns)
		s.asks(p, victims)
		s.verify(victims, accounts.MailChange)
		s.asks(p, owns2)
		s.resets(victims, victimsPassword)
	},
	"the same, with mails for the first address outstanding": func(s *takeoverEnv) {
		p := s.attackerRegisters(owns)
		s.requireStatus(http.StatusNoContent, s.requestReset(owns))
		s.requireStatus(http.StatusNoContent, s.postTo("verify-email/request", "", p.header()...))
		s.asks(p, victims)
		s.verify(victims, accounts.MailChange)
		s.resets(victims, victimsPassword)
	},

	// The attacker registers the victim's address.
	"registered with the victim's, who resets": func(s *takeoverEnv) {
		s.attackerRegisters(victims)
		s.resets(victims, victimsPassword)
	},
	"registered, who verifies and resets": func(s *takeoverEnv) {
		s.attackerRegisters(victims)
		s.verify(victims, accounts.MailVerify)
		s.resets(victims, victimsPassword)
	},
	"registered, signed in twice, who resets": func(s *takeoverEnv) {
		s.attackerRegisters(victims)
		s.capture(s.logIn(victims, attackersPassword, "x"))
		s.resets(victims, victimsPassword)
	},
	"registered, another password, who resets": func(s *takeoverEnv) {
		p := s.attackerRegisters(victims)
		s.passwords = append(s.passwords, "purple monkey two")
		s.requireStatus(http.StatusNoContent, s.postTo("password",
			fmt.Sprintf(`{"current_password":%q,"new_password":"purple monkey two"}`, attackersPassword), p.header()...))
		s.resets(victims, victimsPassword)
	},
	"registered and about to move, who resets": func(s *takeoverEnv) {
		s.asks(s.attackerRegisters(victims), owns)
		s.resets(victims, victimsPassword)
	},
	"registered and about to move, who verifies and resets": func(s *takeoverEnv) {
		s.asks(s.attackerRegisters(victims), owns)
		s.verify(victims, accounts.MailVerify)
		s.badToken(s.redeem(s.latest(owns, accounts.MailChange)))
		s.resets(victims, victimsPassword)
	},
	"registered and moved away, who registers": func(s *takeoverEnv) {
		s.asks(s.attackerRegisters(victims), owns)
		s.verify(owns, accounts.MailChange)
		s.register(victims, victimsPassword)
	},
	"registered and moved away with the victim's reset under way": func(s *takeoverEnv) {
		p := s.attackerRegisters(victims)
		s.requireStatus(http.StatusNoContent, s.requestReset(victims))
		token := s.latest(victims, accounts.MailReset)
		s.asks(p, owns)
		s.verify(owns, accounts.MailChange)
		s.badToken(s.resetTo(token, victimsPassword))
		s.register(victims, victimsPassword)
	},

	// The attacker has stolen a session of the victim's.
	"stolen, moved; the victim brings the address back": func(s *takeoverEnv) {
		_, thief := s.stolen(true)
		s.asks(thief, owns)
		s.verify(owns, accounts.MailChange)
		s.restores(victims, victimsPassword)
	},
	"stolen, moved and reset": func(s *takeoverEnv) {
		_, thief := s.stolen(true)
		s.asks(thief, owns)
		s.verify(owns, accounts.MailChange)
		s.resets(owns, attackersPassword)
		s.capture(s.logIn(owns, attackersPassword, "x"))
		s.restores(victims, victimsPassword)
	},
	"stolen with the password, moved, another password": func(s *takeoverEnv) {
		_, thief := s.stolen(true)
		s.asks(thief, owns)
		s.verify(owns, accounts.MailChange)
		s.requireStatus(http.StatusNoContent, s.postTo("password",
			fmt.Sprintf(`{"current_password":%q,"new_password":%q}`, victimsPassword, attackersPassword), thief.header()...))
		s.restores(victims, victimsPassword)
	},
	"stolen, moved twice; the victim comes first": func(s *takeoverEnv) {
		_, thief := s.stolen(true)
		s.asks(thief, owns)
		s.verify(owns, accounts.MailChange)
		s.asks(thief, owns2)
		s.verify(owns2, accounts.MailChange)
		s.restores(victims, victimsPassword)
	},
	"stolen, moved twice; the thief comes first": func(s *takeoverEnv) {
		_, thief := s.stolen(true)
		s.asks(thief, owns)
		s.verify(owns, accounts.MailChange)
		s.asks(thief, owns2)
		s.verify(owns2, accounts.MailChange)
		s.restores(owns, attackersPassword)
		s.capture(s.logIn(owns, attackersPassword, "x"))
		s.restores(victims, victimsPassword)
	},
	"stolen, moved, about to move on": func(s *takeoverEnv) {
		_, thief := s.stolen(true)
		s.asks(thief, owns)
		s.verify(owns, accounts.MailChange)
		s.asks(thief, owns2)
		s.requireStatus(http.StatusNoContent, s.requestReset(owns))
		s.restores(victims, victimsPassword)
	},
	"stolen, about to move; the victim resets": func(s *takeoverEnv) {
		_, thief := s.stolen(true)
		s.asks(thief, owns)
		s.resets(victims, victimsPassword)
	},
	"stolen, about to move, never proven; the victim resets": func(s *takeoverEnv) {
		_, thief := s.stolen(false)
		s.asks(thief, owns)
		s.resets(victims, victimsPassword)
	},
	"stolen, about to move; the victim changes the password": func(s *takeoverEnv) {
		victim, thief := s.stolen(true)
		s.asks(thief, owns)
		s.requireStatus(http.StatusNoContent, s.postTo("password",
			fmt.Sprintf(`{"current_password":%q,"new_password":"staple lantern nine"}`, victimsPassword), victim.header()...))
		s.requireStatus(http.StatusNoContent, s.postTo("password",
			fmt.Sprintf(`{"current_password":"staple lantern nine","new_password":%q}`, victimsPassword), victim.header()...))
	},
	"stolen; the victim signs out everywhere else": func(s *takeoverEnv) {
		victim, _ := s.stolen(true)
		s.requireStatus(http.StatusNoContent, s.do("DELETE", "/v1/auth/sessions", "", victim.header()...))
	},
	"stolen; the victim ends that session": func(s *takeoverEnv) {
		victim, thief := s.stolen(true)
		claims, err := s.server.access.Verify(thief.access)
		require.NoError(s.t, err)
		s.requireStatus(http.StatusNoContent, s.do("DELETE", "/v1/auth/sessions/"+claims.SessionID.String(), "", victim.header()...))
	},
}

func TestNoOrderOfThingsTakesAnAccount(t *testing.T) {
	t.Parallel()
	require.Greater(t, len(takeoverScenarios), 20)
	for name, scenario := range takeoverScenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTakeoverEnv(t)
			scenario(s)
			s.safe()
		})
	}
}

// TestARequestUnderWayDoesNotOutliveAReset has another process cache the attacker's
// session as valid for a moment.
func TestARequestUnderWayDoesNotOutliveAReset(t *testing.T) {
	t.Parallel()
	s := newTakeoverEnv(t)
	p := s.attackerRegisters(victims)
	second := serve(t, s.server.Deps, s.clock, s.logs)
	s.requireStatus(http.StatusOK, second.do("GET", "/v1/users/me", "", p.header()...))
	s.requireStatus(http.StatusNoContent, s.requestReset(victims))
	s.requireStatus(http.StatusNoContent, s.resetTo(s.latest(victims, accounts.MailReset), victimsPassword))
	s.requireStatus(http.StatusOK, second.do("GET", "/v1/users/me", "", p.header()...)) // still cached
	s.problem(second.do("PUT", "/v1/users/me", fmt.Sprintf(`{"email":%q}`, owns), p.header()...), rest.SlugAuth)
	s.problem(second.do("POST", "/v1/push/devices", s.nextDevice(), p.header()...), rest.SlugAuth)
	s.safe()
}
