package community

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// SetFollow makes a user follow another, or stop following. Repeating it changes nothing. A
// followee who is blocked either way, is switched off or does not exist is not found.
func SetFollow(ctx context.Context, db *gorm.DB, follower, followee uuid.UUID, wanted bool, now time.Time) error {
	if follower == followee {
		return store.BadField("path", "id", "is your own")
	}
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if !wanted {
			if err := accounts.RequireUser(ctx, tx, followee); err != nil {
				return err
			}
			return tx.Exec("DELETE FROM follows WHERE follower_id = ? AND followee_id = ?", follower, followee).Error
		}
		user, err := accounts.FindUser(ctx, tx, followee)
		if err != nil {
			return err
		}
		apart, err := accounts.Apart(tx, follower, followee)
		if err != nil {
			return err
		}
		if apart || !user.IsActive {
			return store.Missing("user", followee)
		}
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Follow{FollowerID: follower, FolloweeID: followee, CreatedAt: now}).Error
	})
}

// Follow records that a user follows another.
type Follow struct {
	FollowerID uuid.UUID `gorm:"type:uuid;primaryKey"`
	FolloweeID uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt  time.Time
}
