package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// TestABatchReadsWhatItWaitedFor has a batch wait for a lock: what follows the lock sees the holder's changes. It
// does so directly and behind a pooler.
func TestABatchReadsWhatItWaitedFor(t *testing.T) {
	t.Parallel()
	address := storetest.Empty(t)
	admin := open(t, address, store.Pool{MaxOpen: 1})
	require.NoError(t, admin.Exec("CREATE TABLE totals (n bigint); CREATE TABLE entries (n bigint); INSERT INTO totals VALUES (0)").Error)
	for _, through := range []string{address, storetest.PgBouncer(t, address, 4)} {
		db := open(t, through, store.Pool{MaxOpen: 4})
		holder := admin.Begin()
		require.NoError(t, holder.Exec("UPDATE totals SET n = n + 1").Error)
		require.NoError(t, holder.Exec("INSERT INTO entries VALUES (1)").Error)
		var total, entries int64
		done := make(chan error, 1)
		go func() {
			done <- db.WithContext(t.Context()).Transaction(func(tx *gorm.DB) error {
				batch := &pgx.Batch{}
				batch.Queue("SELECT n FROM totals FOR UPDATE").QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
				batch.Queue("SELECT count(*) FROM entries WHERE n >= $1", 0).QueryRow(func(row pgx.Row) error { return row.Scan(&entries) })
				return store.Batch(tx, batch)
			})
		}()
		require.Eventually(t, func() bool {
			var waits bool
			require.NoError(t, holder.Raw(`SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
				WHERE NOT l.granted AND a.datname = current_database())`).Scan(&waits).Error)
			return waits
		}, 10*time.Second, 10*time.Millisecond)
		require.NoError(t, holder.Commit().Error)
		require.NoError(t, <-done)
		require.Equal(t, total, entries)
	}
}

// TestABatchEndsAtItsFirstError has a statement fail, and what reads an answer: nothing of the transaction stays.
func TestABatchEndsAtItsFirstError(t *testing.T) {
	t.Parallel()
	db := open(t, storetest.Empty(t), store.Pool{MaxOpen: 1})
	require.NoError(t, db.Exec("CREATE TABLE notes (n bigint PRIMARY KEY)").Error)
	refused := errors.New("refused")
	fill := func(fail func(*pgx.Batch)) *pgx.Batch {
		batch := &pgx.Batch{}
		batch.Queue("INSERT INTO notes VALUES ($1)", 1)
		fail(batch)
		batch.Queue("INSERT INTO notes VALUES ($1)", 2)
		return batch
	}
	reader := fill(func(batch *pgx.Batch) {
		batch.Queue("SELECT n FROM notes").QueryRow(func(pgx.Row) error { return refused })
	})
	twice := fill(func(batch *pgx.Batch) { batch.Queue("INSERT INTO notes VALUES ($1)", 1) })
	inTransaction := func(batch *pgx.Batch) error {
		return db.WithContext(t.Context()).Transaction(func(tx *gorm.DB) error { return store.Batch(tx, batch) })
	}
	require.ErrorIs(t, inTransaction(reader), refused)
	require.True(t, store.IsUniqueViolation(inTransaction(twice), "notes_pkey"))
	alone := fill(func(batch *pgx.Batch) { batch.Queue("INSERT INTO notes VALUES ($1)", 1) })
	require.True(t, store.IsUniqueViolation(store.Batch(db.WithContext(t.Context()), alone), "notes_pkey"))
	var left int64
	require.NoError(t, db.Raw("SELECT count(*) FROM notes").Scan(&left).Error)
	require.Zero(t, left)
}
