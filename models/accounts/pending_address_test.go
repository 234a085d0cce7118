package accounts_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// changing returns an account with the pending address new@example.com, and the token that
// was mailed there.
func changing(t *testing.T, verified bool) (db *gorm.DB, user uuid.UUID, token []byte) {
	t.Helper()
	db = storetest.New(t)
	user = fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	require.NoError(t, db.Exec("UPDATE users SET pending_email = 'New@example.com', is_verified = ?", verified).Error)
	_, token = post(t, db, accounts.MailChange, &user, "new@example.com")
	return db, user, token
}

func TestAPendingAddressCountsWhenItsMailboxAnswers(t *testing.T) {
	t.Parallel()
	for name, verified := range map[string]bool{"from a proven address": true, "from one that was not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, user, token := changing(t, verified)
			_, verifying := post(t, db, accounts.MailVerify, &user, "ada@example.com")
			_, resetting := post(t, db, accounts.MailReset, nil, "ada@example.com")
			ended, err := accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
			require.NoError(t, err)
			require.Empty(t, ended)
			after := userOf(t, db, user)
			require.Equal(t, "New@example.com", after.Email)
			require.True(t, after.IsVerified)
			require.Nil(t, after.PendingEmail)
			require.Contains(t, actions(t, db, user), store.AuditEmailChanged)
			var back []accounts.Mail
			require.NoError(t, db.Find(&back, "kind = ?", accounts.MailRestore).Error)
			require.Equal(t, verified, len(back) == 1, "only a proven address has a way back")

			require.NoError(t, db.Exec("UPDATE users SET email = 'ada@example.com', pending_email = 'new@example.com'").Error)
			for _, void := range [][]byte{token, verifying, resetting} {
				_, err = accounts.VerifyEmail(t.Context(), db, void, writeMail, fixture.AuditLine("", fixture.FirstEvent))
				requireBadToken(t, err)
				_, err = accounts.ResetHolder(t.Context(), db, void, fixture.FirstEvent)
				requireBadToken(t, err)
			}
		})
	}
}

func TestAPendingAddressThatSomebodyHasByNow(t *testing.T) {
	t.Parallel()
	db, user, token := changing(t, true)
	eve := fixture.SignedUp(t, db, "NEW@example.com", fixture.Start).UserID
	_, err := accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
	require.Equal(t, store.Conflict, store.CodeOf(err))
	require.Equal(t, "ada@example.com", userOf(t, db, user).Email)
	require.NoError(t, db.Exec("DELETE FROM users WHERE id = ?", eve).Error)
	_, err = accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
	require.NoError(t, err, "a conflict does not use the token up")
}

func TestWhatEndsAPendingAddress(t *testing.T) {
	t.Parallel()
	again := func(db *gorm.DB, user uuid.UUID, address string) error {
		_, err := accounts.ChangeProfile(t.Context(), db, user, uuid.Nil, fixture.FirstEvent, func(u *accounts.User) error {
			u.ChangeEmail(address)
			return nil
		}, func(*gorm.DB, accounts.User, accounts.User) error { return nil })
		return err
	}
	for name, end := range map[string]func(db *gorm.DB, user uuid.UUID) error{
		"a reset by mail": func(db *gorm.DB, user uuid.UUID) error {
			_, token := post(t, db, accounts.MailReset, nil, "ada@example.com")
			_, err := reset(t, db, user, token, "new", fixture.FirstEvent)
			return err
		},
		"another password": func(db *gorm.DB, user uuid.UUID) error {
			notice, message := noticeTo(&user, "ada@example.com")
			_, err := accounts.ChangePassword(t.Context(), db, user, uuid.Nil, "x", "new", notice, message, fixture.AuditLine(store.AuditPasswordChanged, fixture.FirstEvent))
			return err
		},
		"the present address answers": func(db *gorm.DB, user uuid.UUID) error {
			_, token := post(t, db, accounts.MailVerify, &user, "ada@example.com")
			_, err := accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
			return err
		},
		"an address comes back": func(db *gorm.DB, user uuid.UUID) error {
			_, token := post(t, db, accounts.MailRestore, &user, "before@example.com")
			_, err := accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
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
			_, err := accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
			requireBadToken(t, err)
			require.NoError(t, db.Exec("UPDATE users SET pending_email = 'new@example.com'").Error)
			_, err = accounts.VerifyEmail(t.Context(), db, token, writeMail, fixture.AuditLine("", fixture.FirstEvent))
			requireBadToken(t, err)
			require.NotEqual(t, "new@example.com", userOf(t, db, user).Email)
		})
	}
}

// TestAnEndedSessionAsksForNoAddress: a request of a session that has just ended may still be running.
func TestAnEndedSessionAsksForNoAddress(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	session := fixture.SignedUp(t, db, "ada@example.com", fixture.Start)
	other := fixture.SignedUp(t, db, "eve@example.com", fixture.Start)
	ask := func(session uuid.UUID) error {
		_, err := accounts.ChangeProfile(t.Context(), db, other.UserID, session, fixture.Start, func(u *accounts.User) error {
			u.ChangeEmail("new@example.com")
			return nil
		}, func(*gorm.DB, accounts.User, accounts.User) error { return nil })
		return err
	}
	require.Equal(t, store.Unauthenticated, store.CodeOf(ask(session.ID)), "another user's session")
	require.NoError(t, accounts.RevokeSession(t.Context(), db, other.ID, fixture.AuditLine(store.AuditSignOut, fixture.Start)))
	require.Equal(t, store.Unauthenticated, store.CodeOf(ask(other.ID)))
	require.Nil(t, userOf(t, db, other.UserID).PendingEmail)
}
