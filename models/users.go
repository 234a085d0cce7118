package models

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// CreateUser commits a new account together with its first session. An e-mail
// or username that somebody has, in whatever case, is a Conflict.
func CreateUser(ctx context.Context, db *gorm.DB, user User, session Session) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&user).Error; err != nil {
			return taken(err)
		}
		return tx.Create(&session).Error
	})
}

func taken(err error) error {
	switch {
	case uniqueViolation(err, "users_email_key"):
		return Errorf(Conflict, "An account with this e-mail address already exists.")
	case uniqueViolation(err, "users_username_key"):
		return Errorf(Conflict, "This username is taken.")
	}
	return err
}

// FindUser is the user, else a not-found error.
func FindUser(ctx context.Context, db *gorm.DB, id uuid.UUID) (User, error) {
	var user User
	err := db.WithContext(ctx).First(&user, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return User{}, Missing("user", id)
	}
	return user, err
}

// FindUserByEmail finds without regard to case. An unknown address is the zero
// User and no error, since who signs in must not be told.
func FindUserByEmail(ctx context.Context, db *gorm.DB, email string) (User, error) {
	var found []User
	err := db.WithContext(ctx).Where("lower(email) = lower(?)", email).Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return User{}, err
	}
	return found[0], nil
}

// SignIn commits a new session of a user and the time of it. An account that is
// switched off is Forbidden.
func SignIn(ctx context.Context, db *gorm.DB, id uuid.UUID, session Session, now time.Time) (User, error) {
	var user User
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		marked := tx.Model(&User{}).Where("id = ? AND is_active", id).UpdateColumn("last_login_at", now)
		if marked.Error != nil {
			return marked.Error
		}
		if marked.RowsAffected == 0 {
			return inactive()
		}
		if err := tx.Create(&session).Error; err != nil {
			return err
		}
		var err error
		user, err = FindUser(ctx, tx, id)
		return err
	})
	return user, err
}

func inactive() error {
	return Errorf(Forbidden, "This account is not active.")
}
