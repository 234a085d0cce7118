package mail_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/mail"
	"github.com/lyoapp/lyo/activities/mail/mailtest"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const token = "abcdefghijklmnopqrstuvwxyz234567"

func letter() mail.Message {
	return mail.Message{
		ID: "0195-7f", Kind: mail.Verify, To: "ada@example.com", Subject: "Größe",
		Text: "Hello Ada,\n\n    " + token + "\n", HTML: "<p>Hello Ada</p>",
	}
}

// mailer returns one whose log is recorded.
func mailer(t *testing.T, o mail.Options) (*mail.Mailer, *bytes.Buffer) {
	t.Helper()
	logs := &bytes.Buffer{}
	o.From, o.Clock = "Lyo <hello@lyo.test>", func() time.Time { return at }
	o.Log = slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	m, err := mail.New(o)
	require.NoError(t, err)
	return m, logs
}

// named returns options to reach the server by the name in its certificate.
func named(s *mailtest.Server, url string) mail.Options {
	return mail.Options{SMTPURL: url, SMTP: &mail.Wiring{Dial: s.Dial, TLS: s.TLS()}}
}

const signedIn = mailtest.User + ":" + mailtest.Password + "@"

func TestAMailArrives(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		how      mailtest.Behaviour
		url      string
		loopback bool
		tls      bool
		user     string
	}{
		"starttls":               {url: "smtp://" + mailtest.Host, tls: true},
		"starttls and password":  {how: mailtest.Behaviour{NeedAuth: true}, url: "smtp://" + signedIn + mailtest.Host + ":2525", tls: true, user: mailtest.User},
		"tls and password":       {how: mailtest.Behaviour{NeedAuth: true, Implicit: true}, url: "smtps://" + signedIn + mailtest.Host, tls: true, user: mailtest.User},
		"loopback":               {loopback: true, tls: true},
		"loopback, no starttls":  {how: mailtest.Behaviour{NoStartTLS: true}, loopback: true},
		"loopback and password":  {how: mailtest.Behaviour{NeedAuth: true}, url: signedIn, loopback: true, tls: true, user: mailtest.User},
		"password, no starttls":  {how: mailtest.Behaviour{NeedAuth: true, NoStartTLS: true}, url: signedIn, loopback: true, user: mailtest.User},
		"a rude goodbye":         {how: mailtest.Behaviour{Goodbye: "-"}, url: "smtp://" + mailtest.Host, tls: true},
		"a goodbye that refuses": {how: mailtest.Behaviour{Goodbye: "500 no"}, url: "smtp://" + mailtest.Host, tls: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.New(t, row.how)
			o := named(s, row.url)
			if row.loopback {
				o = mail.Options{SMTPURL: "smtp://" + row.url + s.Address()}
			}
			m, _ := mailer(t, o)
			require.NoError(t, m.Send(t.Context(), letter()))
			require.NoError(t, m.Send(t.Context(), letter()))
			got := s.Accepted()
			require.Len(t, got, 2)
			require.Equal(t, "hello@lyo.test", got[0].From)
			require.Equal(t, "ada@example.com", got[0].To)
			require.Equal(t, row.tls, got[0].TLS)
			require.Equal(t, row.user, got[0].User)
			for _, line := range []string{
				"Message-ID: <0195-7f@lyo.test>", `From: "Lyo" <hello@lyo.test>`, "To: <ada@example.com>",
				"Subject: =?UTF-8?q?Gr=C3=B6=C3=9Fe?=", "Auto-Submitted: auto-generated", "Date: Sun, 01 Mar 2026 12:00:00 +0000", "    " + token,
			} {
				require.Contains(t, strings.Split(got[0].Raw, "\n"), line)
				require.Contains(t, strings.Split(got[1].Raw, "\n"), line)
			}
			require.Contains(t, got[0].Raw, "<p>Hello Ada</p>")
			require.NotContains(t, got[0].Raw, "go-mail")
		})
	}
}

