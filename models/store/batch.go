package store

import (
	"context"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

// Batch sends queued statements to Postgres in one round trip, in the transaction of tx where it is in one, and calls
// what is queued with each of them in their order. A statement sees what was committed until it begins, as if it were
// sent by itself: what follows one that waits for a lock reads what the lock's holder wrote. The first error ends it.
// Without a transaction of its own a batch is one.
//
// Hot paths use it, which GORM's builder and a round trip a statement would make twice as dear. tx is from [Open].
func Batch(tx *gorm.DB, batch *pgx.Batch) error {
	if batch.Len() == 0 {
		return nil
	}
	_, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, "batch", batch)
	return err
}

// batchOf returns the batch that a call of the pool is for, if it is for one.
func batchOf(args []driver.NamedValue) (*pgx.Batch, bool) {
	if len(args) != 1 {
		return nil, false
	}
	batch, ok := args[0].Value.(*pgx.Batch)
	return batch, ok
}

func (c *conn) runBatch(ctx context.Context, batch *pgx.Batch) (driver.Result, error) {
	if c.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	if err := c.Conn().SendBatch(ctx, batch).Close(); err != nil {
		return nil, c.failed(ctx, err, "batch")
	}
	return driver.ResultNoRows, nil
}
