package community

import (
	"time"

	"github.com/google/uuid"
)

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
