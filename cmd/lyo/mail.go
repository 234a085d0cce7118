package main

import (
	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/mail"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// mailing returns the mailer of this process.
func (a *app) mailing() (*activities.MailActivities, error) {
	mailer, err := mail.New(mail.Options{
		SMTPURL: a.cfg.Mail.SMTPURL.Reveal(), From: a.cfg.Mail.From, Dir: a.cfg.Mail.Dir, Clock: clock, Log: a.log,
	})
	return &activities.MailActivities{
		DB: a.db, Mailer: mailer, Tokens: accounts.NewMailTokens(a.cfg.HTTP.CursorKey.Reveal()), AppURL: a.cfg.Mail.AppURL,
		Enqueuer: outbox.NewEnqueuer(clock), Clock: clock,
	}, err
}
