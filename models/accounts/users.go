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

// CreateUser commits a new account together with its first session, its entry in
// the audit log, and whatever also adds. An e-mail or username that is taken,
// in any spelling, is a Conflict.
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

// FindUserByEmail finds whose mailbox it is, however its address is written. An
// unknown address is the zero User and no error, since who signs in must not be
// told. Accounts of before the rules can share a mailbox: of these the one is found whose
// address is written like this.
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

// SignIn commits a new session of a user who has shown the password of a hash, the
// time of it and its entry in the audit log. An account that is switched off, or being
// deleted, is Forbidden. Where the hash was replaced since it is Conflict: a sign-in
// that was on its way does not outlive what shut it out.
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

// switchedOff returns why nobody signs in to an account, to whoever knew the password.
func switchedOff(user User) error {
	if user.SuspendedAt != nil {
		return store.Errorf(store.Forbidden, "This account is suspended.")
	}
	if user.DeletionDueAt == nil {
		return inactive()
	}
	return store.Errorf(store.Forbidden, "This account is being deleted. Until %s an administrator can restore it.", user.DeletionDueAt.UTC().Format(time.RFC1123))
}

func inactive() error {
	return store.Errorf(store.Forbidden, "This account is not active.")
}
