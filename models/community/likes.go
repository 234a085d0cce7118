package community

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/moderation"
)

// PostLike is a user's like of a post.
type PostLike struct {
	PostID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time
}

// PostView records that a user has read a post.
type PostView struct {
	PostID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time
}

// CommentLike is a user's like of a comment.
type CommentLike struct {
	CommentID uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time
}

// LikePost sets or clears a viewer's like of a post; a nil want toggles it. It returns the number
// of likes, and whether the viewer's is among them.
func LikePost(ctx context.Context, db *gorm.DB, v moderation.Viewer, id uuid.UUID, want *bool, now time.Time) (likes int, liked bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, v.ID); err != nil {
			return err
		}
		likes, liked, err = ApplyLike(tx, v, id, want, now)
		return err
	})
	return likes, liked, err
}

// ApplyLike does the work of LikePost for an account that is locked.
func ApplyLike(tx *gorm.DB, v moderation.Viewer, id uuid.UUID, want *bool, now time.Time) (likes int, liked bool, err error) {
	post, err := lockPost(tx, v, id)
	if err != nil {
		return 0, false, err
	}
	if err := moderation.RequireVisible(post.Status, "post"); err != nil {
		return 0, false, err
	}
	return like(tx, "post", id, v.ID, want, now)
}

// LikeComment is LikePost for a comment. It locks only the comment.
func LikeComment(ctx context.Context, db *gorm.DB, v moderation.Viewer, id uuid.UUID, want *bool, now time.Time) (likes int, liked bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, v.ID); err != nil {
			return err
		}
		comment, err := findComment(tx, v, id, " FOR NO KEY UPDATE OF c")
		if err != nil {
			return err
		}
		if err := moderation.RequireVisible(comment.Status, "comment"); err != nil {
			return err
		}
		likes, liked, err = like(tx, "comment", id, v.ID, want, now)
		return err
	})
	return likes, liked, err
}

// like changes a row of post_likes or comment_likes and its counter. The caller has locked the
// counter's row, so that all parts of the statement see the same state.
func like(tx *gorm.DB, what string, id, user uuid.UUID, want *bool, now time.Time) (likes int, liked bool, err error) {
	rows := what + "_likes WHERE " + what + "_id = @id AND user_id = @user"
	var after struct{ LikesCount, Made int }
	err = tx.Raw(`WITH gone AS (DELETE FROM `+rows+` AND CAST(@want AS boolean) IS NOT TRUE RETURNING 1),
		made AS (INSERT INTO `+what+`_likes (`+what+`_id, user_id, created_at) SELECT @id, @user, @now
			WHERE CAST(@want AS boolean) OR CAST(@want AS boolean) IS NULL AND NOT EXISTS (SELECT 1 FROM `+rows+`)
			ON CONFLICT DO NOTHING RETURNING 1)
		UPDATE `+what+`s SET likes_count = likes_count + (SELECT count(*) FROM made) - (SELECT count(*) FROM gone) WHERE id = @id
		RETURNING likes_count, (SELECT count(*) FROM made) AS made`, map[string]any{"id": id, "user": user, "want": want, "now": now}).Scan(&after).Error
	liked = after.Made > 0
	if want != nil {
		liked = *want
	}
	return after.LikesCount, liked, err
}
