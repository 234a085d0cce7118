package models

import (
	"time"

	"github.com/google/uuid"
)

// ContentStatus is who sees a post or comment: everybody, or, of the rest, its author and
// administrators. A deleted one nobody sees, but as a stub where it holds a tree together.
type ContentStatus string

// The states there are.
const (
	ContentVisible ContentStatus = "visible"
	ContentHeld    ContentStatus = "held" // until an administrator has looked at it
	ContentHidden  ContentStatus = "hidden"
	ContentDeleted ContentStatus = "deleted"
)

// Post is something said to everybody. Its counters are kept in the transactions of the
// rows they count.
type Post struct {
	ID            uuid.UUID  `gorm:"type:uuid;primaryKey"`
	AuthorID      *uuid.UUID `gorm:"type:uuid"` // nil: the account was deleted
	Title         string
	Content       string // Markdown, as written
	PostType      string
	Tags          []string       `gorm:"type:jsonb;serializer:json"`
	Metadata      map[string]any `gorm:"type:jsonb;serializer:json"`
	Status        ContentStatus
	IsPinned      bool
	LikesCount    int
	CommentsCount int
	ViewsCount    int
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// PostLike is a user's like of a post.
type PostLike struct {
	PostID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time
}

// PostView is that a user has read a post.
type PostView struct {
	PostID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time
}

// Comment is an answer to a post, or to another comment of it.
type Comment struct {
	ID              uuid.UUID  `gorm:"type:uuid;primaryKey"`
	PostID          uuid.UUID  `gorm:"type:uuid"`
	AuthorID        *uuid.UUID `gorm:"type:uuid"` // nil: the account was deleted
	ParentCommentID *uuid.UUID `gorm:"type:uuid"`
	Content         string     // Markdown, as written
	Status          ContentStatus
	LikesCount      int
	RepliesCount    int
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// CommentLike is a user's like of a comment.
type CommentLike struct {
	CommentID uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time
}

// Block keeps two users from seeing anything of each other.
type Block struct {
	BlockerID uuid.UUID `gorm:"type:uuid;primaryKey"`
	BlockedID uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time
}

// Follow is that a user wants to hear of another's deeds.
type Follow struct {
	FollowerID uuid.UUID `gorm:"type:uuid;primaryKey"`
	FolloweeID uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt  time.Time
}
