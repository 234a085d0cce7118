package models

import (
	"context"
	"reflect"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// profileColumns are those that a user may change of their own row.
var profileColumns = []string{
	"email", "is_verified", "full_name", "username", "bio", "avatar_url", "locale", "timezone", "profile_data", "leaderboard_hidden", "updated_at",
}

// ChangeProfile has change alter the user's row, under a lock, and commits what a
// profile is made of: nothing else of the row is written, whatever change does to it.
// also runs in the same transaction, with the row before and after, when they differ. An e-mail address
// or a username that somebody else has is a Conflict.
func ChangeProfile(ctx context.Context, db *gorm.DB, id uuid.UUID, now time.Time, change func(*User) error, also func(tx *gorm.DB, before, after User) error) (User, error) {
	var after User
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		before, err := lockAccount(tx, id)
		if err != nil {
			return err
		}
		after = before
		if err := change(&after); err != nil {
			return err
		}
		if reflect.DeepEqual(before, after) {
			return nil
		}
		after.UpdatedAt = now
		if err := tx.Model(&User{}).Where("id = ?", id).Select(profileColumns).UpdateColumns(&after).Error; err != nil {
			return taken(err)
		}
		if err := moveZone(tx, before, after, now); err != nil {
			return err
		}
		return also(tx, before, after)
	})
	return after, err
}
