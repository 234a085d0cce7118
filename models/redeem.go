package models

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// badMailToken is the same for a token that is unknown, used, too old, or of an
// account that may not use it.
func badMailToken() error {
	return BadField("body", "/token", "is not valid, was used already, or is too old; ask for another mail")
}

// ResetHolder is the user whose password the token of a mail may replace at this
// moment. It changes nothing. Invalid for any other token.
func ResetHolder(ctx context.Context, db *gorm.DB, tokenHash []byte, now time.Time) (User, error) {
	_, user, err := openMail(db.WithContext(ctx), tokenHash, now, MailReset)
	return user, err
}

// ResetPassword gives the user of a token another password, counts their address as
// verified, since they read its mail, ends all their sessions, voids other tokens
// for a new password, queues the notice to them, and tells the audit log, all or
// nothing. It tells which sessions have ended. A token is good once, however many
// try at a time; one that is not is Invalid.
func ResetPassword(ctx context.Context, db *gorm.DB, tokenHash []byte, hash string, notice Mail, promise OutboxEntry, entry AuditEntry) (ended []uuid.UUID, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		mail, user, err := useMail(tx, tokenHash, entry.At, MailReset)
		if err != nil {
			return err
		}
		if notice.UserID == nil || *notice.UserID != user.ID {
			return badMailToken() // the address has passed to another account since the caller looked
		}
		err = changeUser(tx, user.ID, entry.At, map[string]any{"password_hash": hash, "is_verified": true})
		if err != nil {
			return err
		}
		void := tx.Model(&Mail{}).Where("id <> ? AND kind = ? AND used_at IS NULL", mail.ID, MailReset).
			Where("(user_id = ? OR user_id IS NULL AND lower(address) = lower(?))", user.ID, user.Email)
		if err = void.UpdateColumn("used_at", entry.At).Error; err != nil {
			return err
		}
		if ended, err = EndSessions(ctx, tx, user.ID, uuid.Nil, entry.At); err != nil {
			return err
		}
		if err = QueueMail(ctx, tx, notice, promise); err != nil {
			return err
		}
		entry.UserID = &user.ID
		return Audit(ctx, tx, entry)
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// VerifyEmail redeems a token that proves an address. That of a new address marks it
// verified, if it is still the user's. That of the address before a change brings it
// back, as Conflict tells where another account has it by now; it ends all sessions,
// which are returned, and voids the user's other tokens. The action of the entry for
// the audit log is set here. A token is good once, however many try at a time; one
// that is not is Invalid.
func VerifyEmail(ctx context.Context, db *gorm.DB, tokenHash []byte, entry AuditEntry) (ended []uuid.UUID, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		mail, user, err := useMail(tx, tokenHash, entry.At, MailVerify, MailRestore)
		if err != nil {
			return err
		}
		entry.UserID, entry.Action = &user.ID, AuditEmailVerified
		if mail.Kind == MailRestore {
			entry.Action = AuditEmailRestored
			ended, err = restoreEmail(tx, mail, user, entry.At)
		} else {
			err = changeUser(tx, user.ID, entry.At, map[string]any{"is_verified": true})
		}
		if err != nil {
			return err
		}
		return Audit(ctx, tx, entry)
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// restoreEmail leaves alone the ways back to addresses before this one. Otherwise a
// thief who changes the address twice could shut out the owner with the token that
// the second change sends to the thief.
func restoreEmail(tx *gorm.DB, mail Mail, user User, now time.Time) ([]uuid.UUID, error) {
	err := changeUser(tx, user.ID, now, map[string]any{"email": mail.Address, "is_verified": true})
	if err != nil {
		return nil, taken(err)
	}
	void := tx.Model(&Mail{}).Where("user_id = ? AND id <> ? AND token_hash IS NOT NULL AND used_at IS NULL", user.ID, mail.ID).
		Where("(kind <> ? OR created_at >= ?)", MailRestore, mail.CreatedAt)
	if err := void.UpdateColumn("used_at", now).Error; err != nil {
		return nil, err
	}
	return EndSessions(tx.Statement.Context, tx, user.ID, uuid.Nil, now)
}

func changeUser(tx *gorm.DB, id uuid.UUID, now time.Time, columns map[string]any) error {
	columns["updated_at"] = now
	return tx.Model(&User{}).Where("id = ?", id).UpdateColumns(columns).Error
}

// openMail is the mail of a token that is good, and its user.
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

// useMail uses up a token, with the user's row locked before anything else, as
// whoever changes an account does. What holds is looked at again under the lock.
func useMail(tx *gorm.DB, tokenHash []byte, now time.Time, kinds ...MailKind) (mail Mail, user User, err error) {
	_, before, err := openMail(tx, tokenHash, now, kinds...)
	if err != nil {
		return mail, user, err
	}
	if _, err = lockAccount(tx, before.ID); err != nil {
		if CodeOf(err) == NotFound { // erased at this moment
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
