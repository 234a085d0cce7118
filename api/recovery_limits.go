package api

import (
	"context"
	"strings"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
)

// mailed is charged for a mail to whoever asks for it, and to the mailbox it goes to.
func (l *limits) mailed(on ratelimit.Subject) ratelimit.Charge {
	return ratelimit.Charge{Policy: l.mail, Cost: 1, On: on}
}

func toMailbox(address string) ratelimit.Subject {
	return ratelimit.Subject("mailbox:" + ratelimit.Hash(mailboxOf(address)))
}

// mailboxOf is the one name of a mailbox for limits, however its address is written.
func mailboxOf(address string) string {
	if email, err := texts.Mailbox(address); err == nil {
		address = email
	}
	return strings.ToLower(strings.TrimSpace(address))
}

// countMails charges mails to all of those at once, or to none when one of them is
// RateLimited. Unavailable with Redis away, since mails cost and annoy.
func (s *Server) countMails(ctx context.Context, charges ...ratelimit.Charge) (ratelimit.Verdict, error) {
	verdict, err := s.limits.take(ctx, ratelimit.Request{Subject: callerAddress(ctx), Charges: charges})
	if err != nil {
		return verdict, store.Errorf(store.Unavailable, "Mails cannot be asked for at the moment. Try again.").Because(err)
	}
	return verdict, judge(ctx, verdict)
}

// countStrangersMail is countMails with one more to a mailbox that may be anybody's. room
// tells whether that may have it, which is to be told to nobody: a stranger must not
// learn who else asks for mails there.
func (s *Server) countStrangersMail(ctx context.Context, address string, charges ...ratelimit.Charge) (room bool, err error) {
	hidden := s.limits.mailed(toMailbox(address))
	hidden.Soft = true
	verdict, err := s.countMails(ctx, append(charges, hidden)...)
	return !verdict.Over, err
}
