package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// TestManyMessagesWakeTheRelaysOnce listens as relays do, while a hundred messages are enqueued: there are a few notices, after
// the last message, and no transaction carries one.
func TestManyMessagesWakeTheRelaysOnce(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	db, err := store.Open(url, store.Pool{MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close(db) })
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	_, err = conn.Exec(t.Context(), "LISTEN "+store.WakeChannel)
	require.NoError(t, err)
	wait := func() bool { // for a notice
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := conn.WaitForNotification(ctx)
		if !errors.Is(err, context.DeadlineExceeded) {
			require.NoError(t, err)
		}
		return err == nil
	}
	began := time.Now()
	for range 100 {
		m := fixture.OutboxMessage(store.OutboxStart, "SendMail", fixture.Start)
		m.WorkflowID = m.ID.String()
		require.NoError(t, store.Enqueue(t.Context(), db, m))
	}
	took := time.Since(began)
	require.True(t, wait())
	notices := 1
	require.NoError(t, db.Exec("NOTIFY "+store.WakeChannel+", 'last'").Error)
	for {
		n, err := conn.WaitForNotification(t.Context())
		require.NoError(t, err)
		if n.Payload == "last" {
			break
		}
		notices++
	}
	require.LessOrEqual(t, notices, int(took/(50*time.Millisecond))+1)
}
