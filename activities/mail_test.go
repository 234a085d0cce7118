package activities_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/mail"
	"github.com/lyoapp/lyo/activities/mail/mailtest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// postOffice is MailActivities with a fake mail server.
type postOffice struct {
	*activities.MailActivities
	t      *testing.T
	server *mailtest.Server
	logs   *bytes.Buffer
	user   uuid.UUID
}

func newPostOffice(t *testing.T) *postOffice {
	t.Helper()
	p := &postOffice{t: t, server: mailtest.New(t, mailtest.Behaviour{}), logs: &bytes.Buffer{}, user: store.NewID()}
	clock := func() time.Time { return arrived.Add(time.Minute) }
	mailer, err := mail.New(mail.Options{
		SMTPURL: p.server.URL(), From: "Lyo <hello@lyo.test>", Clock: clock,
		Log: slog.New(slog.NewJSONHandler(p.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	pending := "New@example.com"
	p.MailActivities = &activities.MailActivities{
		DB: storetest.New(t), Mailer: mailer, Tokens: accounts.NewMailTokens("a test key of thirty-two characters"), Clock: clock,
	}
	require.NoError(t, p.DB.Create(&accounts.User{
		ID: p.user, Email: "Ada@example.com", PendingEmail: &pending, FullName: "Ada\r\nBcc: eve@example.com", PasswordHash: "-", Locale: "en", Timezone: "UTC",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: arrived, UpdatedAt: arrived,
	}).Error)
	return p
}

// queue stores a mail that is valid for two hours.
func (p *postOffice) queue(kind accounts.MailKind, user *uuid.UUID, address string) (id uuid.UUID, token string) {
	p.t.Helper()
	row := accounts.Mail{ID: store.NewID(), UserID: user, Kind: kind, Address: address, CreatedAt: arrived, ExpiresAt: arrived.Add(2 * time.Hour)}
	if kind.CarriesToken() {
		token = p.Tokens.Of(row.ID)
		row.TokenHash = accounts.HashMailToken(token)
	}
	require.NoError(p.t, p.DB.Create(&row).Error)
	return row.ID, token
}

func (p *postOffice) row(id uuid.UUID) (accounts.Mail, bool) {
	p.t.Helper()
	var row accounts.Mail
	err := p.DB.First(&row, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, false
	}
	require.NoError(p.t, err)
	return row, true
}

func TestEveryKindOfMailIsSentOnce(t *testing.T) {
	t.Parallel()
	p := newPostOffice(t)
	for n, row := range []struct {
		kind accounts.MailKind
		user *uuid.UUID
		from string
		to   string
		good string
	}{
		{accounts.MailVerify, &p.user, "ada@example.com", "Ada@example.com", "good for 2 hours, once"},
		{accounts.MailReset, nil, "ADA@example.com", "Ada@example.com", "good for 2 hours, once"},
		{accounts.MailRestore, &p.user, "old@example.com", "old@example.com", "good for 2 hours, once"},
		{accounts.MailPasswordChanged, &p.user, "ada@example.com", "ada@example.com", "password was changed"},
		{accounts.MailChange, &p.user, "new@example.com", "New@example.com", "good for 2 hours, once"},
		{accounts.MailChangeRequested, &p.user, "ada@example.com", "Ada@example.com", "wants it to have another"},
		{accounts.MailSignInAttempts, &p.user, "ada@example.com", "ada@example.com", "wrong passwords were tried"},
	} {
		id, token := p.queue(row.kind, row.user, row.from)
		require.NoError(t, p.SendMail(t.Context(), id))
		require.NoError(t, p.SendMail(t.Context(), id), "twice is once")
		got := p.server.Accepted()
		require.Len(t, got, n+1)
		sent := got[n]
		require.Equal(t, row.to, sent.To)
		require.Contains(t, sent.Raw, "Message-ID: <"+id.String()+"@lyo.test>\n")
		require.Contains(t, sent.Raw, row.good)
		if token != "" {
			require.Contains(t, strings.Split(sent.Raw, "\n"), "    "+token)
		}
		head, _, _ := strings.Cut(sent.Raw, "\n\n")
		require.NotContains(t, head, "Bcc", "a name is no header")
		require.NotContains(t, sent.Raw, "eve@example.com")
		stored, _ := p.row(id)
		require.NotNil(t, stored.SentAt)
		require.Equal(t, &p.user, stored.UserID)
	}
	require.Empty(t, p.logs.String())
}

func TestLinksLeadToTheApp(t *testing.T) {
	t.Parallel()
	p := newPostOffice(t)
	p.AppURL = "https://app.lyo.test"
	id, token := p.queue(accounts.MailReset, nil, "ada@example.com")
	require.NoError(t, p.SendMail(t.Context(), id))
	raw := strings.ReplaceAll(p.server.Accepted()[0].Raw, "=\n", "") // quoted-printable
	require.Contains(t, raw, "https://app.lyo.test/reset-password?token=3D"+token)
}

func TestWhatNobodyWaitsForIsNotSent(t *testing.T) {
	t.Parallel()
	p := newPostOffice(t)
	nobodys, _ := p.queue(accounts.MailReset, nil, "nobody@example.com")
	former, _ := p.queue(accounts.MailVerify, &p.user, "former@example.com")
	late, _ := p.queue(accounts.MailVerify, &p.user, "ada@example.com")
	require.NoError(t, p.DB.Exec("UPDATE mails SET expires_at = created_at WHERE id = ?", late).Error)
	for _, id := range []uuid.UUID{nobodys, former, late, store.NewID(), nobodys} {
		require.NoError(t, p.SendMail(t.Context(), id))
	}
	require.Zero(t, p.server.Calls())
	_, there := p.row(nobodys)
	require.False(t, there, "an address that is nobody's is not kept")
	for _, id := range []uuid.UUID{former, late} {
		row, there := p.row(id)
		require.True(t, there)
		require.Nil(t, row.SentAt)
	}
}

func TestServersThatDoNotTakeTheMail(t *testing.T) {
	t.Parallel()
	p := newPostOffice(t)
	for _, row := range []struct {
		how   mailtest.Behaviour
		kind  string
		final bool
	}{
		{mailtest.Behaviour{Greeting: "421 later"}, "unavailable", false},
		{mailtest.Behaviour{Rcpt: "450 later"}, "unavailable", false},
		{mailtest.Behaviour{Drop: true}, "unavailable", false},
		{mailtest.Behaviour{Rcpt: "550 ada@example.com unknown"}, activities.FailureMailRefused, true},
		{mailtest.Behaviour{NeedAuth: true}, "unavailable", false},
		{mailtest.Behaviour{Greeting: "554 not you"}, "unavailable", false},
		{mailtest.Behaviour{Data: "554 spam"}, activities.FailureMailRefused, true},
	} {
		p.server.Behave(row.how)
		id, token := p.queue(accounts.MailReset, nil, "ada@example.com")
		err := p.SendMail(t.Context(), id)
		requireFailure(t, err, row.kind, row.final)
		for cause := err; cause != nil; cause = errors.Unwrap(cause) { // all of it goes into the history
			require.NotContains(t, cause.Error(), token)
			require.NotContains(t, cause.Error(), "example.com")
		}
		stored, _ := p.row(id)
		require.Nil(t, stored.SentAt)
		p.server.Behave(mailtest.Behaviour{})
		before := len(p.server.Accepted())
		require.NoError(t, p.SendMail(t.Context(), id), "another try")
		require.Contains(t, p.server.Accepted()[before].Raw, token)
	}
}

// TestTheAccountIsToldOfARefusal checks that only what is refused for good, and not because of us, is said, once, and not of former addresses.
func TestTheAccountIsToldOfARefusal(t *testing.T) {
	t.Parallel()
	p := newPostOffice(t)
	inbox := func() []notify.Notification {
		list, err := notify.ListNotifications(t.Context(), p.DB, p.user, notify.InboxFilter{Limit: 10})
		require.NoError(t, err)
		return list
	}
	verify, _ := p.queue(accounts.MailVerify, &p.user, "ada@example.com")
	restore, _ := p.queue(accounts.MailRestore, &p.user, "old@example.com")
	for _, later := range []mailtest.Behaviour{{Rcpt: "450 later"}, {NeedAuth: true}, {Sender: "550 not from there"}, {Greeting: "554 not you"}} {
		p.server.Behave(later)
		require.Error(t, p.SendMail(t.Context(), verify))
		require.Empty(t, inbox())
	}
	p.server.Behave(mailtest.Behaviour{Rcpt: "550 unknown"})
	for range 2 {
		requireFailure(t, p.SendMail(t.Context(), verify), activities.FailureMailRefused, true)
		requireFailure(t, p.SendMail(t.Context(), restore), activities.FailureMailRefused, true)
	}
	told := inbox()
	require.Len(t, told, 1)
	require.Equal(t, notify.NotifyMailRefused, told[0].Kind)
	require.Equal(t, "Our mail to Ada@example.com was refused for good. Check the address, or ask for another mail later.", told[0].Body)
	require.Equal(t, map[string]string{"type": "mail_refused", "mail": "verify_email"}, told[0].Data)
}

func TestANoteLostInACrashIsARepeatThatShows(t *testing.T) {
	t.Parallel()
	p := newPostOffice(t)
	id, token := p.queue(accounts.MailVerify, &p.user, "ada@example.com")
	require.NoError(t, p.SendMail(t.Context(), id))
	require.NoError(t, p.DB.Exec("UPDATE mails SET sent_at = NULL").Error)
	require.NoError(t, p.SendMail(t.Context(), id))
	for _, sent := range p.server.Accepted() {
		require.Contains(t, sent.Raw, "Message-ID: <"+id.String()+"@lyo.test>\n")
		require.Contains(t, sent.Raw, token)
	}
	require.Len(t, p.server.Accepted(), 2)
}

func TestAStoppingWorkerLetsGoOfTheServer(t *testing.T) {
	t.Parallel()
	p := newPostOffice(t)
	p.server.Behave(mailtest.Behaviour{Stall: true})
	id, _ := p.queue(accounts.MailVerify, &p.user, "ada@example.com")
	ctx, cancel := context.WithCancel(t.Context())
	out := make(chan error, 1)
	go func() { out <- p.SendMail(ctx, id) }()
	<-p.server.Stalled()
	cancel()
	require.ErrorIs(t, <-out, context.Canceled)
	row, _ := p.row(id)
	require.Nil(t, row.SentAt)
}

// lastWord is a mailer whose worker begins to stop as soon as the mail is sent.
type lastWord struct {
	activities.Mailer
	stop func()
}

func (l lastWord) Send(ctx context.Context, message mail.Message) error {
	defer l.stop()
	return l.Mailer.Send(ctx, message)
}

func TestAMailThatIsOutIsNotedByAStoppingWorker(t *testing.T) {
	t.Parallel()
	p := newPostOffice(t)
	id, _ := p.queue(accounts.MailVerify, &p.user, "ada@example.com")
	ctx, stop := context.WithCancel(t.Context())
	p.Mailer = lastWord{p.Mailer, stop}
	require.NoError(t, p.SendMail(ctx, id))
	require.Error(t, ctx.Err())
	row, _ := p.row(id)
	require.NotNil(t, row.SentAt)
	require.Len(t, p.server.Accepted(), 1)
}
