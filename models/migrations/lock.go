package migrations

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3/lock"
)

// Another process that migrates is waited for this long.
const (
	lockWithin = 5 * time.Minute
	lockEvery  = time.Second
)

// transactionLock is the lock of migrations: that of goose, held by a transaction in which nothing else
// happens. Behind a pooler only a transaction keeps its session.
type transactionLock struct {
	db *sql.DB
	tx *sql.Tx
}

// SessionLock waits for the lock. It asks again and again, since one who waits in Postgres would block CREATE
// INDEX CONCURRENTLY of the one who has it.
func (l *transactionLock) SessionLock(ctx context.Context, _ *sql.Conn) error {
	deadline := time.Now().Add(lockWithin)
	for {
		got, err := l.try(ctx)
		if err != nil || got {
			return err
		}
		if time.Now().After(deadline) {
			return errors.New("another process has been migrating for five minutes")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockEvery):
		}
	}
}

func (l *transactionLock) try(ctx context.Context) (got bool, err error) {
	tx, err := l.db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return false, err
	}
	// By the simple protocol, which leaves no snapshot behind for which CREATE INDEX CONCURRENTLY would wait.
	const ask = "SELECT pg_try_advisory_xact_lock($1), set_config('idle_in_transaction_session_timeout', '0', true)"
	if err = tx.QueryRowContext(ctx, ask, pgx.QueryExecModeSimpleProtocol, lock.DefaultLockID).Scan(&got, new(string)); err == nil && got {
		l.tx = tx
		return true, nil
	}
	return false, errors.Join(err, tx.Rollback())
}

// SessionUnlock releases the lock.
func (l *transactionLock) SessionUnlock(context.Context, *sql.Conn) error { return l.tx.Rollback() }
