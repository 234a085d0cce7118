package main

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/mail/mailtest"
	"github.com/lyoapp/lyo/config"
)

func TestTheDoctorSignsInToTheMailServer(t *testing.T) {
	t.Parallel()
	s := mailtest.New(t, mailtest.Behaviour{NeedAuth: true})
	ask := func(password string) finding {
		address := config.Secret("smtp://" + mailtest.User + ":" + password + "@" + s.Address())
		return (&doctor{cfg: config.Config{Mail: config.Mail{SMTPURL: address, From: "lyo@lyo.test"}}, log: slog.New(slog.DiscardHandler)}).mail(t.Context())
	}
	require.Equal(t, fine, ask(mailtest.Password).Status)
	found := ask("another-secret")
	require.Equal(t, fault, found.Status)
	require.Equal(t, "the server does not take our user and password (535)", found.Says)
}
