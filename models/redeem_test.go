package models_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

func userOf(t *testing.T, db *gorm.DB, id uuid.UUID) models.User {
	t.Helper()
	user, err := models.FindUser(t.Context(), db, id)
	require.NoError(t, err)
	return user
}

// reset redeems a token for a new password of the user.
func reset(t *testing.T, db *gorm.DB, user uuid.UUID, token []byte, hash string, at time.Time) ([]uuid.UUID, error) {
	notice, promise := noticeTo(&user, "ada@example.com")
	return models.ResetPassword(t.Context(), db, token, hash, notice, promise, auditLine(models.AuditPasswordReset, at))
}

// writeMail is a mail that follows from another.
func writeMail(kind models.MailKind, user *uuid.UUID, address string) (models.Mail, models.OutboxEntry) {
	mail, promise := noticeTo(user, address)
	if mail.Kind = kind; kind.CarriesToken() {
		mail.TokenHash = models.HashMailToken(mailTokens.Of(mail.ID))
	}
	return mail, promise
}

func requireBadToken(t *testing.T, err error) {
	t.Helper()
	var coded *models.Error
	require.ErrorAs(t, err, &coded)
	require.Equal(t, models.Invalid, coded.Code)
	require.Len(t, coded.Fields, 1)
	require.Equal(t, "/token", coded.Fields[0].Pointer)
	require.Equal(t, "is not valid, was used already, or is too old; ask for another mail", coded.Fields[0].Message)
}

func actions(t *testing.T, db *gorm.DB, user uuid.UUID) (all []models.AuditAction) {
	t.Helper()
	entries, err := models.ListAudit(t.Context(), db, models.AuditFilter{UserID: &user, Limit: 100})
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Action)
	}
	return all
}

func TestANewPasswordByMail(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	session := signedUp(t, db, "Ada@example.com", start)
	user := session.UserID
	mail, token := post(t, db, models.MailReset, nil, "ada@EXAMPLE.com")
	_, open := post(t, db, models.MailReset, &user, "ada@example.com")
	_, unsent := post(t, db, models.MailReset, nil, "ada@example.com")
	restore, _ := post(t, db, models.MailRestore, &user, "old@example.com")
	others, _ := post(t, db, models.MailReset, nil, "eve@example.com")

	found, err := models.ResetHolder(t.Context(), db, token, begun)
	require.NoError(t, err)
	require.Equal(t, user, found.ID)
	require.Equal(t, "x", userOf(t, db, user).PasswordHash, "looking changes nothing")

	ended, err := reset(t, db, user, token, "new", begun)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{session.ID}, ended)
	after := userOf(t, db, user)
	require.Equal(t, "new", after.PasswordHash)
	require.True(t, after.IsVerified)
	require.True(t, after.UpdatedAt.Equal(begun))
	row, _ := stored(t, db, mail.ID)
	require.Equal(t, &user, row.UserID)
	require.True(t, row.UsedAt.Equal(begun))
	_, standing, err := models.SessionStanding(t.Context(), db, session.ID, begun)
	require.NoError(t, err)
	require.Equal(t, models.SessionEnded, standing)

	for _, void := range [][]byte{token, open, unsent, models.HashMailToken("made up")} {
		_, err = models.ResetHolder(t.Context(), db, void, begun)
		requireBadToken(t, err)
		_, err = reset(t, db, user, void, "newer", begun)
		requireBadToken(t, err)
	}
	for _, kept := range []uuid.UUID{restore.ID, others.ID} {
		row, _ = stored(t, db, kept)
		require.Nil(t, row.UsedAt)
	}
	require.Equal(t, "new", userOf(t, db, user).PasswordHash)
	require.Contains(t, actions(t, db, user), models.AuditPasswordReset)
	var notices int64
	require.NoError(t, db.Raw("SELECT count(*) FROM mails m JOIN outbox o ON o.workflow_id = 'send-mail/' || m.id WHERE m.kind = 'password_changed'").Scan(&notices).Error)
	require.EqualValues(t, 1, notices, "one notice, by the one time it worked")
}

