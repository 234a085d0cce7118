package community

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
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

func keepPost(tx *gorm.DB, before Post, w AuthorContext) error {
	return tx.Create(&ContentEdit{
		ID: store.NewID(), PostID: &before.ID, EditorID: &w.ID, Title: before.Title, Content: before.Content, Tags: before.Tags, At: w.Now,
	}).Error
}

// editsOf returns the earlier texts of a post or comment, the latest first, for its author and
// administrators. column is post_id or comment_id.
func editsOf(tx *gorm.DB, column string, id uuid.UUID, limit int) ([]ContentEdit, error) {
	var edits []ContentEdit
	err := tx.Where(column+" = ?", id).Order("at DESC, id DESC").Limit(limit).Find(&edits).Error
	return edits, err
}

// mostEdits is the greatest number of earlier versions returned.
const mostEdits = 100

// PostEdits returns the earlier texts of a post, the latest first, for its author and administrators.
func PostEdits(ctx context.Context, db *gorm.DB, v moderation.Viewer, id uuid.UUID) ([]ContentEdit, error) {
	s, _, err := FindPost(ctx, db, v, id)
	if err != nil {
		return nil, err
	}
	if err := v.MayChange(s.AuthorID, "post"); err != nil {
		return nil, err
	}
	return editsOf(db.WithContext(ctx), "post_id", id, mostEdits)
}
