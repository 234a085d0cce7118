package activities

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/mail"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// FailureMailRefused is the type of a failure that the mail server will repeat.
const FailureMailRefused = "mail_refused"

// Mailer hands a mail over. Failures are *mail.Error.
type Mailer interface {
	Send(ctx context.Context, message mail.Message) error
}

// MailActivities sends the mails that handlers and workflows have queued.
type MailActivities struct {
	DB     *gorm.DB
	Mailer Mailer
	Tokens accounts.MailTokens
	AppURL string // where links lead; empty: mails hold the bare token
	Clock  func() time.Time
}

// SendMail sends a mail, if there is still a reason to. Key: the mail's id; one that
// was sent is not sent again. When the note of it is lost in a crash it is, with the
// same Message-ID and the same token. What the mail server refuses for good is not
// tried again. A mail that was asked for with nobody's address is forgotten.
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
		return undelivered(err)
	}
	return toApplicationError(m.note(ctx, letter))
}

// noteWithin is how long noting that a mail was sent may take.
const noteWithin = 5 * time.Second

// note goes on when the worker is told to stop, since the mail is out by then.
func (m *MailActivities) note(ctx context.Context, letter accounts.RenderedMail) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	return accounts.MarkSent(ctx, m.DB, letter, m.Clock())
}

// write is what the letter says. Its token is made here and stays in it.
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

// undelivered says of a failed hand-over whether trying again makes sense.
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
