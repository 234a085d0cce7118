package privacy_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// pushRows returns a row in every table of notifications and devices that names a user.
func pushRows(user uuid.UUID, now time.Time) []any {
	news := notify.Notification{ID: store.NewID(), UserID: user, ActorID: &user, Kind: notify.NotifyTest, Title: "t", Body: "b", Data: map[string]string{}, CreatedAt: now}
	device := notify.Device{
		ID: store.NewID(), UserID: user, Token: "token-" + user.String(), TokenHash: fixture.Digest("device" + user.String()), Platform: notify.PlatformIOS,
		Environment: notify.EnvironmentProduction, IsActive: true, CreatedAt: now, LastUsedAt: now,
	}
	preferences := notify.DefaultPushPreferences(user)
	preferences.UpdatedAt = now
	return []any{
		&news, &device, &preferences, &notify.PushDay{UserID: user, Day: 20_000, Sent: 1},
		&notify.PushReceipt{NotificationID: news.ID, DeviceID: device.ID, Status: notify.PushAccepted, Attempts: 1, At: now},
	}
}

// TestReceiptsGoWithTheirNews: no column of theirs names a user, so no list has them.
func TestReceiptsGoWithTheirNews(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada, eve := populate(t, db, "ada@example.com", now), populate(t, db, "eve@example.com", now)
	l := fixture.AccountDeletion{DB: db, User: ada, ID: store.NewID(), Now: now}
	_, err := l.Request(t)
	require.NoError(t, err)
	due := now.Add(2 * time.Hour)
	require.NoError(t, privacy.EraseUser(t.Context(), db, ada, l.ID, due, fixture.AuditLine(store.AuditDeleted, due)))
	var left []uuid.UUID
	require.NoError(t, db.Raw("SELECT n.user_id FROM push_receipts r LEFT JOIN notifications n ON n.id = r.notification_id").Scan(&left).Error)
	require.Equal(t, []uuid.UUID{eve}, left)
	for _, table := range []string{"devices", "push_preferences", "push_days", "notifications"} {
		var n int64
		require.NoError(t, db.Table(table).Where("user_id = ?", ada).Count(&n).Error)
		require.Zero(t, n, table)
	}
}
