package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// WithAdvisoryLock runs do while nobody else runs anything under the same name, in any process.
// Where somebody does, the error is Unavailable and nothing was run. The name is free
// again when do returns, or when the process dies. It takes a connection for that time.
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
