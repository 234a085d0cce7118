package models_test

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models"
)

// communityRows are a row in every table of the community that names a user. friend is
// somebody else.
func communityRows(user, friend uuid.UUID, now time.Time) []any {
	post := &models.Post{
		ID: models.NewID(), AuthorID: &user, Title: "t", Content: "c", PostType: "discussion", Tags: []string{}, Metadata: map[string]any{},
		Status: models.ContentVisible, LikesCount: 1, CommentsCount: 1, CommentersCount: 1, ViewsCount: 1, CreatedAt: now, UpdatedAt: now,
	}
	comment := &models.Comment{ID: models.NewID(), PostID: post.ID, AuthorID: &user, Content: "c", Status: models.ContentVisible, LikesCount: 1, CreatedAt: now, UpdatedAt: now}
	dismissed := models.DecideDismiss
	return []any{
		post, comment,
		&models.PostLike{PostID: post.ID, UserID: user, CreatedAt: now}, &models.PostView{PostID: post.ID, UserID: user, CreatedAt: now},
		&models.CommentLike{CommentID: comment.ID, UserID: user, CreatedAt: now},
		&models.Block{BlockerID: user, BlockedID: friend, CreatedAt: now}, &models.Block{BlockerID: friend, BlockedID: user, CreatedAt: now},
		&models.Follow{FollowerID: user, FolloweeID: friend, CreatedAt: now}, &models.Follow{FollowerID: friend, FolloweeID: user, CreatedAt: now},
		&models.ContentEdit{ID: models.NewID(), PostID: &post.ID, EditorID: &user, Title: "before", Content: "c", Tags: []string{}, At: now},
		&models.Report{ID: models.NewID(), ReporterID: &user, TargetType: models.TargetUser, TargetID: friend, AuthorID: &friend, Reason: "r", CreatedAt: now, DueAt: now},
		&models.Report{ID: models.NewID(), ReporterID: &friend, TargetType: models.TargetUser, TargetID: user, AuthorID: &user, Reason: "r", CreatedAt: now, DueAt: now},
		&models.Report{ID: models.NewID(), ReporterID: &friend, TargetType: models.TargetPost, TargetID: post.ID, Reason: "r", CreatedAt: now, DueAt: now, Decision: &dismissed, DecidedAt: &now, DeciderID: &user},
	}
}
