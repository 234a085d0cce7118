package activities

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/mail"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// FailureMailRefused is the type of a failure that the mail server will repeat.
const FailureMailRefused = "mail_refused"

// Mailer sends a mail to the mail server. Failures are *mail.Error.
type Mailer interface {
	Send(ctx context.Context, message mail.Message) error
}

// MailActivities sends the mails that handlers and workflows have queued.
type MailActivities struct {
	DB     *gorm.DB
	Mailer Mailer
	Tokens accounts.MailTokens
	AppURL string // base of links; empty: mails contain the bare token
	// Enqueuer pushes the word that a mail was refused.
	Enqueuer notify.Enqueuer
	Clock    func() time.Time
}

// SendMail sends a mail that is still valid. Key: the mail's id; a sent one is not sent
// again, unless recording it failed in a crash: then it is, with the same Message-ID and
// the same token. A permanent refusal by the mail server is not retried, and said in the user's inbox. A mail
// requested for an address without an account is deleted.
func (m *MailActivities) SendMail(ctx context.Context, id uuid.UUID) error {
	letter, ok, err := accounts.MailToSend(ctx, m.DB, id, m.Clock())
	if err != nil {
		return toApplicationError(err)
	}
	if !ok {
		return toApplicationError(accounts.DropMail(ctx, m.DB, id))
	}
	message, err := m.write(letter)
	if err != nil {
		return toApplicationError(err)
	}
	if err := m.Mailer.Send(ctx, message); err != nil {
		if fault, ok := errors.AsType[*mail.Error](err); ok && fault.Permanent {
			if err := m.reportRefusal(ctx, letter); err != nil {
				return toApplicationError(err) // and the next try tells
			}
		}
		return undelivered(err)
	}
	return toApplicationError(m.note(ctx, letter))
}

// reportRefusal writes into the user's inbox that a mail was refused for good. A mail to an earlier address of the account
// is passed over: whoever has the account now need not learn of that address.
func (m *MailActivities) reportRefusal(ctx context.Context, letter accounts.RenderedMail) error {
	if letter.Mail.Kind == accounts.MailRestore {
		return nil
	}
	return m.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return notify.Notify(tx, notify.Notification{
			UserID: letter.User.ID, Kind: notify.NotifyMailRefused, CreatedAt: m.Clock(), Title: "A mail could not be delivered",
			Body: "Our mail to " + letter.To + " was refused for good. Check the address, or ask for another mail later.",
			Data: map[string]string{"type": string(notify.NotifyMailRefused), "mail": string(letter.Mail.Kind)},
		}, letter.Mail.ID.String(), m.Enqueuer)
	})
}

// noteWithin bounds recording that a mail was sent.
const noteWithin = 5 * time.Second

// note also runs when the worker is stopping, since the mail has been sent.
func (m *MailActivities) note(ctx context.Context, letter accounts.RenderedMail) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	return accounts.MarkSent(ctx, m.DB, letter, m.Clock())
}

// write returns the message of a mail. Its token is derived here and stored nowhere else.
func (m *MailActivities) write(letter accounts.RenderedMail) (mail.Message, error) {
	row := letter.Mail
	facts := mail.Facts{Name: letter.User.FullName, AppURL: m.AppURL, GoodFor: row.ExpiresAt.Sub(row.CreatedAt)}
	if row.TokenHash != nil {
		facts.Token = m.Tokens.Of(row.ID)
	}
	message, err := mail.Compose(mail.Kind(row.Kind), facts)
	message.ID, message.To = row.ID.String(), letter.To
	return message, err
}

// undelivered returns the failure of a delivery, marked retryable or not.
func undelivered(err error) error {
	fault, ok := errors.AsType[*mail.Error](err)
	switch {
	case !ok || errors.Is(err, context.Canceled):
		return toApplicationError(err)
	case fault.Permanent:
		return failure("The mail was refused.", FailureMailRefused, err, true, 0)
	}
	return failure("The mail could not be sent yet.", string(store.Unavailable), err, false, 0)
}
