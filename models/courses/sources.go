package courses

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// StaleSources returns up to limit sources that have been PROCESSING without a change since the
// given time, the oldest first.
func StaleSources(ctx context.Context, db *gorm.DB, since time.Time, limit int) (ids []uuid.UUID, err error) {
	err = db.WithContext(ctx).Model(&Source{}).Where("state = ? AND updated_at < ?", SourceProcessing, since).
		Order("updated_at").Limit(limit).Pluck("id", &ids).Error
	return ids, err
}

// SourceState is the state of reading a learner's material.
type SourceState string

// Material leaves SourceProcessing once.
const (
	SourceProcessing SourceState = "PROCESSING"
	SourceReady      SourceState = "READY"
	SourceFailed     SourceState = "FAILED"
)

// Source is a learner's own material: an upload or an address, and its text.
type Source struct {
	ID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid"`
	Kind      string    // pdf, markdown, text or web
	Title     string
	URL       *string `gorm:"column:url"`
	MediaType string
	SizeBytes int64
	SHA256    []byte `gorm:"column:sha256"`
	State     SourceState
	Fault     *tasks.TaskFault `gorm:"type:jsonb;serializer:json"`
	Content   string           // the text, once read
	Words     int
	Pages     *int
	Original  []byte // the upload, or the page, until it was read
	CreatedAt time.Time
	UpdatedAt time.Time
	// ReadingStartedAt is set while a worker reads it.
	ReadingStartedAt *time.Time
}

// CourseSource links material to a course that is written from it.
type CourseSource struct {
	CourseID uuid.UUID `gorm:"type:uuid;primaryKey"`
	SourceID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Position int
}

// The limits of one user's material.
const (
	MostSources     = 100
	MostSourceBytes = 200 << 20 // of texts and of uploads not read yet
)

// sourceFacts are the columns without the text and the upload, which can be large.
const sourceFacts = "id, user_id, kind, title, url, media_type, size_bytes, sha256, state, fault, words, pages, created_at, updated_at"

// CreateSource commits new material and the message that has it read. The error is
// Conflict when the user already has as much as a user may.
func CreateSource(ctx context.Context, db *gorm.DB, source Source, message store.OutboxMessage) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// Creations of one user are serialised, or two could exceed the limits together.
		if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended('sources ' || ?, 0))", source.UserID.String()).Error; err != nil {
			return err
		}
		if err := affordSource(tx, source); err != nil {
			return err
		}
		if err := tx.Create(&source).Error; err != nil {
			return err
		}
		return store.Enqueue(ctx, tx, message)
	})
}

// affordSource checks the limits of one user. It reads the lengths without the texts.
func affordSource(tx *gorm.DB, source Source) error {
	var kept struct{ Number, Bytes int64 }
	err := tx.Raw(`
		SELECT count(*) AS number, coalesce(sum(octet_length(content) + coalesce(octet_length(original), 0)), 0) AS bytes
		FROM sources WHERE user_id = ?`, source.UserID).Scan(&kept).Error
	switch {
	case err != nil:
		return err
	case kept.Number >= MostSources:
		return store.Errorf(store.Conflict, "You have %d sources, which is as many as one may keep. Delete some first.", kept.Number)
	case kept.Bytes+int64(len(source.Content)+len(source.Original)) > MostSourceBytes:
		return store.Errorf(store.Conflict, "Your sources would take more than %d MiB. Delete some first.", MostSourceBytes>>20)
	}
	return nil
}

// FindSource returns the user's source without its text, else a not-found error.
func FindSource(ctx context.Context, db *gorm.DB, user, id uuid.UUID) (Source, error) {
	var source Source
	err := db.WithContext(ctx).Select(sourceFacts).First(&source, "id = ? AND user_id = ?", id, user).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Source{}, store.Missing("source", id)
	}
	return source, err
}

// ListSources returns a page of the user's sources without their texts, newest first, from
// the place where the page before ended; nil: from the start.
func ListSources(ctx context.Context, db *gorm.DB, user uuid.UUID, after *store.Keyset, limit int) ([]Source, error) {
	return store.NewestFirst[Source](db.WithContext(ctx).Select(sourceFacts).Where("user_id = ?", user), after, 0, limit)
}

// DeleteSource deletes the user's source; courses written from it stay, and
// their lessons still name it.
func DeleteSource(ctx context.Context, db *gorm.DB, user, id uuid.UUID) error {
	gone := db.WithContext(ctx).Where("id = ? AND user_id = ?", id, user).Delete(&Source{})
	if gone.Error == nil && gone.RowsAffected == 0 {
		return store.Missing("source", id)
	}
	return gone.Error
}

// SourceToRead returns a source of any user with its upload.
func SourceToRead(ctx context.Context, db *gorm.DB, id uuid.UUID) (Source, error) {
	var source Source
	err := db.WithContext(ctx).First(&source, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Source{}, store.Missing("source", id)
	}
	return source, err
}

// SaveSourceText makes a source READY with the title, the facts and the text given, and
// drops the upload. It changes only a source that is
// PROCESSING, so a second one, or one after a deletion, does nothing.
func SaveSourceText(ctx context.Context, db *gorm.DB, source Source, now time.Time) error {
	return finishSource(ctx, db, source.ID, now, map[string]any{
		"state": SourceReady, "title": source.Title, "media_type": source.MediaType, "size_bytes": source.SizeBytes,
		"sha256": source.SHA256, "content": source.Content, "words": source.Words, "pages": source.Pages,
	})
}

// FailSource makes a source FAILED with a reason for the learner, and drops
// the upload. It changes only a source that is PROCESSING.
func FailSource(ctx context.Context, db *gorm.DB, id uuid.UUID, fault tasks.TaskFault, now time.Time) error {
	text, err := json.Marshal(fault)
	if err != nil {
		return err
	}
	return finishSource(ctx, db, id, now, map[string]any{"state": SourceFailed, "fault": string(text)})
}

func finishSource(ctx context.Context, db *gorm.DB, id uuid.UUID, now time.Time, columns map[string]any) error {
	columns["original"], columns["reading_started_at"], columns["updated_at"] = nil, nil, now
	return db.WithContext(ctx).Model(&Source{}).Where("id = ? AND state = ?", id, SourceProcessing).Updates(columns).Error
}

// CourseSources returns the material a course is written from, in order, with its text.
func CourseSources(ctx context.Context, db *gorm.DB, course uuid.UUID) ([]Source, error) {
	var found []Source
	err := db.WithContext(ctx).Raw(`
		SELECT s.* FROM sources s JOIN course_sources c ON c.source_id = s.id
		WHERE c.course_id = ? ORDER BY c.position`, course).Scan(&found).Error
	return found, err
}
