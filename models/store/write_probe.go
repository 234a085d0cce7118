package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// WriteProbe is the one row that health checks write to test the database.
type WriteProbe struct {
	ID        int `gorm:"primaryKey"`
	WrittenAt time.Time
}

// The reasons why a database that answers accepts no writes.
var (
	ErrReadOnly = errors.New("the database is read-only")
	ErrDiskFull = errors.New("the disk of the database is full")
)

// TryWrite writes to Postgres and returns nil when that works. It returns ErrReadOnly or ErrDiskFull,
// or the driver's error for anything else. All processes together write once in three seconds, so a
// result may be that old. It does not wait for other writes. A database whose schema has no table for
// it yet counts as writable.
func TryWrite(ctx context.Context, db *gorm.DB) error {
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// Refused by a standby and by a read-only session even without a row to change.
		done := tx.Exec(`UPDATE write_probes SET written_at = clock_timestamp() WHERE id = (
			SELECT id FROM write_probes WHERE written_at < clock_timestamp() - interval '3 seconds' FOR UPDATE SKIP LOCKED)`)
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		return spill(tx)
	})
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code {
	case "42P01": // undefined table
		return nil
	case "25006":
		return fmt.Errorf("%w (%w)", ErrReadOnly, err)
	case "53100":
		return fmt.Errorf("%w (%w)", ErrDiskFull, err)
	}
	return err
}

// spill makes Postgres write some 200 kB to its disk and drop them: an update of one row reuses free
// space, and would succeed on an otherwise full disk.
func spill(tx *gorm.DB) error {
	if err := tx.Exec(`SET LOCAL work_mem = '64kB'`).Error; err != nil {
		return err
	}
	err := tx.Exec(`SAVEPOINT spill`).Error
	if err == nil {
		err = tx.Exec(`SELECT count(*) FROM (SELECT repeat(md5(n::text), 250) AS words FROM generate_series(1, 24) n ORDER BY words OFFSET 0) sorted`).Error
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "53400" { // temp_file_limit forbids it: the row has to do
		return tx.Exec(`ROLLBACK TO SAVEPOINT spill`).Error
	}
	return err
}
