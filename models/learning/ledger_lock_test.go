package learning_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// TestPointsThatComeAtOnceAddUp begins to award points while another award is not committed yet: it waits for that, and adds to it.
func TestPointsThatComeAtOnceAddUp(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	award := func(db *gorm.DB, points int) (learning.Awarded, error) {
		a := learning.Award{AdminID: ada, UserID: ada, Points: points, Reason: "r", At: fixture.Start, Entry: fixture.AuditLine(store.AuditPointsAwarded, fixture.Start)}
		got, _, err := learning.AwardPoints(t.Context(), db, a, notify.Enqueuer{})
		return got, err
	}
	_, err := award(db, 1)
	require.NoError(t, err)
	var second learning.Awarded
	done := make(chan error, 1)
	require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
		if _, err := award(tx, 10); err != nil {
			return err
		}
		go func() {
			var err error
			second, err = award(db, 100)
			done <- err
		}()
		require.Eventually(t, func() bool {
			var waiting int
			err := db.Raw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting).Error
			return err == nil && waiting == 1
		}, time.Minute, 5*time.Millisecond, "the second does not wait")
		return nil
	}))
	require.NoError(t, <-done)
	require.EqualValues(t, 11, second.OldPoints)
	total, err := learning.TotalOf(t.Context(), db, ada)
	require.NoError(t, err)
	require.EqualValues(t, 111, total.Points, "points were lost")
}
