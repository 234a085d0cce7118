package models_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

var mailTokens = models.NewMailTokens("a test key of thirty-two characters")

// post queues a mail that is good for an hour from start and gives it and its token.
func post(t *testing.T, db *gorm.DB, kind models.MailKind, user *uuid.UUID, address string, at ...time.Time) (models.Mail, []byte) {
	t.Helper()
	mail, promise := noticeTo(user, address)
	mail.Kind = kind
	if len(at) > 0 {
		mail.CreatedAt, mail.ExpiresAt = at[0], at[0].Add(time.Hour)
	}
	mail.TokenHash = models.HashMailToken(mailTokens.Of(mail.ID))
	require.NoError(t, models.QueueMail(t.Context(), db, mail, promise))
	_, found, err := models.PromiseOf(t.Context(), db, promise.ID)
	require.NoError(t, err)
	require.True(t, found)
	return mail, mail.TokenHash
}

func noticeTo(user *uuid.UUID, address string) (models.Mail, models.OutboxEntry) {
	mail := models.Mail{
		ID: models.NewID(), UserID: user, Kind: models.MailPasswordChanged, Address: address, CreatedAt: start, ExpiresAt: start.Add(time.Hour),
	}
	return mail, models.OutboxEntry{
		ID: models.NewID(), Action: models.OutboxStart, Workflow: "SendMail", WorkflowID: "send-mail/" + mail.ID.String(),
		Input: []byte("{}"), Labels: map[string]string{}, CreatedAt: start, DueAt: start,
	}
}

func stored(t *testing.T, db *gorm.DB, id uuid.UUID) (mail models.Mail, there bool) {
	t.Helper()
	var found []models.Mail
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
	require.Equal(t, token, models.NewMailTokens("a test key of thirty-two characters").Of(id), "the same in every process")
	require.NotEqual(t, token, mailTokens.Of(uuid.MustParse("01937f0e-0000-7000-8000-000000000002")))
	require.NotEqual(t, token, models.NewMailTokens("another key of thirty-two letters").Of(id))
	hash := models.HashMailToken(token)
	require.Len(t, hash, 32)
	require.Equal(t, hash, models.HashMailToken("  "+strings.ToUpper(token)+"\r\n"), "typed by hand")
	require.NotEqual(t, hash, models.HashMailToken(token[1:]))
	require.NotContains(t, hex.EncodeToString(hash), token)
}

func TestAMailAndItsPromiseAreOne(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user := addUser(t, db)
	mail, promise := noticeTo(&user, "ada@example.com")
	promise.Input = []byte("no JSON")
	require.Error(t, models.QueueMail(t.Context(), db, mail, promise))
	_, there := stored(t, db, mail.ID)
	require.False(t, there)
}

func TestWhatIsSentAndToWhom(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user := signedUp(t, db, "Ada@Example.com", start).UserID
	off := signedUp(t, db, "off@example.com", start).UserID
	require.NoError(t, db.Exec("UPDATE users SET is_active = false WHERE id = ?", off).Error)
	for name, row := range map[string]struct {
		kind    models.MailKind
		user    *uuid.UUID
		address string
		column  string // set to a time before sending
		late    bool
		to      string // empty: nothing is sent
	}{
		"verify":                      {kind: models.MailVerify, user: &user, address: "ada@example.com", to: "Ada@Example.com"},
		"verify another address":      {kind: models.MailVerify, user: &user, address: "eve@example.com"},
		"verify for nobody":           {kind: models.MailVerify, address: "ada@example.com"},
		"restore":                     {kind: models.MailRestore, user: &user, address: "old@example.com", to: "old@example.com"},
		"restore for nobody":          {kind: models.MailRestore, address: "ada@example.com"},
		"notice":                      {kind: models.MailPasswordChanged, user: &user, address: "ada@example.com", to: "ada@example.com"},
		"reset by address":            {kind: models.MailReset, address: "ADA@example.com", to: "Ada@Example.com"},
		"reset with another's letter": {kind: models.MailReset, address: "ada@exam\u200bple.com"},
		"reset for nobody":            {kind: models.MailReset, address: "nobody@example.com"},
		"reset of a user":             {kind: models.MailReset, user: &user, address: "ada@example.com", to: "Ada@Example.com"},
		"reset of a former address":   {kind: models.MailReset, user: &user, address: "old@example.com"},
		"reset, switched off":         {kind: models.MailReset, address: "off@example.com"},
		"verify, switched off":        {kind: models.MailVerify, user: &off, address: "off@example.com"},
		"used":                        {kind: models.MailReset, address: "ada@example.com", column: "used_at"},
		"sent":                        {kind: models.MailReset, address: "ada@example.com", column: "sent_at"},
		"too old":                     {kind: models.MailReset, address: "ada@example.com", late: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mail, _ := post(t, db, row.kind, row.user, row.address)
			if row.column != "" {
				require.NoError(t, db.Model(&mail).UpdateColumn(row.column, begun).Error)
			}
			now := begun
			if row.late {
				now = mail.ExpiresAt
			}
			letter, ok, err := models.MailToSend(t.Context(), db, mail.ID, now)
			require.NoError(t, err)
			require.Equal(t, row.to != "", ok)
			require.Equal(t, row.to, letter.To)
			if ok {
				require.Equal(t, user, letter.User.ID)
				require.Equal(t, mail.ID, letter.Mail.ID)
			}
		})
	}
	_, ok, err := models.MailToSend(t.Context(), db, models.NewID(), begun)
	require.NoError(t, err)
	require.False(t, ok)
}

