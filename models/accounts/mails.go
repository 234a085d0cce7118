package accounts

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// MailKind is the kind of a mail.
type MailKind string

// The mails that carry a single-use token.
const (
	MailVerify  MailKind = "verify_email"   // verifies the account's address
	MailChange  MailKind = "change_email"   // verifies the pending address, which becomes the account's
	MailReset   MailKind = "reset_password" // verifies the account's address, and replaces the password
	MailRestore MailKind = "restore_email"  // brings back the verified address before a change
)

// The mails without a token.
const (
	MailChangeRequested MailKind = "change_requested" // to the account's address, while another is pending
	MailPasswordChanged MailKind = "password_changed"
	MailSignInAttempts  MailKind = "sign_in_attempts" // wrong passwords from many addresses
)

// CarriesToken reports whether mails of the kind have a token in them.
func (k MailKind) CarriesToken() bool {
	return slices.Contains([]MailKind{MailVerify, MailChange, MailReset, MailRestore}, k)
}

// Mail is a queued mail, with the hash of its token.
type Mail struct {
	ID        uuid.UUID  `gorm:"type:uuid;primaryKey"`
	UserID    *uuid.UUID `gorm:"type:uuid"` // nil: to be found by the address when it is sent
	Kind      MailKind
	Address   string // where it goes
	TokenHash []byte // SHA-256; nil: it carries no token
	CreatedAt time.Time
	ExpiresAt time.Time // of the token, and the deadline for sending
	SentAt    *time.Time
	UsedAt    *time.Time
}

// QueueMail commits a mail and the message that sends it, as part of the caller's
// transaction where db is one. An address of no account makes no difference.
func QueueMail(ctx context.Context, db *gorm.DB, mail Mail, message store.OutboxMessage) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&mail).Error; err != nil {
			return err
		}
		return store.Enqueue(ctx, tx, message)
	})
}

// QueueMailOnce is QueueMail for a mail to a user whose id prevents duplicates: where a
// mail of that id exists, or the user is not active, nothing happens. It takes as long
// for a user who does not exist.
func QueueMailOnce(ctx context.Context, db *gorm.DB, user uuid.UUID, mail Mail, message store.OutboxMessage) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		made := tx.Exec(`
			INSERT INTO mails (id, user_id, kind, address, created_at, expires_at)
			SELECT ?, id, ?, email, ?, ? FROM users WHERE id = ? AND is_active
			ON CONFLICT (id) DO NOTHING`, mail.ID, mail.Kind, mail.CreatedAt, mail.ExpiresAt, user)
		if made.Error != nil || made.RowsAffected == 0 {
			return made.Error
		}
		return store.Enqueue(ctx, tx, message)
	})
}

// RenderedMail is a mail with its recipient.
type RenderedMail struct {
	Mail Mail
	User User
	// To is the recipient: an address as its owner wrote it, never as the mail's
	// requester typed it. The two may be equal to Postgres and still differ.
	To string
}

// MailToSend returns the mail with its user as they are now. ok is false when there is
// nothing to send: it is unknown, sent, used or expired, no active user has the
// address, or the address to verify is no longer the user's.
func MailToSend(ctx context.Context, db *gorm.DB, id uuid.UUID, now time.Time) (letter RenderedMail, ok bool, err error) {
	var found []Mail
	err = db.WithContext(ctx).Where("id = ? AND sent_at IS NULL AND used_at IS NULL AND expires_at > ?", id, now).Find(&found).Error
	if err != nil || len(found) == 0 {
		return letter, false, err
	}
	letter.Mail = found[0]
	if letter.User, ok, err = holder(db.WithContext(ctx), letter.Mail); err != nil || !ok {
		return RenderedMail{}, false, err
	}
	letter.To = letter.Mail.Address
	switch letter.Mail.proves() {
	case "email":
		letter.To = letter.User.Email
	case "pending_email":
		letter.To = *letter.User.PendingEmail
	}
	return letter, true, nil
}

// proves returns the user's column that must have the mail's address, or "".
func (m Mail) proves() string {
	switch m.Kind {
	case MailVerify, MailReset, MailChangeRequested:
		return "email"
	case MailChange:
		return "pending_email"
	default:
		return ""
	}
}

// holder returns the active user a mail is for. ok is false when there is none, or when
// the user's address is no longer the mail's.
func holder(db *gorm.DB, m Mail) (user User, ok bool, err error) {
	q := db.Where("is_active")
	switch {
	case m.UserID != nil:
		q = q.Where("id = ?", m.UserID)
	case m.Kind != MailReset:
		return user, false, nil
	}
	if column := m.proves(); column != "" {
		q = q.Where("lower("+column+") = lower(?)", m.Address)
	}
	var found []User
	if err = q.Limit(1).Find(&found).Error; err != nil || len(found) == 0 {
		return user, false, err
	}
	return found[0], true, nil
}

// MarkSent records that a mail was sent and to whom, so that it is deleted with the
// account. The first time is kept.
func MarkSent(ctx context.Context, db *gorm.DB, letter RenderedMail, now time.Time) error {
	return db.WithContext(ctx).Model(&Mail{}).Where("id = ? AND sent_at IS NULL", letter.Mail.ID).
		UpdateColumns(map[string]any{"sent_at": now, "user_id": letter.User.ID}).Error
}

// DropMail deletes a mail without a recipient. One that was sent, or belongs to a
// user, stays. Repeating it is harmless.
func DropMail(ctx context.Context, db *gorm.DB, id uuid.UUID) error {
	return db.WithContext(ctx).Where("id = ? AND user_id IS NULL AND sent_at IS NULL", id).Delete(&Mail{}).Error
}

// mailsKept is how long a mail is kept after its token has expired.
const mailsKept = 24 * time.Hour

// SweepMails deletes up to limit mails that expired more than a day ago.
func SweepMails(ctx context.Context, db *gorm.DB, now time.Time, limit int) error {
	return db.WithContext(ctx).Exec(`
		DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE expires_at < ? ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED)`,
		now.Add(-mailsKept), limit).Error
}
