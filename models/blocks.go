package models

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// SetBlock keeps two users from seeing anything of each other, or ends that. It ends
// their following each other. Repeating it changes nothing; an unknown user is not found.
func SetBlock(ctx context.Context, db *gorm.DB, blocker, blocked uuid.UUID, wanted bool, now time.Time) error {
	if blocker == blocked {
		return BadField("path", "user_id", "is your own")
	}
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := somebody(ctx, tx, blocked); err != nil {
			return err
		}
		if !wanted {
			return tx.Exec("DELETE FROM blocks WHERE blocker_id = ? AND blocked_id = ?", blocker, blocked).Error
		}
		err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Block{BlockerID: blocker, BlockedID: blocked, CreatedAt: now}).Error
		if err != nil {
			return err
		}
		return tx.Exec("DELETE FROM follows WHERE follower_id = @a AND followee_id = @b OR follower_id = @b AND followee_id = @a",
			map[string]any{"a": blocker, "b": blocked}).Error
	})
}

// SetFollow has a user hear of another's deeds, or no more. Repeating it changes
// nothing. Who is kept apart, has been switched off or never was is not found.
func SetFollow(ctx context.Context, db *gorm.DB, follower, followee uuid.UUID, wanted bool, now time.Time) error {
	if follower == followee {
		return BadField("path", "id", "is your own")
	}
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if !wanted {
			if err := somebody(ctx, tx, followee); err != nil {
				return err
			}
			return tx.Exec("DELETE FROM follows WHERE follower_id = ? AND followee_id = ?", follower, followee).Error
		}
		user, err := FindUser(ctx, tx, followee)
		if err != nil {
			return err
		}
		apart, err := Apart(tx, follower, followee)
		if err != nil {
			return err
		}
		if apart || !user.IsActive {
			return Missing("user", followee)
		}
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Follow{FollowerID: follower, FolloweeID: followee, CreatedAt: now}).Error
	})
}

func somebody(ctx context.Context, tx *gorm.DB, id uuid.UUID) error {
	_, err := FindUser(ctx, tx, id)
	return err
}

// BlockSeen is somebody whom a user has blocked.
type BlockSeen struct {
	User Byline
	At   time.Time
}

// ListBlocks is a page of whom a user has blocked, the latest first.
func ListBlocks(ctx context.Context, db *gorm.DB, blocker uuid.UUID, after *Keyset, offset, limit int) ([]BlockSeen, error) {
	args := map[string]any{"blocker": blocker, "offset": offset, "limit": limit}
	where := ""
	if after != nil {
		where = " AND (b.created_at, b.blocked_id) < (@at, @id)"
		args["at"], args["id"] = after.At, after.ID
	}
	rows, err := db.WithContext(ctx).Raw(`SELECT u.id, u.full_name, u.avatar_url, b.created_at FROM blocks b JOIN users u ON u.id = b.blocked_id
		WHERE b.blocker_id = @blocker`+where+" ORDER BY b.created_at DESC, b.blocked_id DESC LIMIT @limit OFFSET @offset", args).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	blocks := make([]BlockSeen, 0, limit)
	for rows.Next() {
		var b BlockSeen
		if err := rows.Scan(&b.User.ID, &b.User.Name, &b.User.AvatarURL, &b.At); err != nil {
			return nil, err
		}
		blocks = append(blocks, b)
	}
	return blocks, rows.Err()
}
