package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Worker is the sign of life of a worker process: Temporal itself notices only after minutes that one is gone.
type Worker struct {
	Identity  string `gorm:"primaryKey"` // among the pollers of a queue
	Build     string
	SeenAt    time.Time
	StoppedAt *time.Time // when it stopped in an orderly way
}

const (
	// silentAfter is how old the last sign of life of a worker that counts as gone is: it gives one every WorkerSigns.
	silentAfter = "12 seconds"
	// WorkerSigns is the time between two signs of life.
	WorkerSigns = 5 * time.Second
)

// SignOfLife records that a worker polls now.
func SignOfLife(ctx context.Context, db *gorm.DB, identity, build string) error {
	return db.WithContext(ctx).Exec(`
		INSERT INTO workers (identity, build, seen_at) VALUES (?, ?, clock_timestamp())
		ON CONFLICT (identity) DO UPDATE SET build = excluded.build, seen_at = excluded.seen_at, stopped_at = NULL`, identity, build).Error
}

// WorkerStopped records that a worker polls no longer.
func WorkerStopped(ctx context.Context, db *gorm.DB, identity string) error {
	return db.WithContext(ctx).Exec(`UPDATE workers SET stopped_at = clock_timestamp() WHERE identity = ?`, identity).Error
}

// GoneWorkers returns when each worker that stopped, or fell silent, was last alive, by identity. Workers of versions
// without signs of life are not among them.
func GoneWorkers(ctx context.Context, db *gorm.DB) (map[string]time.Time, error) {
	return latest(ctx, db, `SELECT identity AS key, coalesce(stopped_at, seen_at) AS at FROM workers
		WHERE stopped_at IS NOT NULL OR seen_at < clock_timestamp() - interval '`+silentAfter+`'`)
}

// LivingBuilds returns when a worker of each build last gave a sign of life.
func LivingBuilds(ctx context.Context, db *gorm.DB) (map[string]time.Time, error) {
	return latest(ctx, db, `SELECT build AS key, max(seen_at) AS at FROM workers GROUP BY build`)
}

func latest(ctx context.Context, db *gorm.DB, query string) (map[string]time.Time, error) {
	var rows []struct {
		Key string
		At  time.Time
	}
	err := db.WithContext(ctx).Raw(query).Scan(&rows).Error
	times := make(map[string]time.Time, len(rows))
	for _, row := range rows {
		times[row.Key] = row.At
	}
	return times, err
}

// SweepWorkers removes up to most workers that have been gone for a day.
func SweepWorkers(ctx context.Context, db *gorm.DB, now time.Time, most int) error {
	return db.WithContext(ctx).Exec(`DELETE FROM workers WHERE identity IN (SELECT identity FROM workers WHERE seen_at < ? LIMIT ?)`, now.Add(-24*time.Hour), most).Error
}
