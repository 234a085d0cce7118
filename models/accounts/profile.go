package accounts

import (
	"context"
	"reflect"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// profileColumns are the columns that a user may change in their own row.
var profileColumns = []string{
	"email", "pending_email", "full_name", "username", "bio", "avatar_url", "locale", "timezone", "profile_data", "leaderboard_hidden", "updated_at",
}

// ChangeProfile applies change to the user's row under a lock and commits the profile's columns only.
// also runs in the same transaction, with the row before and after, when they differ. An e-mail address
// or a username that another user has is a Conflict. Another pending address voids the tokens of the
// one before. It is Unauthenticated when the session, unless it is uuid.Nil, has ended.
func ChangeProfile(ctx context.Context, db *gorm.DB, id, session uuid.UUID, now time.Time, change func(*User) error, also func(tx *gorm.DB, before, after User) error) (User, error) {
	var after User
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		before, err := Lock(tx, id)
		if err != nil {
			return err
		}
		if err := HoldSession(tx, id, session, now); err != nil {
			return err
		}
		after = before
		if err := change(&after); err != nil {
			return err
		}
		if reflect.DeepEqual(before, after) {
			return nil
		}
		if err := movePending(tx, before, after, now); err != nil {
			return err
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

// movePending checks a new pending address: one that another user has is a Conflict,
// and tokens of the previous pending address are voided.
func movePending(tx *gorm.DB, before, after User, now time.Time) error {
	if after.PendingEmail != nil && before.Pends(*after.PendingEmail) || after.PendingEmail == nil && before.PendingEmail == nil {
		return nil
	}
	if after.PendingEmail != nil {
		holder, err := FindUserByEmail(tx.Statement.Context, tx, *after.PendingEmail)
		if err != nil {
			return err
		}
		if holder.ID != uuid.Nil && holder.ID != after.ID {
			return emailTaken()
		}
	}
	return voidTokens(tx, before, now, MailChange)
}
