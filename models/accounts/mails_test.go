package accounts_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

var mailTokens = accounts.NewMailTokens("a test key of thirty-two characters")

// post queues a mail that is good for an hour from start and returns it and its token.
func post(t *testing.T, db *gorm.DB, kind accounts.MailKind, user *uuid.UUID, address string, at ...time.Time) (accounts.Mail, []byte) {
	t.Helper()
	mail, message := noticeTo(user, address)
	mail.Kind = kind
	if len(at) > 0 {
		mail.CreatedAt, mail.ExpiresAt = at[0], at[0].Add(time.Hour)
	}
	mail.TokenHash = accounts.HashMailToken(mailTokens.Of(mail.ID))
	require.NoError(t, accounts.QueueMail(t.Context(), db, mail, message))
	_, found, err := store.FindMessage(t.Context(), db, message.ID)
	require.NoError(t, err)
	require.True(t, found)
	return mail, mail.TokenHash
}

func noticeTo(user *uuid.UUID, address string) (accounts.Mail, store.OutboxMessage) {
	mail := accounts.Mail{
		ID: store.NewID(), UserID: user, Kind: accounts.MailPasswordChanged, Address: address, CreatedAt: fixture.Start, ExpiresAt: fixture.Start.Add(time.Hour),
	}
	return mail, store.OutboxMessage{
		ID: store.NewID(), Action: store.OutboxStart, Workflow: "SendMail", WorkflowID: "send-mail/" + mail.ID.String(),
		Input: []byte("{}"), SearchAttributes: map[string]string{}, CreatedAt: fixture.Start, DueAt: fixture.Start,
	}
}

func stored(t *testing.T, db *gorm.DB, id uuid.UUID) (mail accounts.Mail, there bool) {
	t.Helper()
	var found []accounts.Mail
	require.NoError(t, db.Find(&found, "id = ?", id).Error)
	if len(found) == 0 {
		return mail, false
	}
	return found[0], true
}

func TestTokensFollowFromTheMail(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse("01937f0e-0000-7000-8000-000000000001")
	token := mailTokens.Of(id)
	require.Regexp(t, `^[a-z2-7]{32}$`, token)
	require.Equal(t, token, accounts.NewMailTokens("a test key of thirty-two characters").Of(id), "the same in every process")
	require.NotEqual(t, token, mailTokens.Of(uuid.MustParse("01937f0e-0000-7000-8000-000000000002")))
	require.NotEqual(t, token, accounts.NewMailTokens("another key of thirty-two letters").Of(id))
	hash := accounts.HashMailToken(token)
	require.Len(t, hash, 32)
	require.Equal(t, hash, accounts.HashMailToken("  "+strings.ToUpper(token)+"\r\n"), "typed by hand")
	require.NotEqual(t, hash, accounts.HashMailToken(token[1:]))
	require.NotContains(t, hex.EncodeToString(hash), token)
}

func TestAMailAndItsMessageAreOneTransaction(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user := fixture.AddUser(t, db)
	mail, message := noticeTo(&user, "ada@example.com")
	message.Input = []byte("no JSON")
	require.Error(t, accounts.QueueMail(t.Context(), db, mail, message))
	_, there := stored(t, db, mail.ID)
	require.False(t, there)
}

func TestWhatIsSentAndToWhom(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user := fixture.SignedUp(t, db, "Ada@Example.com", fixture.Start).UserID
	off := fixture.SignedUp(t, db, "off@example.com", fixture.Start).UserID
	require.NoError(t, db.Exec("UPDATE users SET is_active = false WHERE id = ?", off).Error)
	for name, row := range map[string]struct {
		kind    accounts.MailKind
		user    *uuid.UUID
		address string
		column  string // set to a time before sending
		late    bool
		to      string // empty: nothing is sent
	}{
		"verify":                      {kind: accounts.MailVerify, user: &user, address: "ada@example.com", to: "Ada@Example.com"},
		"verify another address":      {kind: accounts.MailVerify, user: &user, address: "eve@example.com"},
		"verify for nobody":           {kind: accounts.MailVerify, address: "ada@example.com"},
		"restore":                     {kind: accounts.MailRestore, user: &user, address: "old@example.com", to: "old@example.com"},
		"restore for nobody":          {kind: accounts.MailRestore, address: "ada@example.com"},
		"notice":                      {kind: accounts.MailPasswordChanged, user: &user, address: "ada@example.com", to: "ada@example.com"},
		"reset by address":            {kind: accounts.MailReset, address: "ADA@example.com", to: "Ada@Example.com"},
		"reset with another's letter": {kind: accounts.MailReset, address: "ada@exam\u200bple.com"},
		"reset for nobody":            {kind: accounts.MailReset, address: "nobody@example.com"},
		"reset of a user":             {kind: accounts.MailReset, user: &user, address: "ada@example.com", to: "Ada@Example.com"},
		"reset of a former address":   {kind: accounts.MailReset, user: &user, address: "old@example.com"},
		"reset, switched off":         {kind: accounts.MailReset, address: "off@example.com"},
		"verify, switched off":        {kind: accounts.MailVerify, user: &off, address: "off@example.com"},
		"used":                        {kind: accounts.MailReset, address: "ada@example.com", column: "used_at"},
		"sent":                        {kind: accounts.MailReset, address: "ada@example.com", column: "sent_at"},
		"too old":                     {kind: accounts.MailReset, address: "ada@example.com", late: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mail, _ := post(t, db, row.kind, row.user, row.address)
			if row.column != "" {
				require.NoError(t, db.Model(&mail).UpdateColumn(row.column, fixture.FirstEvent).Error)
			}
			now := fixture.FirstEvent
			if row.late {
				now = mail.ExpiresAt
			}
			letter, ok, err := accounts.MailToSend(t.Context(), db, mail.ID, now)
			require.NoError(t, err)
			require.Equal(t, row.to != "", ok)
			require.Equal(t, row.to, letter.To)
			if ok {
				require.Equal(t, user, letter.User.ID)
				require.Equal(t, mail.ID, letter.Mail.ID)
			}
		})
	}
	_, ok, err := accounts.MailToSend(t.Context(), db, store.NewID(), fixture.FirstEvent)
	require.NoError(t, err)
	require.False(t, ok)
}

