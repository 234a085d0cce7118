package accounts_test

import (
	"sync"
	"sync/atomic"
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

func userOf(t *testing.T, db *gorm.DB, id uuid.UUID) accounts.User {
	t.Helper()
	user, err := accounts.FindUser(t.Context(), db, id)
	require.NoError(t, err)
	return user
}

// reset redeems a token for a new password of the user.
func reset(t *testing.T, db *gorm.DB, user uuid.UUID, token []byte, hash string, at time.Time) ([]uuid.UUID, error) {
	notice, message := noticeTo(&user, "ada@example.com")
	return accounts.ResetPassword(t.Context(), db, token, hash, notice, message, fixture.AuditLine(store.AuditPasswordReset, at))
}

// writeMail returns a mail that follows from another.
func writeMail(kind accounts.MailKind, user *uuid.UUID, address string) (accounts.Mail, store.OutboxMessage) {
	mail, message := noticeTo(user, address)
	if mail.Kind = kind; kind.CarriesToken() {
		mail.TokenHash = accounts.HashMailToken(mailTokens.Of(mail.ID))
	}
	return mail, message
}

func requireBadToken(t *testing.T, err error) {
	t.Helper()
	var coded *store.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, store.Invalid, coded.Code)
	require.Len(t, coded.Fields, 1)
	require.Equal(t, "/token", coded.Fields[0].Pointer)
	require.Equal(t, "is not valid, was used already, or is too old; ask for another mail", coded.Fields[0].Message)
}

func actions(t *testing.T, db *gorm.DB, user uuid.UUID) (all []store.AuditAction) {
	t.Helper()
	entries, err := store.ListAudit(t.Context(), db, store.AuditFilter{UserID: &user, Limit: 100})
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Action)
	}
	return all
}

func TestANewPasswordByMail(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	session := fixture.SignedUp(t, db, "Ada@example.com", fixture.Start)
	user := session.UserID
	mail, token := post(t, db, accounts.MailReset, nil, "ada@EXAMPLE.com")
	_, open := post(t, db, accounts.MailReset, &user, "ada@example.com")
	_, unsent := post(t, db, accounts.MailReset, nil, "ada@example.com")
	restore, _ := post(t, db, accounts.MailRestore, &user, "old@example.com")
	others, _ := post(t, db, accounts.MailReset, nil, "eve@example.com")

	found, err := accounts.ResetHolder(t.Context(), db, token, fixture.FirstEvent)
	require.NoError(t, err)
	require.Equal(t, user, found.ID)
	require.Equal(t, "x", userOf(t, db, user).PasswordHash, "looking changes nothing")

	ended, err := reset(t, db, user, token, "new", fixture.FirstEvent)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{session.ID}, ended)
	after := userOf(t, db, user)
	require.Equal(t, "new", after.PasswordHash)
	require.True(t, after.IsVerified)
	require.True(t, after.UpdatedAt.Equal(fixture.FirstEvent))
	row, _ := stored(t, db, mail.ID)
	require.Equal(t, &user, row.UserID)
	require.True(t, row.UsedAt.Equal(fixture.FirstEvent))
	status, err := accounts.FindSessionStatus(t.Context(), db, session.ID, fixture.FirstEvent)
	require.NoError(t, err)
	require.Equal(t, accounts.SessionEnded, status.State)

	for _, void := range [][]byte{token, open, unsent, accounts.HashMailToken("made up")} {
		_, err = accounts.ResetHolder(t.Context(), db, void, fixture.FirstEvent)
		requireBadToken(t, err)
		_, err = reset(t, db, user, void, "newer", fixture.FirstEvent)
		requireBadToken(t, err)
	}
	for _, kept := range []uuid.UUID{restore.ID, others.ID} {
		row, _ = stored(t, db, kept)
		require.Nil(t, row.UsedAt)
	}
	require.Equal(t, "new", userOf(t, db, user).PasswordHash)
	require.Contains(t, actions(t, db, user), store.AuditPasswordReset)
	var notices int64
	require.NoError(t, db.Raw("SELECT count(*) FROM mails m JOIN outbox o ON o.workflow_id = 'send-mail/' || m.id WHERE m.kind = 'password_changed'").Scan(&notices).Error)
	require.EqualValues(t, 1, notices, "one notice, by the one time it worked")
}

