package activity

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/store"
)

// Kinds of feed entries.
const (
	FeedPublished = "published"
	FeedShared    = "shared"
	FeedUnlocked  = "unlocked"
	FeedMilestone = "milestone"
)

// FeedEntry is an activity of a user that others may see in their feeds.
type FeedEntry struct {
	ID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID      uuid.UUID `gorm:"type:uuid"` // who did it
	Kind        string
	ContentType string
	ContentID   uuid.UUID `gorm:"type:uuid"`
	Title       string
	Metadata    store.Object `gorm:"type:jsonb;serializer:json"`
	At          time.Time
}

var feedSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d11")

// AddToFeed writes a feed entry, in the transaction of the activity. Key: user, kind and
// content.
func AddToFeed(tx *gorm.DB, e FeedEntry) error {
	e.ID = store.DerivedID(feedSpace, e.UserID.String(), e.Kind, e.ContentID.String())
	if e.Metadata == nil {
		e.Metadata = map[string]any{}
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&e).Error
}
