package courses

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// takeMaterial records that a course is written from its owner's own material. For a public course the owner
// must confirm that they may publish it.
func (c *Course) takeMaterial(ids []uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	if c.OwnMaterial = true; c.Visibility == VisibilityPublic && c.RightsConfirmedAt == nil {
		return unconfirmed()
	}
	return nil
}

// useSources links the learner's own material to a course. Material that belongs to
// another user, is unknown or could not be read is a bad field. Duplicates are ignored.
func useSources(tx *gorm.DB, course, user uuid.UUID, ids []uuid.UUID) error {
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			continue
		}
		tied := tx.Exec(`INSERT INTO course_sources (course_id, source_id, position)
			SELECT ?, id, ? FROM sources WHERE id = ? AND user_id = ? AND state <> 'FAILED'
			ON CONFLICT DO NOTHING`, course, i+1, id, user)
		if tied.Error != nil {
			return tied.Error
		}
		if tied.RowsAffected == 0 {
			return store.BadField("body", fmt.Sprintf("/source_ids/%d", i), "is none of your sources, or is one that could not be read")
		}
	}
	return nil
}
