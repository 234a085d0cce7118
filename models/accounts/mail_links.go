package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// badMailToken returns the same error for a token that is unknown, used, expired, or
// of an account that may not use it.
func badMailToken() error {
	return store.BadField("body", "/token", "is not valid, was used already, or is too old; ask for another mail")
}

// ResetHolder returns the user whose password the token of a mail may replace at this
// moment. It changes nothing. Invalid for any other token.
func ResetHolder(ctx context.Context, db *gorm.DB, tokenHash []byte, now time.Time) (User, error) {
	_, user, err := openMail(db.WithContext(ctx), tokenHash, now, MailReset)
	return user, err
}

// ResetPassword sets the password of a token's user and marks their address as verified, since
// they read its mail. It ends all sessions with their devices, drops a pending address, and
// voids the tokens of other mails, except those that restore an address that was verified
// before. It queues the notice to the user and writes the audit log, all or nothing. It returns
// the sessions that have ended. Of concurrent uses of a token one succeeds; a used or bad one is
// Invalid.
func ResetPassword(ctx context.Context, db *gorm.DB, tokenHash []byte, hash string, notice Mail, message store.OutboxMessage, entry store.AuditEntry) (ended []uuid.UUID, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		_, user, err := useMail(tx, tokenHash, entry.At, MailReset)
		if err != nil {
			return err
		}
		if notice.UserID == nil || *notice.UserID != user.ID {
			return badMailToken() // the address has passed to another account since the caller looked
		}
		err = changeUser(tx, user.ID, entry.At, map[string]any{"password_hash": hash, "is_verified": true, "pending_email": nil})
		if err != nil {
			return err
		}
		if err = voidTokens(tx, user, entry.At, MailVerify, MailChange, MailReset); err != nil {
			return err
		}
		if ended, err = EndSessions(ctx, tx, user.ID, uuid.Nil, entry.At); err != nil {
			return err
		}
		if err = QueueMail(ctx, tx, notice, message); err != nil {
			return err
		}
		entry.UserID = &user.ID
		return store.Audit(ctx, tx, entry)
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// WriteMail returns a mail to a user, and the outbox message that sends it.
type WriteMail func(kind MailKind, user *uuid.UUID, address string) (Mail, store.OutboxMessage)

// VerifyEmail redeems a token that verifies an address; write makes the mails that
// follow. The token of a verification marks the account's address verified. That of a
// change makes the pending address the account's, and mails a restore token to the one
// before if that was verified. A restore token brings the address before a change back,
// ends all sessions, which are returned, voids the password and mails a token for a new
// one. Each ends what was pending and not verified: see the table in docs/accounts.md.
// An address that another account has by now is Conflict, and the token stays good. The
// action of the entry for the audit log is set here. Of concurrent uses of a token one
// succeeds; a used or bad one is Invalid.
func VerifyEmail(ctx context.Context, db *gorm.DB, tokenHash []byte, write WriteMail, entry store.AuditEntry) (ended []uuid.UUID, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		mail, user, err := useMail(tx, tokenHash, entry.At, MailVerify, MailChange, MailRestore)
		if err != nil {
			return err
		}
		entry.UserID = &user.ID
		switch mail.Kind {
		case MailRestore:
			entry.Action = store.AuditEmailRestored
			ended, err = restoreEmail(tx, mail, user, write, entry.At)
		case MailChange:
			entry.Action = store.AuditEmailChanged
			err = completeChange(tx, user, write, entry.At)
		default:
			entry.Action = store.AuditEmailVerified
			err = verifyPresent(tx, user, entry.At)
		}
		if err != nil {
			return err
		}
		return store.Audit(ctx, tx, entry)
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// verifyPresent drops the pending address: it is older than the verification of the
// present one, and not verified itself. Password reset tokens went to the same mailbox.
func verifyPresent(tx *gorm.DB, user User, now time.Time) error {
	if err := changeUser(tx, user.ID, now, map[string]any{"is_verified": true, "pending_email": nil}); err != nil {
		return err
	}
	return voidTokens(tx, user, now, MailVerify, MailChange)
}

// completeChange makes the pending address the account's. An address that was never
// verified gets no restore token: it may not be the user's own.
func completeChange(tx *gorm.DB, user User, write WriteMail, now time.Time) error {
	err := changeUser(tx, user.ID, now, map[string]any{"email": *user.PendingEmail, "is_verified": true, "pending_email": nil})
	if err != nil {
		return taken(err)
	}
	if err := voidTokens(tx, user, now, MailVerify, MailChange, MailReset); err != nil || !user.IsVerified {
		return err
	}
	return queueWritten(tx, write, MailRestore, user.ID, user.Email)
}

// restoreEmail keeps the restore tokens of earlier addresses. Otherwise a thief who
// changes the address twice could shut out the owner with the token that the second
// change sends to the thief. The password is voided, since a thief may have set it.
func restoreEmail(tx *gorm.DB, mail Mail, user User, write WriteMail, now time.Time) ([]uuid.UUID, error) {
	err := changeUser(tx, user.ID, now, map[string]any{"email": mail.Address, "is_verified": true, "pending_email": nil, "password_hash": ""})
	if err != nil {
		return nil, taken(err)
	}
	if err := voidTokens(tx, user, now, MailVerify, MailChange, MailReset); err != nil {
		return nil, err
	}
	later := tx.Model(&Mail{}).Where("user_id = ? AND kind = ? AND used_at IS NULL AND created_at >= ?", user.ID, MailRestore, mail.CreatedAt)
	if err := later.UpdateColumn("used_at", now).Error; err != nil {
		return nil, err
	}
	ended, err := EndSessions(tx.Statement.Context, tx, user.ID, uuid.Nil, now)
	if err != nil {
		return nil, err
	}
	return ended, queueWritten(tx, write, MailReset, user.ID, mail.Address)
}

func queueWritten(tx *gorm.DB, write WriteMail, kind MailKind, user uuid.UUID, address string) error {
	mail, message := write(kind, &user, address)
	return QueueMail(tx.Statement.Context, tx, mail, message)
}

// voidTokens voids the user's tokens of these kinds, also of mails that are queued for the
// user's address.
func voidTokens(tx *gorm.DB, user User, now time.Time, kinds ...MailKind) error {
	return tx.Model(&Mail{}).Where("kind IN ? AND used_at IS NULL", kinds).
		Where("(user_id = ? OR user_id IS NULL AND lower(address) = lower(?))", user.ID, user.Email).
		UpdateColumn("used_at", now).Error
}

func changeUser(tx *gorm.DB, id uuid.UUID, now time.Time, columns map[string]any) error {
	columns["updated_at"] = now
	return tx.Model(&User{}).Where("id = ?", id).UpdateColumns(columns).Error
}

// openMail returns the mail of a valid token, and its user.
func openMail(db *gorm.DB, tokenHash []byte, now time.Time, kinds ...MailKind) (mail Mail, user User, err error) {
	var found []Mail
	err = db.Where("token_hash = ? AND kind IN ? AND used_at IS NULL AND expires_at > ?", tokenHash, kinds, now).Find(&found).Error
	if err != nil {
		return mail, user, err
	}
	if len(found) == 0 {
		return mail, user, badMailToken()
	}
	user, ok, err := holder(db, found[0])
	if err == nil && !ok {
		err = badMailToken()
	}
	return found[0], user, err
}

// useMail uses up a token. It locks the user's row before anything else, like every
// change of an account, and checks the token again under the lock.
func useMail(tx *gorm.DB, tokenHash []byte, now time.Time, kinds ...MailKind) (mail Mail, user User, err error) {
	_, before, err := openMail(tx, tokenHash, now, kinds...)
	if err != nil {
		return mail, user, err
	}
	if _, err = Lock(tx, before.ID); err != nil {
		if store.CodeOf(err) == store.NotFound { // erased at this moment
			err = badMailToken()
		}
		return mail, user, err
	}
	mail, user, err = openMail(tx, tokenHash, now, kinds...)
	if err == nil && user.ID != before.ID {
		err = badMailToken()
	}
	if err != nil {
		return mail, user, err
	}
	used := tx.Model(&Mail{}).Where("id = ? AND used_at IS NULL", mail.ID).
		UpdateColumns(map[string]any{"used_at": now, "user_id": user.ID})
	if used.Error == nil && used.RowsAffected == 0 {
		return mail, user, badMailToken()
	}
	return mail, user, used.Error
}
