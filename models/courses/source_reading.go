package courses

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// SourceFacts returns a source of any user, without its text and its upload.
func SourceFacts(ctx context.Context, db *gorm.DB, id uuid.UUID) (Source, error) {
	var source Source
	err := db.WithContext(ctx).Select(sourceFacts).First(&source, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Source{}, store.Missing("source", id)
	}
	return source, err
}

// KeepPage keeps what was found at the address of a source until it is read. It changes
// only a source that is PROCESSING.
func KeepPage(ctx context.Context, db *gorm.DB, id uuid.UUID, mediaType string, page, digest []byte, now time.Time) error {
	return db.WithContext(ctx).Model(&Source{}).Where("id = ? AND state = ?", id, SourceProcessing).Updates(map[string]any{
		"media_type": mediaType, "size_bytes": int64(len(page)), "sha256": digest, "original": page, "updated_at": now,
	}).Error
}

// BeginReading marks that the reading of a source begins. It returns false, and marks nothing,
// when an earlier reading has not ended: its worker died of it. A source that is no longer
// PROCESSING is a not-found error.
func BeginReading(ctx context.Context, db *gorm.DB, id uuid.UUID, now time.Time) (bool, error) {
	var before []struct{ Begun *time.Time }
	err := db.WithContext(ctx).Raw(`
		UPDATE sources s SET reading_started_at = coalesce(s.reading_started_at, ?)
		FROM (SELECT id, reading_started_at FROM sources WHERE id = ? AND state = ? FOR UPDATE) b
		WHERE s.id = b.id RETURNING b.reading_started_at AS begun`, now, id, SourceProcessing).Scan(&before).Error
	switch {
	case err != nil:
		return false, err
	case len(before) == 0:
		return false, store.Missing("source", id)
	}
	return before[0].Begun == nil, nil
}

// EndReading removes the mark of BeginReading, for a reading that ended without a result and
// may be tried again.
func EndReading(ctx context.Context, db *gorm.DB, id uuid.UUID) error {
	return db.WithContext(ctx).Model(&Source{}).Where("id = ?", id).UpdateColumn("reading_started_at", nil).Error
}

// uploadPiece is how many bytes of an upload are fetched at a time.
const uploadPiece = 512 << 10

// SourceUpload reads the upload of a source in pieces, so that it is never in memory as a
// whole. A row that is gone is an error.
func SourceUpload(ctx context.Context, db *gorm.DB, id uuid.UUID) io.Reader {
	return &uploadReader{ctx: ctx, db: db, id: id}
}

type uploadReader struct {
	ctx  context.Context
	db   *gorm.DB
	id   uuid.UUID
	next int // byte, from 0
	rest []byte
}

// Read returns what is left of a piece, or of the next one.
func (r *uploadReader) Read(into []byte) (int, error) {
	if len(r.rest) == 0 {
		row := r.db.WithContext(r.ctx).Raw("SELECT substring(original FROM ? FOR ?) FROM sources WHERE id = ?", r.next+1, uploadPiece, r.id).Row()
		if err := row.Scan(&r.rest); err != nil {
			return 0, err
		}
		if len(r.rest) == 0 {
			return 0, io.EOF
		}
		r.next += len(r.rest)
	}
	n := copy(into, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
