package activity

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/store"
)

// Engagement records that a user did something with an item: each action once, at its last time.
type Engagement struct {
	UserID   uuid.UUID    `gorm:"type:uuid;primaryKey"`
	ItemID   uuid.UUID    `gorm:"type:uuid;primaryKey"`
	Action   string       `gorm:"primaryKey"`
	Metadata store.Object `gorm:"type:jsonb;serializer:json"`
	At       time.Time
}

// Disengage removes a user's engagement with an item, if there is one.
func Disengage(tx *gorm.DB, user, item uuid.UUID, action string) error {
	return tx.Delete(&Engagement{}, "user_id = ? AND item_id = ? AND action = ?", user, item, action).Error
}

// Engage records an engagement. Key: user, item and action.
func Engage(tx *gorm.DB, user, item uuid.UUID, action string, metadata store.Object, now time.Time) error {
	if metadata == nil {
		metadata = map[string]any{}
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).
		Create(&Engagement{UserID: user, ItemID: item, Action: action, Metadata: metadata, At: now}).Error
}
