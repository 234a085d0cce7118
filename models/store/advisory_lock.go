package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

// WithAdvisoryLock runs do under a lock by name that is shared by all processes. When another
// process holds the lock, the error is Unavailable and do does not run. The lock is released when
// do returns, or when the process dies. It takes a connection for that time, with a transaction in which
// nothing else happens: behind a pooler only a transaction keeps its session.
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
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil) // do may outlast ctx
	if err != nil {
		return err
	}
	defer func() {
		if fault := tx.Rollback(); err == nil {
			err = fault
		}
	}()
	// By the simple protocol, which leaves no snapshot behind for which VACUUM would wait.
	const lock = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)), set_config('idle_in_transaction_session_timeout', '0', true)"
	var got bool
	if err := tx.QueryRowContext(ctx, lock, pgx.QueryExecModeSimpleProtocol, name).Scan(&got, new(string)); err != nil {
		return err
	}
	if !got {
		return Errorf(Unavailable, "Somebody else is at it still.")
	}
	return do()
}