func TestTokensThatGiveNoPassword(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*gorm.DB, *models.Mail) error{
		"another kind": func(db *gorm.DB, m *models.Mail) error {
			return db.Model(m).UpdateColumn("kind", models.MailVerify).Error
		},
		"used":    func(db *gorm.DB, m *models.Mail) error { return db.Model(m).UpdateColumn("used_at", start).Error },
		"too old": func(db *gorm.DB, m *models.Mail) error { return db.Model(m).UpdateColumn("expires_at", begun).Error },
		"another address now": func(db *gorm.DB, _ *models.Mail) error {
			return db.Exec("UPDATE users SET email = 'new@example.com'").Error
		},
		"switched off": func(db *gorm.DB, _ *models.Mail) error { return db.Exec("UPDATE users SET is_active = false").Error },
		"erased":       func(db *gorm.DB, _ *models.Mail) error { return db.Exec("DELETE FROM users").Error },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := modelstest.New(t)
			user := signedUp(t, db, "ada@example.com", start).UserID
			mail, token := post(t, db, models.MailReset, &user, "ada@example.com")
			_, err := models.ResetHolder(t.Context(), db, token, begun)
			require.NoError(t, err)
			require.NoError(t, spoil(db, &mail))
			_, err = models.ResetHolder(t.Context(), db, token, begun)
			requireBadToken(t, err)
			_, err = reset(t, db, user, token, "new", begun)
			requireBadToken(t, err)
			var changed int64
			require.NoError(t, db.Raw("SELECT count(*) FROM users WHERE password_hash = 'new' OR is_verified").Scan(&changed).Error)
			require.Zero(t, changed)
		})
	}
}

func TestAnAddressThatChangedHandsResetsNobody(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	ada := signedUp(t, db, "ada@example.com", start).UserID
	_, token := post(t, db, models.MailReset, nil, "ada@example.com")
	require.NoError(t, db.Exec("UPDATE users SET email = 'new@example.com' WHERE id = ?", ada).Error)
	eve := signedUp(t, db, "eve@example.com", start).UserID
	require.NoError(t, db.Exec("UPDATE users SET email = 'Ada@example.com' WHERE id = ?", eve).Error)
	_, err := reset(t, db, ada, token, "new", begun)
	requireBadToken(t, err)
	require.Equal(t, "x", userOf(t, db, ada).PasswordHash)
	require.Equal(t, "x", userOf(t, db, eve).PasswordHash)
}

func TestFiftyAtOnceRedeemOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user := signedUp(t, db, "ada@example.com", start).UserID
	_, resetting := post(t, db, models.MailReset, nil, "ada@example.com")
	_, second := post(t, db, models.MailReset, &user, "ada@example.com")
	other := signedUp(t, db, "bob@example.com", start).UserID // a reset voids the verification of its own account
	_, verifying := post(t, db, models.MailVerify, &other, "bob@example.com")
	var passwords, addresses atomic.Int32
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			token := resetting
			if n%2 == 1 {
				token = second
			}
			if _, err := reset(t, db, user, token, "new", begun); err == nil {
				passwords.Add(1)
			} else if models.CodeOf(err) != models.Invalid {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := models.VerifyEmail(t.Context(), db, verifying, writeMail, auditLine("", begun)); err == nil {
				addresses.Add(1)
			} else if models.CodeOf(err) != models.Invalid {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, passwords.Load(), "of two tokens of one user the first voids the other")
	require.EqualValues(t, 1, addresses.Load())
	var lines int64
	require.NoError(t, db.Model(&models.AuditEntry{}).Where("action IN ?", []models.AuditAction{models.AuditPasswordReset, models.AuditEmailVerified}).Count(&lines).Error)
	require.EqualValues(t, 2, lines)
}

func TestAnAddressIsVerified(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	session := signedUp(t, db, "Ada@example.com", start)
	mail, token := post(t, db, models.MailVerify, &session.UserID, "ada@example.com")
	_, resetting := post(t, db, models.MailReset, &session.UserID, "ada@example.com")
	_, err := models.VerifyEmail(t.Context(), db, resetting, writeMail, auditLine("", begun))
	requireBadToken(t, err)

	require.NoError(t, db.Exec("UPDATE users SET email = 'new@example.com'").Error)
	_, err = models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
	requireBadToken(t, err)
	require.False(t, userOf(t, db, session.UserID).IsVerified, "it proves another address")

	require.NoError(t, db.Exec("UPDATE users SET email = 'ADA@example.com'").Error)
	_, err = models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", mail.ExpiresAt))
	requireBadToken(t, err)
	ended, err := models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
	require.NoError(t, err)
	require.Empty(t, ended)
	after := userOf(t, db, session.UserID)
	require.True(t, after.IsVerified)
	require.Equal(t, "ADA@example.com", after.Email)
	require.True(t, after.UpdatedAt.Equal(begun))
	require.Contains(t, actions(t, db, session.UserID), models.AuditEmailVerified)
	_, err = models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
	requireBadToken(t, err)
	_, err = models.ResetHolder(t.Context(), db, resetting, begun)
	require.NoError(t, err, "other tokens stay good")
}