func TestTokensThatGiveNoPassword(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*gorm.DB, *accounts.Mail) error{
		"another kind": func(db *gorm.DB, m *accounts.Mail) error {
			return db.Model(m).UpdateColumn("kind", accounts.MailVerify).Error
		},
		"used": func(db *gorm.DB, m *accounts.Mail) error {
			return db.Model(m).UpdateColumn("used_at", fixture.Start).Error
		},
		"too old": func(db *gorm.DB, m *accounts.Mail) error {
			return db.Model(m).UpdateColumn("expires_at", fixture.FirstEvent).Error
		},
		"another address now": func(db *gorm.DB, _ *accounts.Mail) error {
			return db.Exec("UPDATE users SET email = 'new@example.com'").Error
		},
		"switched off": func(db *gorm.DB, _ *accounts.Mail) error { return db.Exec("UPDATE users SET is_active = false").Error },
		"erased":       func(db *gorm.DB, _ *accounts.Mail) error { return db.Exec("DELETE FROM users").Error },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := storetest.New(t)
			user := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
			mail, token := post(t, db, accounts.MailReset, &user, "ada@example.com")
			_, err := accounts.ResetHolder(t.Context(), db, token, fixture.FirstEvent)
			require.NoError(t, err)
			require.NoError(t, spoil(db, &mail))
			_, err = accounts.ResetHolder(t.Context(), db, token, fixture.FirstEvent)
			requireBadToken(t, err)
			_, err = reset(t, db, user, token, "new", fixture.FirstEvent)
			requireBadToken(t, err)
			var changed int64
			require.NoError(t, db.Raw("SELECT count(*) FROM users WHERE password_hash = 'new' OR is_verified").Scan(&changed).Error)
			require.Zero(t, changed)
		})
	}
}

func TestAnAddressThatChangedHandsResetsNobody(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	_, token := post(t, db, accounts.MailReset, nil, "ada@example.com")
	require.NoError(t, db.Exec("UPDATE users SET email = 'new@example.com' WHERE id = ?", ada).Error)
	eve := fixture.SignedUp(t, db, "eve@example.com", fixture.Start).UserID
	require.NoError(t, db.Exec("UPDATE users SET email = 'Ada@example.com' WHERE id = ?", eve).Error)
	_, err := reset(t, db, ada, token, "new", fixture.FirstEvent)
	requireBadToken(t, err)
	require.Equal(t, "x", userOf(t, db, ada).PasswordHash)
	require.Equal(t, "x", userOf(t, db, eve).PasswordHash)
}