func TestServersThatRefuse(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		how       mailtest.Behaviour
		url       string
		permanent bool
		status    int
		reason    string
	}{
		"greeted with 421":          {how: mailtest.Behaviour{Greeting: "421 later"}, status: 421, reason: "refuses us"},
		"greeted with 554":          {how: mailtest.Behaviour{Greeting: "554 never"}, status: 554, reason: "refuses us"},
		"wrong password":            {url: "smtp://lyo:another-secret@" + mailtest.Host, status: 535, reason: "our user and password"},
		"a password refused":        {how: mailtest.Behaviour{Auth: "535 5.7.8 no"}, url: "smtp://" + signedIn + mailtest.Host, status: 535, reason: "our user and password"},
		"no time for the password":  {how: mailtest.Behaviour{Auth: "454 4.7.0 later"}, url: "smtp://" + signedIn + mailtest.Host, status: 454, reason: "refuses us"},
		"password needed":           {how: mailtest.Behaviour{NeedAuth: true}, status: 530, reason: "our user and password"},
		"sender refused":            {how: mailtest.Behaviour{Sender: "550 5.1.8 hello@lyo.test?"}, status: 550, reason: "refuses the sender"},
		"recipient greylisted":      {how: mailtest.Behaviour{Rcpt: "450 4.2.1 ada@example.com later"}, status: 450, reason: "refuses the recipient"},
		"recipient unknown":         {how: mailtest.Behaviour{Rcpt: "550 5.1.1 ada@example.com?"}, permanent: true, status: 550, reason: "refuses the recipient"},
		"closing at the recipient":  {how: mailtest.Behaviour{Rcpt: "421 4.3.2 going down"}, status: 421, reason: "refuses the recipient"},
		"recipient, not signed in":  {how: mailtest.Behaviour{Rcpt: "530 5.7.0 sign in first"}, status: 530, reason: "our user and password"},
		"mail refused":              {how: mailtest.Behaviour{Data: "550 5.7.1 spam: " + token}, permanent: true, status: 550, reason: "refuses the mail"},
		"mail put off":              {how: mailtest.Behaviour{Data: "452 4.3.1 full"}, status: 452, reason: "refuses the mail"},
		"hung up within the mail":   {how: mailtest.Behaviour{Drop: true}, reason: "connection to the server broke"},
		"no STARTTLS":               {how: mailtest.Behaviour{NoStartTLS: true}, reason: "offers no STARTTLS"},
		"no STARTTLS, but password": {how: mailtest.Behaviour{NoStartTLS: true}, url: "smtp://" + signedIn + mailtest.Host, reason: "offers no STARTTLS"},
		"plain where TLS should be": {url: "smtps://" + mailtest.Host, reason: "connection to the server broke"},
		"another's certificate":     {url: "smtp://other.example.test", reason: "certificate is not trusted"},
		"another's, at once":        {how: mailtest.Behaviour{Implicit: true}, url: "smtps://other.example.test", reason: "certificate is not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.New(t, row.how)
			if row.url == "" {
				row.url = "smtp://" + mailtest.Host
			}
			m, logs := mailer(t, named(s, row.url))
			err := m.Send(t.Context(), letter())
			var fault *mail.Error
			require.ErrorAs(t, err, &fault)
			require.Equal(t, row.permanent, fault.Permanent, err)
			require.Equal(t, row.status, fault.Status, err)
			require.Contains(t, err.Error(), row.reason)
			for _, secret := range []string{token, "ada@", mailtest.Password, "another-secret"} {
				require.NotContains(t, err.Error()+logs.String(), secret)
			}
			require.Empty(t, s.Accepted())
			s.Behave(mailtest.Behaviour{Implicit: row.how.Implicit})
			if !row.permanent && !strings.Contains(row.url, "another-secret") && row.reason != "certificate is not trusted" && !strings.HasPrefix(row.url, "smtps") {
				require.NoError(t, m.Send(t.Context(), letter()), "another try on a connection of its own")
			}
		})
	}
}

