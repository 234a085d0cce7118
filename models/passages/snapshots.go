package passages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/store"
)

// Snapshot is the text of a source as it was when it was read.
type Snapshot struct {
	ID          uuid.UUID  `gorm:"type:uuid;primaryKey"` // derived from the owner and the digest
	OwnerUserID *uuid.UUID `gorm:"type:uuid"`            // who alone may read it; nil: it is of the public web
	SourceID    *uuid.UUID `gorm:"type:uuid"`            // the upload it is of, while that exists
	Site        string     // SiteOwn, or the name of the site
	Title       string
	URL         *string `gorm:"column:url"`
	Language    string  // BCP 47
	License     string
	Attribution string
	SHA256      []byte `gorm:"column:sha256"` // of Content in UTF-8
	Content     string
	Sections    []Section `gorm:"type:jsonb;serializer:json"`
	FetchedAt   time.Time
}

// TableName names the table: feeds have snapshots too.
func (Snapshot) TableName() string { return "source_snapshots" }

// SiteOwn is the site of a learner's own material.
const SiteOwn = "own"

// Passage is a paragraph of a snapshot, or a part of a long one between sentences. Begins and Ends are in
// bytes of the snapshot's content.
type Passage struct {
	ID         uuid.UUID `gorm:"type:uuid;primaryKey"` // derived from the snapshot and the position
	SnapshotID uuid.UUID `gorm:"type:uuid"`
	Position   int       // from 1
	Section    int       // index into the snapshot's
	Begins     int
	Ends       int
	SHA256     []byte `gorm:"column:sha256"` // of the passage
}

// CourseSnapshot links a snapshot to a course that is made of it.
type CourseSnapshot struct {
	CourseID   uuid.UUID `gorm:"type:uuid;primaryKey"`
	SnapshotID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Position   int
}

// space derives the ids of snapshots and passages.
var space = uuid.MustParse("b7a4a4f3-6a0e-5a41-8d0e-0c53d1f6f1a7")

// Use stores the snapshots that a course is made of, with their passages, and links them to it in this
// order, in place of those of before. A text that its owner, or the public web, has already is stored once.
// It returns them with their ids.
func Use(ctx context.Context, tx *gorm.DB, course uuid.UUID, snapshots []Snapshot) ([]Snapshot, error) {
	tx = tx.WithContext(ctx)
	links := []CourseSnapshot{}
	for i := range snapshots {
		snapshots[i].identify()
		links = append(links, CourseSnapshot{course, snapshots[i].ID, i + 1})
	}
	// By their ids, so that two courses that are made of the same texts do not wait for each other.
	for _, s := range slices.SortedFunc(slices.Values(snapshots), func(a, b Snapshot) int { return bytes.Compare(a.ID[:], b.ID[:]) }) {
		if err := save(tx, s); err != nil {
			return nil, err
		}
	}
	if err := tx.Delete(&CourseSnapshot{}, "course_id = ?", course).Error; err != nil || len(links) == 0 {
		return snapshots, err
	}
	return snapshots, tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&links).Error
}

// identify sets what follows from the owner and the text.
func (s *Snapshot) identify() {
	digest := sha256.Sum256([]byte(s.Content))
	owner := ""
	if s.OwnerUserID != nil {
		owner = s.OwnerUserID.String()
	}
	s.SHA256, s.ID = digest[:], store.DerivedID(space, owner, s.Site, hex.EncodeToString(digest[:]))
	s.Sections = store.OrEmpty(s.Sections)
}

// save stores a snapshot and its passages, unless they are there.
func save(tx *gorm.DB, s Snapshot) error {
	// The time moves on, lest the cleaner takes what a course is about to use.
	kept := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"fetched_at"})}).Create(&s)
	if kept.Error != nil {
		return kept.Error
	}
	var parts []Passage
	for i, p := range split(s.Content, s.Sections) {
		part := sha256.Sum256([]byte(s.Content[p.begins:p.ends]))
		parts = append(parts, Passage{
			ID: passageID(s.ID, i+1), SnapshotID: s.ID, Position: i + 1, Section: p.section, Begins: p.begins, Ends: p.ends, SHA256: part[:],
		})
	}
	if len(parts) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&parts, 500).Error
}

func passageID(snapshot uuid.UUID, position int) uuid.UUID {
	return store.DerivedID(space, snapshot.String(), strconv.Itoa(position))
}

// OfCourse returns the snapshots that a course is made of, in order.
func OfCourse(ctx context.Context, db *gorm.DB, course uuid.UUID) ([]Snapshot, error) {
	var found []Snapshot
	err := db.WithContext(ctx).Raw(`SELECT s.* FROM source_snapshots s JOIN course_snapshots c ON c.snapshot_id = s.id
		WHERE c.course_id = ? ORDER BY c.position`, course).Find(&found).Error
	return found, err
}

// Used returns the snapshots that a course is made of without their texts.
func Used(db *gorm.DB, course uuid.UUID) ([]Snapshot, error) {
	var found []Snapshot
	err := db.Raw(`SELECT s.id, s.owner_user_id, s.url, s.sha256 FROM source_snapshots s JOIN course_snapshots c ON c.snapshot_id = s.id
		WHERE c.course_id = ? ORDER BY c.position`, course).Find(&found).Error
	return found, err
}

// keptUnused is how long a snapshot stays that no course is made of.
const keptUnused = 24 * time.Hour

// Sweep deletes up to limit old snapshots that no course is made of, and that nothing cites.
func Sweep(ctx context.Context, db *gorm.DB, now time.Time, limit int) error {
	return db.WithContext(ctx).Exec(`DELETE FROM source_snapshots WHERE id IN (
		SELECT id FROM source_snapshots s WHERE fetched_at < ?
			AND NOT EXISTS (SELECT FROM course_snapshots c WHERE c.snapshot_id = s.id)
			AND NOT EXISTS (SELECT FROM citations c JOIN passages p ON p.id = c.passage_id WHERE p.snapshot_id = s.id)
		LIMIT ? FOR UPDATE SKIP LOCKED)`, now.Add(-keptUnused), limit).Error
}
