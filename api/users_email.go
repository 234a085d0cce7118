package api

import (
	"context"

	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// emailChange is what a requested change of address was charged for.
type emailChange struct {
	charged bool
	room    bool // the new mailbox may have a mail
}

// countEmailChange charges a change of address. The caller's address is charged as for a registration,
// because the answer reveals whether the new address has an account. The mails that follow are charged
// to the caller's address, the user and both mailboxes. The account's own address, and the one that is
// pending already, cost nothing.
func (s *Server) countEmailChange(ctx context.Context, address *string) (asked emailChange, err error) {
	if address == nil {
		return asked, nil
	}
	user, err := accounts.FindUser(ctx, s.DB, rest.PrincipalOf(ctx).UserID)
	if err != nil || accounts.SameAddress(user.Email, *address) || user.Pends(*address) {
		return asked, err
	}
	asked.charged = true
	asked.room, err = s.countStrangersMail(ctx, *address,
		ratelimit.Charge{Policy: s.limits.register, Cost: 1}, s.limits.mailed(rest.CallerAddress(ctx)),
		s.limits.mailed(ratelimit.User(user.ID)), s.limits.mailed(toMailbox(user.Email)))
	return asked, err
}

// emailRequested writes the audit entry and queues mails to both mailboxes about the pending address.
// It returns Conflict when nothing was charged, because the account changed meanwhile.
func (s *Server) emailRequested(ctx context.Context, tx *gorm.DB, before, after accounts.User, asked emailChange) error {
	if after.PendingEmail == nil || before.Pends(*after.PendingEmail) {
		return nil
	}
	if !asked.charged {
		return store.Errorf(store.Conflict, "The e-mail address was changed at this moment, from somewhere else.")
	}
	if err := store.Audit(ctx, tx, s.AuditEntry(ctx, store.AuditEmailRequested, after.ID, nil)); err != nil {
		return err
	}
	mail, message := s.mailTo(accounts.MailChangeRequested, &after.ID, after.Email)
	if err := accounts.QueueMail(ctx, tx, mail, message); err != nil || !asked.room {
		return err
	}
	mail, message = s.mailTo(accounts.MailChange, &after.ID, *after.PendingEmail)
	return accounts.QueueMail(ctx, tx, mail, message)
}