func TestSigningInIsChecked(t *testing.T) {
	t.Parallel()
	s := mailtest.New(t, mailtest.Behaviour{NeedAuth: true})
	m, _ := mailer(t, mail.Options{SMTPURL: "smtp://" + signedIn + s.Address()})
	require.NoError(t, m.Check(t.Context()))
	m, _ = mailer(t, mail.Options{SMTPURL: "smtp://lyo:another-secret@" + s.Address()})
	require.EqualError(t, m.Check(t.Context()), "mail: the server does not take our user and password (535)")
	m, _ = mailer(t, mail.Options{Dir: t.TempDir()})
	require.NoError(t, m.Check(t.Context()))
	require.Empty(t, s.Accepted())
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	m, _ := mailer(t, mail.Options{SMTPURL: "smtp://127.0.0.1:1"})
	var fault *mail.Error
	require.ErrorAs(t, m.Send(t.Context(), letter()), &fault)
	require.False(t, fault.Permanent)
	require.Contains(t, fault.Error(), "cannot be reached")
}

func TestAServerThatStallsIsLeft(t *testing.T) {
	t.Parallel()
	s := mailtest.New(t, mailtest.Behaviour{Stall: true})
	m, _ := mailer(t, mail.Options{SMTPURL: s.URL()})
	ctx, cancel := context.WithCancel(t.Context())
	out := make(chan error, 1)
	go func() { out <- m.Send(ctx, letter()) }()
	<-s.Stalled()
	cancel()
	err := <-out
	require.ErrorIs(t, err, context.Canceled)
	var fault *mail.Error
	require.ErrorAs(t, err, &fault)
	require.False(t, fault.Permanent)

	ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, m.Send(ctx, letter()), context.DeadlineExceeded)
	require.Equal(t, 2, s.Calls())
}

func TestOptionsThatCannotWork(t *testing.T) {
	t.Parallel()
	clock := func() time.Time { return at }
	for _, o := range []mail.Options{
		{From: "hello@lyo.test", Clock: clock},
		{From: "hello@lyo.test", Clock: clock, Log: slog.New(slog.DiscardHandler)},
		{From: "hello@lyo.test", Log: slog.New(slog.DiscardHandler)},
		{From: "nobody", Clock: clock, Log: slog.New(slog.DiscardHandler)},
		{From: "hello@lyo.test\r\nBcc: eve@example.com", Clock: clock, Log: slog.New(slog.DiscardHandler)},
		{From: "hello@lyo.test", Clock: clock, Log: slog.New(slog.DiscardHandler), SMTPURL: "http://lyo:s3cret@host"},
		{From: "hello@lyo.test", Clock: clock, Log: slog.New(slog.DiscardHandler), SMTPURL: "smtp://lyo:s3cret@"},
		{From: "hello@lyo.test", Clock: clock, Log: slog.New(slog.DiscardHandler), SMTPURL: "smtp://lyo:s3cret@host:99999"},
		{From: "hello@lyo.test", Clock: clock, Log: slog.New(slog.DiscardHandler), SMTPURL: "smtp://lyo:s3cret\x7f@host"},
	} {
		_, err := mail.New(o)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func TestNothingSlipsIntoTheHeader(t *testing.T) {
	t.Parallel()
	s := mailtest.New(t, mailtest.Behaviour{})
	m, _ := mailer(t, mail.Options{SMTPURL: s.URL()})
	for name, change := range map[string]func(*mail.Message){
		"another header":     func(l *mail.Message) { l.To = "ada@example.com\r\nBcc: eve@example.com" },
		"another line":       func(l *mail.Message) { l.To = "ada@example.com\n" },
		"a second recipient": func(l *mail.Message) { l.To = "ada@example.com, eve@example.com" },
		"a name":             func(l *mail.Message) { l.To = "Ada <ada@example.com>" },
		"a folded recipient": func(l *mail.Message) { l.To = "ada@example.com\r\n eve@example.com" },
		"nobody":             func(l *mail.Message) { l.To = "" },
		"subject":            func(l *mail.Message) { l.Subject = "Hi\r\nBcc: eve@example.com" },
		"id":                 func(l *mail.Message) { l.ID = "1>\r\nBcc: eve@example.com" },
		"no id":              func(l *mail.Message) { l.ID = "" },
	} {
		message := letter()
		change(&message)
		var fault *mail.Error
		require.ErrorAs(t, m.Send(t.Context(), message), &fault, name)
		require.True(t, fault.Permanent, name)
		require.NotContains(t, fault.Error(), "example.com", name)
	}
	require.Zero(t, s.Calls())
}
