package courses

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Finding is something found outside for a course, not yet placed in a lesson.
type Finding struct {
	CourseID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Position int       `gorm:"primaryKey;autoIncrement:false"` // from 1, the best first
	Item     Item      `gorm:"type:jsonb;serializer:json"`     // without ids and place
}

// SourceAnswer is what a content site answered, kept until ExpiresAt.
type SourceAnswer struct {
	Provider  string          `gorm:"primaryKey"`
	Key       string          `gorm:"primaryKey"`
	Items     json.RawMessage `gorm:"type:jsonb"`
	ExpiresAt time.Time
}

// FindAnswer returns the stored answer of a site, unless it has expired.
func FindAnswer(ctx context.Context, db *gorm.DB, provider, key string, now time.Time) (items []byte, found bool, err error) {
	var row SourceAnswer
	err = db.WithContext(ctx).First(&row, "provider = ? AND key = ? AND expires_at > ?", provider, key, now).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, false, nil
	}
	return row.Items, err == nil, err
}

// KeepAnswer stores a site's answer in place of an earlier one, and deletes some that have expired.
func KeepAnswer(ctx context.Context, db *gorm.DB, answer SourceAnswer, now time.Time) error {
	err := db.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&answer).Error
	if err != nil {
		return err
	}
	return db.WithContext(ctx).Exec(`
		DELETE FROM source_answers WHERE (provider, key) IN
			(SELECT provider, key FROM source_answers WHERE expires_at < ? LIMIT 100)`, now).Error
}

// SaveFindings stores what was found for a course that is being written, in place
// of what was found before.
func SaveFindings(ctx context.Context, db *gorm.DB, course uuid.UUID, items []Item) error {
	return changeWriting(ctx, db, course, func(tx *gorm.DB, _ Course) error {
		if err := tx.Delete(&Finding{}, "course_id = ?", course).Error; err != nil || len(items) == 0 {
			return err
		}
		rows := make([]Finding, len(items))
		for i, item := range items {
			rows[i] = Finding{course, i + 1, item}
		}
		return tx.Create(&rows).Error
	})
}

// Findings returns what was found for a course, the best first.
func Findings(ctx context.Context, db *gorm.DB, course uuid.UUID) ([]Item, error) {
	var rows []Finding
	err := db.WithContext(ctx).Where("course_id = ?", course).Order("position").Find(&rows).Error
	items := make([]Item, len(rows))
	for i, row := range rows {
		items[i] = row.Item
	}
	return items, err
}

// PlaceItems puts found items into the lessons of a course that is being
// written, in place of those found before. The items Lyo wrote itself stay.
func PlaceItems(ctx context.Context, db *gorm.DB, course uuid.UUID, items []Item) error {
	return changeWriting(ctx, db, course, func(tx *gorm.DB, _ Course) error {
		if err := tx.Delete(&Item{}, "course_id = ? AND source <> ?", course, SourceLyo).Error; err != nil || len(items) == 0 {
			return err
		}
		return tx.Create(&items).Error
	})
}
