package passages

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// State says how well a citation bears out its sentence.
type State string

// The states of a citation.
const (
	Supported   State = "supported"   // its quote says what the sentence says
	QuoteOnly   State = "quote_only"  // its quote is verbatim; the sentence is in another language
	Unsupported State = "unsupported" // its quote does not say so
)

// Citation is where a quotation of a lesson is from. Begins and Ends are in bytes of the snapshot's content.
type Citation struct {
	LessonID  uuid.UUID `gorm:"type:uuid;primaryKey"`
	N         int       `gorm:"primaryKey"` // from 1 in a lesson, as in [1]
	PassageID uuid.UUID `gorm:"type:uuid"`  // where the quote begins
	Begins    int
	Ends      int
	Quote     string
	State     State
}

// Cite stores the citations of a lesson in place of those of before.
func Cite(tx *gorm.DB, lesson uuid.UUID, citations []Citation) error {
	if err := tx.Delete(&Citation{}, "lesson_id = ?", lesson).Error; err != nil || len(citations) == 0 {
		return err
	}
	return tx.CreateInBatches(&citations, 500).Error
}

// Cited is a citation with facts of its source.
type Cited struct {
	Citation
	SnapshotID  uuid.UUID
	OwnerUserID *uuid.UUID // who alone may read the source; nil: everybody
	Title       string
	URL         *string `gorm:"column:url"`
	License     string
}

// OfLessons returns the citations of lessons, by lesson and number.
func OfLessons(ctx context.Context, db *gorm.DB, lessons []uuid.UUID) ([]Cited, error) {
	var found []Cited
	err := db.WithContext(ctx).Raw(`SELECT c.*, s.id AS snapshot_id, s.owner_user_id, s.title, s.url, s.license
		FROM citations c JOIN passages p ON p.id = c.passage_id JOIN source_snapshots s ON s.id = p.snapshot_id
		WHERE c.lesson_id IN ? ORDER BY c.lesson_id, c.n`, lessons).Find(&found).Error
	return found, err
}

// Source is a citation with the snapshot and the passage that it points to.
type Source struct {
	Citation Citation
	Snapshot Snapshot
	Passage  Passage
}

// Text returns the passage's text.
func (s Source) Text() string { return s.Snapshot.Content[s.Passage.Begins:s.Passage.Ends] }

// Find returns the n-th citation of a lesson with its source, else a not-found error.
func Find(ctx context.Context, db *gorm.DB, lesson uuid.UUID, n int) (Source, error) {
	var s Source
	db = db.WithContext(ctx)
	err := db.First(&s.Citation, "lesson_id = ? AND n = ?", lesson, n).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return s, store.Errorf(store.NotFound, "There is no such citation.")
	}
	if err == nil {
		err = db.First(&s.Passage, "id = ?", s.Citation.PassageID).Error
	}
	if err == nil {
		err = db.First(&s.Snapshot, "id = ?", s.Passage.SnapshotID).Error
	}
	return s, err
}

// At returns the passage where an offset is; zero for none.
func At(all []Passage, offset int) Passage {
	for _, p := range all {
		if p.Begins <= offset && offset < p.Ends {
			return p
		}
	}
	return Passage{}
}

// Of returns the passages of a snapshot, in order.
func Of(ctx context.Context, db *gorm.DB, snapshot uuid.UUID) ([]Passage, error) {
	var all []Passage
	err := db.WithContext(ctx).Order("position").Find(&all, "snapshot_id = ?", snapshot).Error
	return all, err
}
