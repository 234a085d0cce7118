package privacy

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// Export is an archive of a user's data.
type Export struct {
	ID           uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID       uuid.UUID `gorm:"type:uuid"`
	SizeBytes    int64
	CreatedAt    time.Time
	ExpiresAt    *time.Time // nil: not ready
	DownloadedAt *time.Time // nil but where an earlier version handed it out
}

// ExportPart is a piece of an export's archive.
type ExportPart struct {
	ExportID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Position int       `gorm:"primaryKey;autoIncrement:false"` // from 1
	Data     []byte
}

// ExportFor is how long an export can be fetched.
const ExportFor = 24 * time.Hour

// ExportRoom is where the positions of an archive's pieces end. Behind it are those of
// the files it is made of, until it is made.
const ExportRoom = 1_000_000

// CreateExport commits an export, its task with the first event, the outbox message of its
// workflow and an entry of the audit log. While another export of the user runs, its task is
// returned instead, with replayed true.
func CreateExport(ctx context.Context, db *gorm.DB, task tasks.Task, message store.OutboxMessage, entry store.AuditEntry) (made tasks.Task, replayed bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, task.UserID); err != nil {
			return err
		}
		if err := tasks.LockQueue(tx, task.UserID); err != nil { // so that of many at once one is made
			return err
		}
		var open []tasks.Task
		err := tx.Where("user_id = ? AND task_type = ? AND state IN ?", task.UserID, tasks.TaskAccountExport, []tasks.TaskState{tasks.TaskQueued, tasks.TaskRunning}).Limit(1).Find(&open).Error
		if err != nil || len(open) > 0 {
			made, replayed = append(open, task)[0], err == nil
			return err
		}
		made = task
		first := tasks.FirstEvent(task)
		for _, row := range []any{&Export{ID: task.ResultID, UserID: task.UserID, CreatedAt: task.CreatedAt}, &task, &first, &message, &entry} {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return made, replayed, err
}

// ChangeExport runs change in a transaction that locks the export, of any user. An export
// that is gone is not found. Of an activity that timed out and its retry, the later sees all
// or nothing of what the earlier did. An idle transaction ends within a minute, and waiting
// for the lock fails after ten seconds.
func ChangeExport(ctx context.Context, db *gorm.DB, id uuid.UUID, change func(tx *gorm.DB, export Export) error) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Exec("SELECT set_config('lock_timeout', '10s', true), set_config('idle_in_transaction_session_timeout', '1min', true)").Error
		if err != nil {
			return err
		}
		var export Export
		err = tx.Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).First(&export, "id = ?", id).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return store.Missing("export", id)
		}
		if err != nil {
			return err
		}
		return change(tx, export)
	})
}

// AddExportPart stores a piece, replacing one at the same position.
func AddExportPart(ctx context.Context, db *gorm.DB, part ExportPart) error {
	return db.WithContext(ctx).Save(&part).Error
}

// DropExportParts removes the pieces at positions from first up to, not including, end.
func DropExportParts(ctx context.Context, db *gorm.DB, export uuid.UUID, first, end int) error {
	return db.WithContext(ctx).Delete(&ExportPart{}, "export_id = ? AND position >= ? AND position < ?", export, first, end).Error
}

// NextExportPart returns the first piece at a position from first up to, not including,
// end; ok is false when there is none.
func NextExportPart(ctx context.Context, db *gorm.DB, export uuid.UUID, first, end int) (part ExportPart, ok bool, err error) {
	var found []ExportPart
	err = db.WithContext(ctx).Where("export_id = ? AND position >= ? AND position < ?", export, first, end).Order("position").Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return part, false, err
	}
	return found[0], true, nil
}

// ExportPartAt returns the piece of the archive that has the byte at an offset, and where in the piece that is; ok is
// false behind the end. Lengths are read without the bytes.
func ExportPartAt(ctx context.Context, db *gorm.DB, export uuid.UUID, offset int64) (part ExportPart, skip int64, ok bool, err error) {
	var found []struct {
		Position int
		First    int64
	}
	err = db.WithContext(ctx).Raw(`
		SELECT position, "end" - size AS first FROM (
			SELECT position, octet_length(data) AS size, sum(octet_length(data)) OVER (ORDER BY position) AS "end"
			FROM export_parts WHERE export_id = ? AND position > 0 AND position < ?) p
		WHERE "end" > ? ORDER BY position LIMIT 1`, export, ExportRoom, offset).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return part, 0, false, err
	}
	part, ok, err = NextExportPart(ctx, db, export, found[0].Position, found[0].Position+1)
	return part, offset - found[0].First, ok, err
}

// FinishExport makes an export ready to be fetched.
func FinishExport(ctx context.Context, db *gorm.DB, id uuid.UUID, size int64, now time.Time) error {
	return db.WithContext(ctx).Model(&Export{}).Where("id = ?", id).
		UpdateColumns(map[string]any{"size_bytes": size, "expires_at": now.Add(ExportFor)}).Error
}

// DropExport removes the export of a failed task, also when the archive was finished at the
// last moment. Repeating it is harmless.
func DropExport(ctx context.Context, db *gorm.DB, id uuid.UUID) error {
	return db.WithContext(ctx).Delete(&Export{}, "id = ?", id).Error
}

// FindExport returns the user's export if it can be fetched at a time, as often as its owner likes. One that is
// unknown, another user's, not ready or expired is not found; so is one that an earlier version handed out, since it
// deleted the pieces with that.
func FindExport(ctx context.Context, db *gorm.DB, user, id uuid.UUID, now time.Time) (Export, error) {
	var export Export
	err := db.WithContext(ctx).First(&export, "id = ? AND user_id = ? AND expires_at > ? AND downloaded_at IS NULL", id, user, now).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return export, store.Missing("export", id)
	}
	return export, err
}

// SweepExports deletes up to limit exports, with their pieces, that cannot be fetched any
// more: expired, or never finished because the task ended first.
func SweepExports(ctx context.Context, db *gorm.DB, now time.Time, limit int) error {
	return db.WithContext(ctx).Exec(`
		DELETE FROM exports WHERE id IN (
			SELECT id FROM exports e WHERE expires_at < ? OR expires_at IS NULL AND NOT EXISTS (
				SELECT 1 FROM tasks t WHERE t.result_id = e.id AND t.state IN ('QUEUED', 'RUNNING'))
			LIMIT ? FOR UPDATE SKIP LOCKED)`,
		now, limit).Error
}
