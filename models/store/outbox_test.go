package store_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func TestOutboxLeasesEachMessageToOneRelay(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), storetest.New(t)
	user := fixture.AddUser(t, db)
	for n := range 40 {
		_, _, err := fixture.Generate(t, db, user, nil, fmt.Sprint(n))
		require.NoError(t, err)
	}
	require.NoError(t, db.Exec("UPDATE outbox SET held = false").Error)
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				got, err := store.LeaseOutbox(ctx, db, false, fixture.Start, fixture.Start.Add(time.Minute), 3)
				if err != nil {
					t.Error(err)
					return
				}
				if len(got) == 0 {
					return
				}
				taken.Add(int32(len(got)))
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 40, taken.Load())
	due, ok, err := store.NextDue(ctx, db, false)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, fixture.Start.Add(time.Minute), due.UTC())
	left, err := store.LeaseOutbox(ctx, db, false, fixture.Start.Add(time.Minute), fixture.Start.Add(2*time.Minute), 100)
	require.NoError(t, err)
	require.Len(t, left, 40, "a relay that died loses nothing")
}

// TestAMessageOfAClockThatWasAhead has messages that were written, or whose lease was, before
// the clock went back by an hour.
func TestAMessageOfAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), storetest.New(t)
	user := fixture.AddUser(t, db)
	for n, due := range []time.Duration{0, time.Minute, time.Hour} {
		_, _, err := fixture.Generate(t, db, user, nil, fmt.Sprint(n))
		require.NoError(t, err)
		require.NoError(t, db.Exec("UPDATE outbox SET due_at = ?, held = false, attempts = 1 WHERE attempts = 0", fixture.Start.Add(due)).Error)
	}
	got, err := store.LeaseOutbox(ctx, db, false, fixture.Start, fixture.Start.Add(time.Minute), 10)
	require.NoError(t, err)
	require.Len(t, got, 2, "the one that is due in a minute is not due yet")
}