// Postgres finds the Kelvin sign equal to a k. The mail must still go to the account's
// mailbox and not to the other that somebody typed.
func TestAnAddressThatLooksAlikeGetsNothing(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	signedUp(t, db, "mike@example.com", start)
	var alike bool
	require.NoError(t, db.Raw("SELECT lower(?) = 'mike@example.com'", "mi\u212ae@example.com").Scan(&alike).Error)
	mail, _ := post(t, db, models.MailReset, nil, "mi\u212ae@example.com")
	letter, ok, err := models.MailToSend(t.Context(), db, mail.ID, begun)
	require.NoError(t, err)
	require.Equal(t, alike, ok)
	if ok {
		require.Equal(t, "mike@example.com", letter.To)
	}
}

func TestAMailIsMarkedOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	session := signedUp(t, db, "ada@example.com", start)
	mail, _ := post(t, db, models.MailReset, nil, "ada@example.com")
	letter, _, err := models.MailToSend(t.Context(), db, mail.ID, begun)
	require.NoError(t, err)
	require.NoError(t, models.MarkSent(t.Context(), db, letter, begun))
	require.NoError(t, models.MarkSent(t.Context(), db, letter, begun.Add(time.Minute)))
	row, _ := stored(t, db, mail.ID)
	require.True(t, row.SentAt.Equal(begun))
	require.Equal(t, &session.UserID, row.UserID)
	require.NoError(t, models.ForgetMail(t.Context(), db, mail.ID))
	_, there := stored(t, db, mail.ID)
	require.True(t, there, "it was sent")
	require.NoError(t, db.Delete(&models.User{}, "id = ?", session.UserID).Error)
	_, there = stored(t, db, mail.ID)
	require.False(t, there, "it goes with the account")
}

func TestMailsAreForgotten(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user := addUser(t, db)
	nobodys, _ := post(t, db, models.MailReset, nil, "nobody@example.com")
	somebodys, _ := post(t, db, models.MailRestore, &user, "ada@example.com")
	for _, mail := range []models.Mail{nobodys, somebodys, nobodys} {
		require.NoError(t, models.ForgetMail(t.Context(), db, mail.ID))
	}
	_, there := stored(t, db, nobodys.ID)
	require.False(t, there)
	_, there = stored(t, db, somebodys.ID)
	require.True(t, there)

	for n := range 3 {
		post(t, db, models.MailVerify, &user, "ada@example.com", start.Add(-time.Duration(n)*time.Hour))
	}
	left := func() (n int64) {
		require.NoError(t, db.Model(&models.Mail{}).Count(&n).Error)
		return n
	}
	day := somebodys.ExpiresAt.Add(24 * time.Hour)
	require.NoError(t, models.SweepMails(t.Context(), db, day.Add(-2*time.Hour), 10))
	require.EqualValues(t, 4, left(), "none is old enough")
	require.NoError(t, models.SweepMails(t.Context(), db, day, 1))
	require.EqualValues(t, 3, left(), "no more than asked for")
	require.NoError(t, models.SweepMails(t.Context(), db, day, 10))
	require.EqualValues(t, 2, left(), "to the moment")
	require.NoError(t, models.SweepMails(t.Context(), db, day.Add(time.Microsecond), 10))
	require.Zero(t, left())
}
