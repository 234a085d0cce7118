package models

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// LikePost sets or clears a viewer's like of a post; want nil: the other way round. It
// tells how many there are now, and whether theirs is among them.
func LikePost(ctx context.Context, db *gorm.DB, v Viewer, id uuid.UUID, want *bool, now time.Time) (likes int, liked bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := isActive(tx, v.ID); err != nil {
			return err
		}
		post, err := lockPost(tx, v, id)
		if err != nil {
			return err
		}
		if err := onlyVisible(post.Status, "post"); err != nil {
			return err
		}
		likes, liked, err = like(tx, "post", id, v.ID, want, now)
		return err
	})
	return likes, liked, err
}

// LikeComment is LikePost for a comment. It locks nothing but the comment, and so is in
// nobody's way.
func LikeComment(ctx context.Context, db *gorm.DB, v Viewer, id uuid.UUID, want *bool, now time.Time) (likes int, liked bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := isActive(tx, v.ID); err != nil {
			return err
		}
		comment, err := findComment(tx, v, id, " FOR NO KEY UPDATE OF c")
		if err != nil {
			return err
		}
		if err := onlyVisible(comment.Status, "comment"); err != nil {
			return err
		}
		likes, liked, err = like(tx, "comment", id, v.ID, want, now)
		return err
	})
	return likes, liked, err
}

// like changes a row of post_likes or comment_likes and the counter that counts it,
// whose row the caller has locked.
func like(tx *gorm.DB, what string, id, user uuid.UUID, want *bool, now time.Time) (likes int, liked bool, err error) {
	change := 0
	if want == nil || !*want {
		gone := tx.Exec("DELETE FROM "+what+"_likes WHERE "+what+"_id = ? AND user_id = ?", id, user)
		if gone.Error != nil {
			return 0, false, gone.Error
		}
		change = -int(gone.RowsAffected)
	}
	if want == nil && change == 0 || want != nil && *want {
		liked = true
		made := tx.Exec("INSERT INTO "+what+"_likes ("+what+"_id, user_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, user, now)
		if made.Error != nil {
			return 0, false, made.Error
		}
		change = int(made.RowsAffected)
	}
	err = tx.Raw("UPDATE "+what+"s SET likes_count = likes_count + ? WHERE id = ? RETURNING likes_count", change, id).Scan(&likes).Error
	return likes, liked, err
}