// TestAnAddressThatLooksAlikeGetsNothing: Postgres treats the Kelvin sign as equal to
// a k. The mail must still go to the account's mailbox and not to the typed one.
func TestAnAddressThatLooksAlikeGetsNothing(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	fixture.SignedUp(t, db, "mike@example.com", fixture.Start)
	var alike bool
	require.NoError(t, db.Raw("SELECT lower(?) = 'mike@example.com'", "mi\u212ae@example.com").Scan(&alike).Error)
	mail, _ := post(t, db, accounts.MailReset, nil, "mi\u212ae@example.com")
	letter, ok, err := accounts.MailToSend(t.Context(), db, mail.ID, fixture.FirstEvent)
	require.NoError(t, err)
	require.Equal(t, alike, ok)
	if ok {
		require.Equal(t, "mike@example.com", letter.To)
	}
}

func TestAMailIsMarkedOnce(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	session := fixture.SignedUp(t, db, "ada@example.com", fixture.Start)
	mail, _ := post(t, db, accounts.MailReset, nil, "ada@example.com")
	letter, _, err := accounts.MailToSend(t.Context(), db, mail.ID, fixture.FirstEvent)
	require.NoError(t, err)
	require.NoError(t, accounts.MarkSent(t.Context(), db, letter, fixture.FirstEvent))
	require.NoError(t, accounts.MarkSent(t.Context(), db, letter, fixture.FirstEvent.Add(time.Minute)))
	row, _ := stored(t, db, mail.ID)
	require.True(t, row.SentAt.Equal(fixture.FirstEvent))
	require.Equal(t, &session.UserID, row.UserID)
	require.NoError(t, accounts.DropMail(t.Context(), db, mail.ID))
	_, there := stored(t, db, mail.ID)
	require.True(t, there, "it was sent")
	require.NoError(t, db.Delete(&accounts.User{}, "id = ?", session.UserID).Error)
	_, there = stored(t, db, mail.ID)
	require.False(t, there, "it goes with the account")
}

func TestMailsAreForgotten(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user := fixture.AddUser(t, db)
	nobodys, _ := post(t, db, accounts.MailReset, nil, "nobody@example.com")
	somebodys, _ := post(t, db, accounts.MailRestore, &user, "ada@example.com")
	for _, mail := range []accounts.Mail{nobodys, somebodys, nobodys} {
		require.NoError(t, accounts.DropMail(t.Context(), db, mail.ID))
	}
	_, there := stored(t, db, nobodys.ID)
	require.False(t, there)
	_, there = stored(t, db, somebodys.ID)
	require.True(t, there)

	for n := range 3 {
		post(t, db, accounts.MailVerify, &user, "ada@example.com", fixture.Start.Add(-time.Duration(n)*time.Hour))
	}
	left := func() (n int64) {
		require.NoError(t, db.Model(&accounts.Mail{}).Count(&n).Error)
		return n
	}
	day := somebodys.ExpiresAt.Add(24 * time.Hour)
	require.NoError(t, accounts.SweepMails(t.Context(), db, day.Add(-2*time.Hour), 10))
	require.EqualValues(t, 4, left(), "none is old enough")
	require.NoError(t, accounts.SweepMails(t.Context(), db, day, 1))
	require.EqualValues(t, 3, left(), "no more than asked for")
	require.NoError(t, accounts.SweepMails(t.Context(), db, day, 10))
	require.EqualValues(t, 2, left(), "to the moment")
	require.NoError(t, accounts.SweepMails(t.Context(), db, day.Add(time.Microsecond), 10))
	require.Zero(t, left())
}
