package api

import (
	"context"
	"strings"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/models"
	texts "github.com/lyoapp/lyo/models/text"
)

// mailed is charged for a mail: to the address that asks, and to the mailbox.
func (l *limits) mailed() ratelimit.Charge { return ratelimit.Charge{Policy: l.mail, Cost: 1} }

// mailboxOf is the one name of a mailbox for limits, however its address is written.
func mailboxOf(address string) string {
	if email, err := texts.Mailbox(address); err == nil {
		address = email
	}
	return strings.ToLower(strings.TrimSpace(address))
}

// countMail charges a mail to the caller's address, which is RateLimited when it has
// had its share, and then to the mailbox it goes to. The verdict is the mailbox's,
// told to nobody yet: a stranger must not learn who else asks for mails there.
// Unavailable with Redis away, since mails cost and annoy.
func (s *Server) countMail(ctx context.Context, address string) (ratelimit.Verdict, error) {
	mailbox := ratelimit.Subject("mailbox:" + ratelimit.Hash(mailboxOf(address)))
	var verdict ratelimit.Verdict
	for _, subject := range []ratelimit.Subject{callerAddress(ctx), mailbox} {
		var err error
		verdict, err = s.limits.take(ctx, ratelimit.Request{Subject: subject, Charges: []ratelimit.Charge{s.limits.mailed()}})
		if err != nil {
			return verdict, models.Errorf(models.Unavailable, "Mails cannot be asked for at the moment. Try again.").Because(err)
		}
		if subject == mailbox {
			break
		}
		if err = judge(ctx, verdict); err != nil {
			return verdict, err
		}
	}
	return verdict, nil
}
