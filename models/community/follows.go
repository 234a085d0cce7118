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

// SetFollow has a user hear of another's deeds, or no more. Repeating it changes
// nothing. Who is kept apart, has been switched off or never was is not found.
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

// Follow is that a user wants to hear of another's deeds.
type Follow struct {
	FollowerID uuid.UUID `gorm:"type:uuid;primaryKey"`
	FolloweeID uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt  time.Time
}
