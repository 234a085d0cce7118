package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/store"
)

// SetBlock blocks a user or ends the block. Two users with a block do not see each other. A block
// ends their following each other. Repeating it changes nothing; an unknown user is not found.
func SetBlock(ctx context.Context, db *gorm.DB, blocker, blocked uuid.UUID, wanted bool, now time.Time) error {
	if blocker == blocked {
		return store.BadField("path", "user_id", "is your own")
	}
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := RequireUser(ctx, tx, blocked); err != nil {
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

// RequireUser returns a not-found error for a user that does not exist.
func RequireUser(ctx context.Context, tx *gorm.DB, id uuid.UUID) error {
	_, err := FindUser(ctx, tx, id)
	return err
}

// BlockedUser is a blocked user.
type BlockedUser struct {
	User Author
	At   time.Time
}

// ListBlocks returns a page of the users that a user has blocked, the latest first.
func ListBlocks(ctx context.Context, db *gorm.DB, blocker uuid.UUID, after *store.Keyset, offset, limit int) ([]BlockedUser, error) {
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
	blocks := make([]BlockedUser, 0, limit)
	for rows.Next() {
		var b BlockedUser
		if err := rows.Scan(&b.User.ID, &b.User.Name, &b.User.AvatarURL, &b.At); err != nil {
			return nil, err
		}
		blocks = append(blocks, b)
	}
	return blocks, rows.Err()
}

// Block hides two users from each other.
type Block struct {
	BlockerID uuid.UUID `gorm:"type:uuid;primaryKey"`
	BlockedID uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time
}

// BlockedSQL selects the users whom @viewer has blocked, and those who have blocked them.
const BlockedSQL = `SELECT blocked_id AS user_id FROM blocks WHERE blocker_id = @viewer UNION ALL SELECT blocker_id FROM blocks WHERE blocked_id = @viewer`

// NotApart returns a condition that is true unless one of @viewer and a person has blocked the other;
// person may be NULL. The blocks are read once a query, so that an index scan stays one.
func NotApart(person string) string {
	return "(" + person + " IS NULL OR " + person + " <> ALL (ARRAY(" + BlockedSQL + ")))"
}

// ApartFrom returns a condition that is true when one of @viewer and a person has blocked the other,
// for queries of few rows.
func ApartFrom(person string) string {
	return "EXISTS (SELECT FROM blocks b WHERE b.blocker_id = @viewer AND b.blocked_id = " + person + " OR b.blocker_id = " + person + " AND b.blocked_id = @viewer)"
}

// Apart reports whether one of two users has blocked the other.
func Apart(tx *gorm.DB, viewer, person uuid.UUID) (apart bool, err error) {
	err = tx.Raw("SELECT "+ApartFrom("@person"), map[string]any{"viewer": viewer, "person": person}).Scan(&apart).Error
	return apart, err
}
