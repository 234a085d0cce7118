package accounts

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/text"
)

// CreateUser commits a new account together with its first session, its entry in the
// audit log, and the rows of also. An e-mail or username that is taken, in any
// spelling, is a Conflict.
func CreateUser(ctx context.Context, db *gorm.DB, user User, session Session, entry store.AuditEntry, also func(tx *gorm.DB) error) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&user).Error; err != nil {
			return taken(err)
		}
		if err := tx.Create(&session).Error; err != nil {
			return err
		}
		if err := store.Audit(ctx, tx, entry); err != nil {
			return err
		}
		return also(tx)
	})
}

func taken(err error) error {
	switch {
	case store.IsUniqueViolation(err, "users_email_key"):
		return emailTaken()
	case store.IsUniqueViolation(err, "users_username_key"):
		return store.Errorf(store.Conflict, "This username is taken.")
	}
	return err
}

func emailTaken() error {
	return store.Errorf(store.Conflict, "An account with this e-mail address already exists.")
}

// FindUser returns the user, else a not-found error.
func FindUser(ctx context.Context, db *gorm.DB, id uuid.UUID) (User, error) {
	var user User
	err := db.WithContext(ctx).First(&user, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return User{}, store.Missing("user", id)
	}
	return user, err
}

// FindUserByEmail returns the user of a mailbox, however its address is written. An
// unknown address is the zero User and no error, since sign-in must not reveal it.
// Accounts from before the rules can share a mailbox: of these it returns the one whose
// address is written the same way.
func FindUserByEmail(ctx context.Context, db *gorm.DB, email string) (User, error) {
	typed, mailbox := strings.TrimSpace(email), strings.TrimSpace(email)
	if rule, err := text.Mailbox(email); err == nil {
		mailbox = rule
	}
	var found []User
	err := db.WithContext(ctx).Where("lower(email) IN (lower(?), lower(?))", typed, mailbox).
		Order(clause.OrderBy{Expression: clause.Expr{SQL: "lower(email) = lower(?) DESC", Vars: []any{typed}}}).Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return User{}, err
	}
	return found[0], nil
}

// SignIn commits a new session of a user who has presented the password of a hash, its
// time and its entry in the audit log. An account that is switched off, or being
// deleted, is Forbidden. It is a Conflict when the hash was replaced since: a
// concurrent sign-in must not outlive a reset of the password.
func SignIn(ctx context.Context, db *gorm.DB, id uuid.UUID, hash string, session Session, entry store.AuditEntry) (user User, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		marked := tx.Model(&User{}).Where("id = ? AND is_active AND password_hash = ?", id, hash).UpdateColumn("last_login_at", entry.At)
		if marked.Error != nil {
			return marked.Error
		}
		if user, err = FindUser(ctx, tx, id); err != nil {
			return err
		}
		if marked.RowsAffected == 0 {
			if user.IsActive {
				return store.Errorf(store.Conflict, "The password was changed at this moment. Sign in with the new one.")
			}
			return switchedOff(user)
		}
		if err := tx.Create(&session).Error; err != nil {
			return err
		}
		return store.Audit(ctx, tx, entry)
	})
	return user, err
}

// Rehash replaces a password's hash by another one of the same password, unless it
// was changed meanwhile.
func Rehash(ctx context.Context, db *gorm.DB, id uuid.UUID, was, hash string) error {
	return db.WithContext(ctx).Model(&User{}).Where("id = ? AND password_hash = ?", id, was).UpdateColumn("password_hash", hash).Error
}

// switchedOff returns why sign-in is refused, for a user who knew the password.
func switchedOff(user User) error {
	if user.SuspendedAt != nil {
		return store.Errorf(store.Forbidden, "This account is suspended.")
	}
	if user.DeletionDueAt == nil {
		return Inactive()
	}
	return store.Errorf(store.Forbidden, "This account is being deleted. Until %s an administrator can restore it.", user.DeletionDueAt.UTC().Format(time.RFC1123))
}

// Inactive returns the refusal of an account that is switched off.
func Inactive() error {
	return store.Errorf(store.Forbidden, "This account is not active.")
}
