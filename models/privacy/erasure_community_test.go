package privacy_test

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

// communityRows returns a row in every table of the community that names a user. friend is
// somebody else.
func communityRows(user, friend uuid.UUID, now time.Time) []any {
	post := &community.Post{
		ID: store.NewID(), AuthorID: &user, Title: "t", Content: "c", PostType: "discussion", Tags: []string{}, Metadata: map[string]any{},
		Status: moderation.ContentVisible, LikesCount: 1, CommentsCount: 1, CommentersCount: 1, ViewsCount: 1, CreatedAt: now, UpdatedAt: now,
	}
	comment := &community.Comment{ID: store.NewID(), PostID: post.ID, AuthorID: &user, Content: "c", Status: moderation.ContentVisible, LikesCount: 1, CreatedAt: now, UpdatedAt: now}
	dismissed := community.DecideDismiss
	return []any{
		post, comment,
		&community.PostLike{PostID: post.ID, UserID: user, CreatedAt: now}, &community.PostView{PostID: post.ID, UserID: user, CreatedAt: now},
		&community.CommentLike{CommentID: comment.ID, UserID: user, CreatedAt: now},
		&accounts.Block{BlockerID: user, BlockedID: friend, CreatedAt: now}, &accounts.Block{BlockerID: friend, BlockedID: user, CreatedAt: now},
		&community.Follow{FollowerID: user, FolloweeID: friend, CreatedAt: now}, &community.Follow{FollowerID: friend, FolloweeID: user, CreatedAt: now},
		&community.ContentEdit{ID: store.NewID(), PostID: &post.ID, EditorID: &user, Title: "before", Content: "c", Tags: []string{}, At: now},
		&community.Report{ID: store.NewID(), ReporterID: &user, TargetType: moderation.TargetUser, TargetID: friend, AuthorID: &friend, Reason: "r", CreatedAt: now, DueAt: now},
		&community.Report{ID: store.NewID(), ReporterID: &friend, TargetType: moderation.TargetUser, TargetID: user, AuthorID: &user, Reason: "r", CreatedAt: now, DueAt: now},
		&community.Report{ID: store.NewID(), ReporterID: &friend, TargetType: moderation.TargetPost, TargetID: post.ID, Reason: "r", CreatedAt: now, DueAt: now, Decision: &dismissed, DecidedAt: &now, DeciderID: &user},
	}
}
