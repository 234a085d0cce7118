package api

import (
	"context"
	"strings"

	"github.com/lyoapp/lyo/api/ratelimit"
	texts "github.com/lyoapp/lyo/models/text"
)

// mailed returns the charge for a mail, to the subject that requests it or to the recipient's mailbox.
func (l *limits) mailed(on ratelimit.Subject) ratelimit.Charge {
	return ratelimit.Charge{Policy: l.mail, Cost: 1, On: on}
}

func toMailbox(address string) ratelimit.Subject {
	return ratelimit.Subject("mailbox:" + ratelimit.Hash(mailboxOf(address)))
}

// mailboxOf returns the canonical name of a mailbox for limits, whatever the spelling of its address.
func mailboxOf(address string) string {
	if email, err := texts.Mailbox(address); err == nil {
		address = email
	}
	return strings.ToLower(strings.TrimSpace(address))
}

// countMails charges mails to all given subjects, or to none when one of them is RateLimited. It
// returns Unavailable when Redis cannot be reached, because mails cost money and annoy.
func (s *Server) countMails(ctx context.Context, charges ...ratelimit.Charge) (ratelimit.Verdict, error) {
	return s.countStrictly(ctx, "Mails cannot be asked for at the moment.", charges...)
}

// countStrangersMail is countMails with one more charge to a mailbox that may belong to anyone. room
// reports whether that mailbox may have the mail. It must not be disclosed, because it would reveal
// whether others request mails for that mailbox.
func (s *Server) countStrangersMail(ctx context.Context, address string, charges ...ratelimit.Charge) (room bool, err error) {
	hidden := s.limits.mailed(toMailbox(address))
	hidden.Soft = true
	verdict, err := s.countMails(ctx, append(charges, hidden)...)
	return !verdict.Over, err
}
