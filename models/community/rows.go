package community

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/moderation"
)

// PostAnnouncement is the type of post that only administrators make.
const PostAnnouncement = "announcement"

// Post is something said to everybody. Its counters are kept in the transactions of the
// rows they count.
type Post struct {
	ID              uuid.UUID  `gorm:"type:uuid;primaryKey"`
	AuthorID        *uuid.UUID `gorm:"type:uuid"` // nil: the account was deleted
	Title           string
	Content         string // Markdown, as written
	PostType        string
	Tags            []string       `gorm:"type:jsonb;serializer:json"`
	Metadata        map[string]any `gorm:"type:jsonb;serializer:json"`
	Status          moderation.ContentStatus
	HiddenBy        *string // of a hidden one
	FlagReason      string  `gorm:"column:held_for"` // why it waits for an administrator
	IsPinned        bool
	LikesCount      int
	CommentsCount   int // visible ones
	CommentersCount int // distinct authors of those
	ViewsCount      int
	CreatedAt       time.Time
	UpdatedAt       time.Time
	TagList         string  `gorm:"->"` // generated: the keys of Tags, by which Postgres finds them
	Top             float64 `gorm:"->"` // generated: ranking.Reactions
	Hot             float64 `gorm:"->"` // generated: ranking.Hot
}

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

// Comment is an answer to a post, or to another comment of it.
type Comment struct {
	ID              uuid.UUID  `gorm:"type:uuid;primaryKey"`
	PostID          uuid.UUID  `gorm:"type:uuid"`
	AuthorID        *uuid.UUID `gorm:"type:uuid"` // nil: the account was deleted
	ParentCommentID *uuid.UUID `gorm:"type:uuid"`
	Depth           int        // parents above it
	Content         string     // Markdown, as written
	Status          moderation.ContentStatus
	HiddenBy        *string
	FlagReason      string `gorm:"column:held_for"`
	LikesCount      int
	RepliesCount    int // visible ones, right below it
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// CommentLike is a user's like of a comment.
type CommentLike struct {
	CommentID uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	CreatedAt time.Time
}

// ContentEdit is the earlier text of a post or comment that was changed.
type ContentEdit struct {
	ID        uuid.UUID  `gorm:"type:uuid;primaryKey"`
	PostID    *uuid.UUID `gorm:"type:uuid"`
	CommentID *uuid.UUID `gorm:"type:uuid"`
	EditorID  *uuid.UUID `gorm:"type:uuid"` // who changed it
	Title     string     // of a post
	Content   string
	Tags      []string `gorm:"type:jsonb;serializer:json"`
	At        time.Time
}

// Decision is an administrator's decision on a report.
type Decision string

// The decisions there are.
const (
	DecideDismiss Decision = "dismiss"
	DecideHide    Decision = "hide"
	DecideDelete  Decision = "delete"
	DecideSuspend Decision = "suspend" // the author; their content is hidden with that
)

// Report is a user's report of content or of another user, with its decision.
type Report struct {
	ID          uuid.UUID  `gorm:"type:uuid;primaryKey"`
	ReporterID  *uuid.UUID `gorm:"type:uuid"`
	TargetType  string
	TargetID    uuid.UUID  `gorm:"type:uuid"`
	TargetPart  string     // the id of a question, in the item that TargetID names; empty: all of the target
	CourseID    *uuid.UUID `gorm:"type:uuid"` // of a course or a part of one
	AuthorID    *uuid.UUID `gorm:"type:uuid"` // of the target, or the user; nil: gone
	Reason      string
	Excerpt     string // what the target said when it was reported
	CreatedAt   time.Time
	DueAt       time.Time // by when it has to be decided
	EscalatedAt *time.Time
	Decision    *Decision // nil: open
	DecidedAt   *time.Time
	DeciderID   *uuid.UUID `gorm:"type:uuid"`
	Note        string
}