func TestTheWayBackToAnAddress(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	session := signedUp(t, db, "thief@example.com", start)
	user := session.UserID
	_, token := post(t, db, models.MailRestore, &user, "ada@example.com")
	_, verifying := post(t, db, models.MailVerify, &user, "thief@example.com")
	_, resetting := post(t, db, models.MailReset, &user, "thief@example.com")
	taken := signedUp(t, db, "ADA@example.com", start).UserID

	_, err := models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
	require.Equal(t, models.Conflict, models.CodeOf(err))
	require.Equal(t, "thief@example.com", userOf(t, db, user).Email)
	require.NotContains(t, actions(t, db, user), models.AuditEmailRestored)

	require.NoError(t, db.Exec("UPDATE users SET email = 'other@example.com' WHERE id = ?", taken).Error)
	ended, err := models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
	require.NoError(t, err, "a conflict does not use the token up")
	require.Equal(t, []uuid.UUID{session.ID}, ended)
	after := userOf(t, db, user)
	require.Equal(t, "ada@example.com", after.Email)
	require.True(t, after.IsVerified)
	require.Empty(t, after.PasswordHash, "a thief may have set it")
	require.Contains(t, actions(t, db, user), models.AuditEmailRestored)
	var fresh models.Mail
	require.NoError(t, db.First(&fresh, "kind = ? AND used_at IS NULL", models.MailReset).Error)
	require.Equal(t, "ada@example.com", fresh.Address)
	_, err = models.ResetHolder(t.Context(), db, fresh.TokenHash, begun)
	require.NoError(t, err)

	require.NoError(t, db.Exec("UPDATE users SET email = 'thief@example.com' WHERE id = ?", user).Error)
	for _, void := range [][]byte{token, verifying, resetting} {
		_, err = models.VerifyEmail(t.Context(), db, void, writeMail, auditLine("", begun))
		requireBadToken(t, err)
	}
	_, err = models.ResetHolder(t.Context(), db, resetting, begun)
	requireBadToken(t, err)
}

// A thief who changes the address twice is sent a way back too, which must not be worth
// more than the owner's, whoever comes first.
func TestTheFirstAddressWins(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	user := signedUp(t, db, "thief-2@example.com", start).UserID
	_, owners := post(t, db, models.MailRestore, &user, "ada@example.com", start)
	_, thiefs := post(t, db, models.MailRestore, &user, "thief-1@example.com", start.Add(time.Minute))
	_, err := models.VerifyEmail(t.Context(), db, thiefs, writeMail, auditLine("", begun.Add(time.Hour/2)))
	require.NoError(t, err)
	_, another := post(t, db, models.MailRestore, &user, "thief-3@example.com", start.Add(2*time.Minute))
	_, err = models.VerifyEmail(t.Context(), db, owners, writeMail, auditLine("", begun.Add(time.Hour/2)))
	require.NoError(t, err)
	require.Equal(t, "ada@example.com", userOf(t, db, user).Email)
	_, err = models.VerifyEmail(t.Context(), db, another, writeMail, auditLine("", begun.Add(time.Hour/2)))
	requireBadToken(t, err)
}

// changing is an account that waits for the mailbox of new@example.com, and the token
// that went there.
func changing(t *testing.T, verified bool) (db *gorm.DB, user uuid.UUID, token []byte) {
	t.Helper()
	db = modelstest.New(t)
	user = signedUp(t, db, "ada@example.com", start).UserID
	require.NoError(t, db.Exec("UPDATE users SET pending_email = 'New@example.com', is_verified = ?", verified).Error)
	_, token = post(t, db, models.MailChange, &user, "new@example.com")
	return db, user, token
}

