package community

import (
	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Uncount removes a user's likes, views and comments from all counters, and deletes the rows of
// likes and views, before the user is erased. It locks posts and then comments, each in the order
// of their ids.
func Uncount(tx *gorm.DB, user uuid.UUID) error {
	for _, statement := range []string{
		`SELECT id FROM posts WHERE id IN (
			SELECT post_id FROM post_likes WHERE user_id = @user UNION SELECT post_id FROM post_views WHERE user_id = @user
			UNION SELECT post_id FROM comments WHERE author_id = @user) ORDER BY id FOR NO KEY UPDATE`,
		`WITH gone AS (DELETE FROM post_likes WHERE user_id = @user RETURNING post_id)
		 UPDATE posts SET likes_count = likes_count - 1 FROM gone WHERE id = gone.post_id`,
		`WITH gone AS (DELETE FROM post_views WHERE user_id = @user RETURNING post_id)
		 UPDATE posts SET views_count = views_count - 1 FROM gone WHERE id = gone.post_id`,
		// Their comments stay, but a comment without an author does not count as a commenter.
		`UPDATE posts SET commenters_count = commenters_count - 1 WHERE id IN (SELECT post_id FROM comments WHERE author_id = @user AND status = 'visible')`,
		`SELECT id FROM comments WHERE id IN (SELECT comment_id FROM comment_likes WHERE user_id = @user) ORDER BY id FOR NO KEY UPDATE`,
		`WITH gone AS (DELETE FROM comment_likes WHERE user_id = @user RETURNING comment_id)
		 UPDATE comments SET likes_count = likes_count - 1 FROM gone WHERE id = gone.comment_id`,
	} {
		if err := tx.Exec(statement, map[string]any{"user": user}).Error; err != nil {
			return err
		}
	}
	return nil
}