func TestFiftyAtOnceRedeemOnce(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	_, resetting := post(t, db, accounts.MailReset, nil, "ada@example.com")
	_, second := post(t, db, accounts.MailReset, &user, "ada@example.com")
	other := fixture.SignedUp(t, db, "bob@example.com", fixture.Start).UserID // a reset voids the verification of its own account
	_, verifying := post(t, db, accounts.MailVerify, &other, "bob@example.com")
	var passwords, addresses atomic.Int32
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			token := resetting
			if n%2 == 1 {
				token = second
			}
			if _, err := reset(t, db, user, token, "new", fixture.FirstEvent); err == nil {
				passwords.Add(1)
			} else if store.CodeOf(err) != store.Invalid {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := accounts.VerifyEmail(t.Context(), db, verifying, writeMail, fixture.AuditLine("", fixture.FirstEvent)); err == nil {
				addresses.Add(1)
			} else if store.CodeOf(err) != store.Invalid {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, passwords.Load(), "of two tokens of one user the first voids the other")
	require.EqualValues(t, 1, addresses.Load())
	var entries int64
	require.NoError(t, db.Model(&store.AuditEntry{}).Where("action IN ?", []store.AuditAction{store.AuditPasswordReset, store.AuditEmailVerified}).Count(&entries).Error)
	require.EqualValues(t, 2, entries)
}

func TestAnAddressIsVerified(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	session := fixture.SignedUp(t, db, "Ada@example.com", fixture.Start)
	mail, token := post(t, db, accounts.MailVerify, &session.UserID, "ada@example.com")
	_, resetting := post(t, db, accounts.MailReset, &session.UserID, "ada@example.com")
	_, err := accounts.VerifyEmail(t.Context(), db, resetting, writeMail, fixture.AuditLine("", fixture.FirstEvent))
	requireBadToken(t, err)

	require.NoError(t, db.Exec("UPDATE users SET email = 'new@example.com'").Error)
	_, err = accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
	requireBadToken(t, err)
	require.False(t, userOf(t, db, session.UserID).IsVerified, "it proves another address")

	require.NoError(t, db.Exec("UPDATE users SET email = 'ADA@example.com'").Error)
	_, err = accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", mail.ExpiresAt))
	requireBadToken(t, err)
	ended, err := accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
	require.NoError(t, err)
	require.Empty(t, ended)
	after := userOf(t, db, session.UserID)
	require.True(t, after.IsVerified)
	require.Equal(t, "ADA@example.com", after.Email)
	require.True(t, after.UpdatedAt.Equal(fixture.FirstEvent))
	require.Contains(t, actions(t, db, session.UserID), store.AuditEmailVerified)
	_, err = accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
	requireBadToken(t, err)
	_, err = accounts.ResetHolder(t.Context(), db, resetting, fixture.FirstEvent)
	require.NoError(t, err, "other tokens stay good")
}

func TestTheWayBackToAnAddress(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	session := fixture.SignedUp(t, db, "thief@example.com", fixture.Start)
	user := session.UserID
	_, token := post(t, db, accounts.MailRestore, &user, "ada@example.com")
	_, verifying := post(t, db, accounts.MailVerify, &user, "thief@example.com")
	_, resetting := post(t, db, accounts.MailReset, &user, "thief@example.com")
	taken := fixture.SignedUp(t, db, "ADA@example.com", fixture.Start).UserID

	_, err := accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
	require.Equal(t, store.Conflict, store.CodeOf(err))
	require.Equal(t, "thief@example.com", userOf(t, db, user).Email)
	require.NotContains(t, actions(t, db, user), store.AuditEmailRestored)

	require.NoError(t, db.Exec("UPDATE users SET email = 'other@example.com' WHERE id = ?", taken).Error)
	ended, err := accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
	require.NoError(t, err, "a conflict does not use the token up")
	require.Equal(t, []uuid.UUID{session.ID}, ended)
	after := userOf(t, db, user)
	require.Equal(t, "ada@example.com", after.Email)
	require.True(t, after.IsVerified)
	require.Empty(t, after.PasswordHash, "a thief may have set it")
	require.Contains(t, actions(t, db, user), store.AuditEmailRestored)
	var fresh accounts.Mail
	require.NoError(t, db.First(&fresh, "kind = ? AND used_at IS NULL", accounts.MailReset).Error)
	require.Equal(t, "ada@example.com", fresh.Address)
	_, err = accounts.ResetHolder(t.Context(), db, fresh.TokenHash, fixture.FirstEvent)
	require.NoError(t, err)

	require.NoError(t, db.Exec("UPDATE users SET email = 'thief@example.com' WHERE id = ?", user).Error)
	for _, void := range [][]byte{token, verifying, resetting} {
		_, err = accounts.VerifyEmail(t.Context(), db, void, writeMail, fixture.AuditLine("", fixture.FirstEvent))
		requireBadToken(t, err)
	}
	_, err = accounts.ResetHolder(t.Context(), db, resetting, fixture.FirstEvent)
	requireBadToken(t, err)
}

// TestTheFirstAddressWins: a thief who changes the address twice gets a restore token
// too, which must not override the owner's, in either order.
func TestTheFirstAddressWins(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	user := fixture.SignedUp(t, db, "thief-2@example.com", fixture.Start).UserID
	_, owners := post(t, db, accounts.MailRestore, &user, "ada@example.com", fixture.Start)
	_, thiefs := post(t, db, accounts.MailRestore, &user, "thief-1@example.com", fixture.Start.Add(time.Minute))
	_, err := accounts.VerifyEmail(t.Context(), db, thiefs, writeMail, fixture.AuditLine("", fixture.FirstEvent.Add(time.Hour/2)))
	require.NoError(t, err)
	_, another := post(t, db, accounts.MailRestore, &user, "thief-3@example.com", fixture.Start.Add(2*time.Minute))
	_, err = accounts.VerifyEmail(t.Context(), db, owners, writeMail, fixture.AuditLine("", fixture.FirstEvent.Add(time.Hour/2)))
	require.NoError(t, err)
	require.Equal(t, "ada@example.com", userOf(t, db, user).Email)
	_, err = accounts.VerifyEmail(t.Context(), db, another, writeMail, fixture.AuditLine("", fixture.FirstEvent.Add(time.Hour/2)))
	requireBadToken(t, err)
}
