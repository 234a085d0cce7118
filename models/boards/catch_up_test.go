package boards_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/learning"
)

// readsOfRows counts how often boards are read from Postgres.
func (a *arena) readsOfRows() *atomic.Int64 {
	a.t.Helper()
	var n atomic.Int64
	require.NoError(a.t, a.DB.Callback().Raw().After("gorm:raw").Register("count", func(tx *gorm.DB) {
		if tx.Statement.SQL.String() == "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY" {
			n.Add(1)
		}
	}))
	return &n
}

// ranked returns users that are on boards that were built.
func (a *arena) ranked(n int) []uuid.UUID {
	a.t.Helper()
	users := a.users(n)
	for i, user := range users {
		a.award(user, 10+i, now)
	}
	a.build()
	return users
}

// change gives each of the users a point and a change of the boards, by SQL.
func (a *arena) change(times int) {
	a.t.Helper()
	require.NoError(a.t, a.DB.Exec(`UPDATE totals SET points = points + ?`, times).Error)
	require.NoError(a.t, a.DB.Exec(`INSERT INTO board_changes (user_id) SELECT user_id FROM totals, generate_series(1, ?)`, times).Error)
}

// TestManyWaitingChangesSendNobodyToPostgres reads with many more changes waiting than one batch takes, by many readers at once.
func TestManyWaitingChangesSendNobodyToPostgres(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	users := a.ranked(100)
	counted := a.readsOfRows()
	q := boards.Query{Board: learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}, Viewer: users[0], Limit: 100}
	for range 3 {
		a.change(15) // 1,500 rows
		var group errgroup.Group
		for range 20 {
			group.Go(func() error {
				page, err := a.Read(context.Background(), q)
				if err == nil {
					require.EqualValues(t, len(users), page.Size)
				}
				return err
			})
		}
		require.NoError(t, group.Wait())
	}
	require.Zero(t, counted.Load())
	require.Zero(t, a.asked.Load())
	require.Eventually(t, func() bool { // more may wait than a reader has time for
		a.read(q)
		now, err := learning.BoardsNow(t.Context(), a.DB)
		return err == nil && !now.Waiting
	}, time.Minute, time.Millisecond)
	require.Equal(t, a.rows(q), a.read(q))
}

// TestAReaderOutlivesALongBatch reads while another process holds the boards, with a change waiting: it is shown what was there before.
func TestAReaderOutlivesALongBatch(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	users := a.ranked(3)
	counted := a.readsOfRows()
	q := boards.Query{Board: learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}, Viewer: users[0], Limit: 10}
	before := a.read(q)
	require.NoError(t, a.DB.Transaction(func(tx *gorm.DB) error {
		if _, err := learning.LockBoards(tx, 0); err != nil {
			return err
		}
		a.change(1)
		require.Equal(t, before, a.read(q))
		return nil
	}))
	require.Zero(t, counted.Load())
	require.NotEqual(t, before, a.read(q))
	require.Equal(t, a.rows(q), a.read(q))
}

// TestBoardsAreKeptUpToDate has nobody read them.
func TestBoardsAreKeptUpToDate(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	a.award(a.users(1)[0], 10, now)
	a.build()
	ctx, stop := context.WithCancel(t.Context())
	var group errgroup.Group
	group.Go(func() error { return a.Keep(ctx) })
	a.change(700)
	require.Eventually(t, func() bool {
		now, err := learning.BoardsNow(t.Context(), a.DB)
		return err == nil && !now.Waiting
	}, time.Minute, 10*time.Millisecond)
	stop()
	require.NoError(t, group.Wait())
}
