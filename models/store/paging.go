package store

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Keyset is the position in a list, newest first, at which a page ended.
type Keyset struct {
	At time.Time
	ID uuid.UUID
}

// NewestFirst returns a page of the rows of a query by created_at and id, from the position where
// the page before ended; nil: from the start.
func NewestFirst[R any](q *gorm.DB, after *Keyset, offset, limit int) (rows []R, err error) {
	if after != nil {
		q = q.Where("(created_at, id) < (?, ?)", after.At, after.ID)
	}
	err = q.Order("created_at DESC, id DESC").Offset(offset).Limit(limit).Find(&rows).Error
	return rows, err
}