func TestAPendingAddressCountsWhenItsMailboxAnswers(t *testing.T) {
	t.Parallel()
	for name, verified := range map[string]bool{"from a proven address": true, "from one that was not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, user, token := changing(t, verified)
			_, verifying := post(t, db, models.MailVerify, &user, "ada@example.com")
			_, resetting := post(t, db, models.MailReset, nil, "ada@example.com")
			ended, err := models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
			require.NoError(t, err)
			require.Empty(t, ended)
			after := userOf(t, db, user)
			require.Equal(t, "New@example.com", after.Email)
			require.True(t, after.IsVerified)
			require.Nil(t, after.PendingEmail)
			require.Contains(t, actions(t, db, user), models.AuditEmailChanged)
			var back []models.Mail
			require.NoError(t, db.Find(&back, "kind = ?", models.MailRestore).Error)
			require.Equal(t, verified, len(back) == 1, "only a proven address has a way back")

			require.NoError(t, db.Exec("UPDATE users SET email = 'ada@example.com', pending_email = 'new@example.com'").Error)
			for _, void := range [][]byte{token, verifying, resetting} {
				_, err = models.VerifyEmail(t.Context(), db, void, writeMail, auditLine("", begun))
				requireBadToken(t, err)
				_, err = models.ResetHolder(t.Context(), db, void, begun)
				requireBadToken(t, err)
			}
		})
	}
}

func TestAPendingAddressThatSomebodyHasByNow(t *testing.T) {
	t.Parallel()
	db, user, token := changing(t, true)
	eve := signedUp(t, db, "NEW@example.com", start).UserID
	_, err := models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
	require.Equal(t, models.Conflict, models.CodeOf(err))
	require.Equal(t, "ada@example.com", userOf(t, db, user).Email)
	require.NoError(t, db.Exec("DELETE FROM users WHERE id = ?", eve).Error)
	_, err = models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
	require.NoError(t, err, "a conflict does not use the token up")
}

func TestWhatEndsAPendingAddress(t *testing.T) {
	t.Parallel()
	again := func(db *gorm.DB, user uuid.UUID, address string) error {
		_, err := models.ChangeProfile(t.Context(), db, user, uuid.Nil, begun, func(u *models.User) error {
			u.ChangeEmail(address)
			return nil
		}, func(*gorm.DB, models.User, models.User) error { return nil })
		return err
	}
	for name, end := range map[string]func(db *gorm.DB, user uuid.UUID) error{
		"a reset by mail": func(db *gorm.DB, user uuid.UUID) error {
			_, token := post(t, db, models.MailReset, nil, "ada@example.com")
			_, err := reset(t, db, user, token, "new", begun)
			return err
		},
		"another password": func(db *gorm.DB, user uuid.UUID) error {
			notice, promise := noticeTo(&user, "ada@example.com")
			_, err := models.ChangePassword(t.Context(), db, user, uuid.Nil, "x", "new", notice, promise, auditLine(models.AuditPasswordChanged, begun))
			return err
		},
		"the present address answers": func(db *gorm.DB, user uuid.UUID) error {
			_, token := post(t, db, models.MailVerify, &user, "ada@example.com")
			_, err := models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
			return err
		},
		"an address comes back": func(db *gorm.DB, user uuid.UUID) error {
			_, token := post(t, db, models.MailRestore, &user, "before@example.com")
			_, err := models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
			return err
		},
		"the wish for a third":        func(db *gorm.DB, user uuid.UUID) error { return again(db, user, "third@example.com") },
		"the wish for the present":    func(db *gorm.DB, user uuid.UUID) error { return again(db, user, "ADA@example.com") },
		"the account is switched off": func(db *gorm.DB, _ uuid.UUID) error { return db.Exec("UPDATE users SET is_active = false").Error },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, user, token := changing(t, false)
			require.NoError(t, end(db, user))
			_, err := models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
			requireBadToken(t, err)
			require.NoError(t, db.Exec("UPDATE users SET pending_email = 'new@example.com'").Error)
			_, err = models.VerifyEmail(t.Context(), db, token, writeMail, auditLine("", begun))
			requireBadToken(t, err)
			require.NotEqual(t, "new@example.com", userOf(t, db, user).Email)
		})
	}
}

// Whoever was shut out at this moment may still have a request under way.
func TestAnEndedSessionAsksForNoAddress(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	session := signedUp(t, db, "ada@example.com", start)
	other := signedUp(t, db, "eve@example.com", start)
	ask := func(session uuid.UUID) error {
		_, err := models.ChangeProfile(t.Context(), db, other.UserID, session, start, func(u *models.User) error {
			u.ChangeEmail("new@example.com")
			return nil
		}, func(*gorm.DB, models.User, models.User) error { return nil })
		return err
	}
	require.Equal(t, models.Unauthenticated, models.CodeOf(ask(session.ID)), "another user's session")
	require.NoError(t, models.RevokeSession(t.Context(), db, other.ID, auditLine(models.AuditSignOut, start)))
	require.Equal(t, models.Unauthenticated, models.CodeOf(ask(other.ID)))
	require.Nil(t, userOf(t, db, other.UserID).PendingEmail)
}
