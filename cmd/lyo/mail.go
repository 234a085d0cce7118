package main

import (
	"log/slog"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/mail"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// mailing returns the mailer of this process.
func (a *app) mailing() (*activities.MailActivities, error) {
	mailer, err := newMailer(a.cfg.Mail, a.log)
	return &activities.MailActivities{
		DB: a.db, Mailer: mailer, Tokens: accounts.NewMailTokens(a.cfg.HTTP.CursorKey.Reveal()), AppURL: a.cfg.Mail.AppURL,
		Enqueuer: outbox.NewEnqueuer(clock), Clock: clock,
	}, err
}

func newMailer(c config.Mail, log *slog.Logger) (*mail.Mailer, error) {
	return mail.New(mail.Options{SMTPURL: c.SMTPURL.Reveal(), From: c.From, Dir: c.Dir, Clock: clock, Log: log})
}
