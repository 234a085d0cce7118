package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// WithAdvisoryLock runs do under a lock by name that is shared by all processes. When another
// process holds the lock, the error is Unavailable and do does not run. The lock is released when
// do returns, or when the process dies. It takes a connection for that time.
func WithAdvisoryLock(ctx context.Context, db *gorm.DB, name string, do func() error) (err error) {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("take a connection: %w", err)
	}
	defer func() { _ = conn.Close() }()
	var got bool
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name).Scan(&got); err != nil {
		return err
	}
	if !got {
		return Errorf(Unavailable, "Somebody else is at it still.")
	}
	defer func() {
		_, fault := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(hashtextextended($1, 0))", name)
		if err == nil {
			err = fault
		}
	}()
	return do()
}
