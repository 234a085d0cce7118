package mail

import (
	"context"
	"errors"
	"log/slog"
	"net/mail"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Options configure a Mailer.
type Options struct {
	// SMTPURL is smtp://user:password@host:587, which requires STARTTLS unless the
	// host is a loopback address, where it is used when offered, or smtps://host:465. Empty:
	// mails are written into Dir.
	SMTPURL string
	// From is an address, with a name or without.
	From  string
	Dir   string // created with the first mail
	Clock func() time.Time
	Log   *slog.Logger
	// SMTP is nil except in tests.
	SMTP *Wiring
}

// Message is a mail to one recipient.
type Message struct {
	// ID identifies the mail. The Message-ID is derived from it, so a repeat can be recognised.
	ID      string
	Kind    Kind
	To      string // a bare address
	Subject string
	Text    string
	HTML    string // the same for clients that show it; may be empty
}

// Mailer sends mails. It is safe for concurrent use and keeps no connection.
type Mailer struct {
	from    *mail.Address
	clock   func() time.Time
	deliver func(context.Context, Message, *gomail.Msg) error
	check   func(context.Context) error
}

// New checks the options; no server is contacted. No error contains the password.
func New(o Options) (*Mailer, error) {
	if o.Clock == nil || o.Log == nil {
		return nil, errors.New("mail: Clock and Log are needed")
	}
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, errors.New("mail: the sender is not an e-mail address")
	}
	m := &Mailer{from: from, clock: o.Clock}
	if o.SMTPURL == "" {
		if o.Dir == "" {
			return nil, errors.New("mail: there is neither a server nor a folder")
		}
		m.deliver = folder{dir: o.Dir, clock: o.Clock, log: o.Log}.deliver
		m.check = func(context.Context) error { return nil }
		return m, nil
	}
	server, err := newServer(o)
	m.deliver, m.check = server.deliver, server.check
	return m, err
}

// Check greets the server and signs in, and sends nothing. Errors are *Error. A folder is not checked.
func (m *Mailer) Check(ctx context.Context) error { return m.check(ctx) }

// Send delivers the mail to the server. Without an error the server has taken
// responsibility for it, or the file is on the disk. Errors are *Error. After one the
// mail may have been sent all the same, if the connection broke at the wrong moment; a
// repeat has the same Message-ID.
func (m *Mailer) Send(ctx context.Context, message Message) error {
	built, err := m.build(message)
	if err != nil {
		return err
	}
	return m.deliver(ctx, message, built)
}
