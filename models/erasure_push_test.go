package models_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

// pushRows are a row in every table of notifications and devices that names a user.
func pushRows(user uuid.UUID, now time.Time) []any {
	news := models.Notification{ID: models.NewID(), UserID: user, ActorID: &user, Kind: models.NotifyTest, Title: "t", Body: "b", Data: map[string]string{}, CreatedAt: now}
	device := models.Device{
		ID: models.NewID(), UserID: user, Token: "token-" + user.String(), TokenHash: digest("device" + user.String()), Platform: models.PlatformIOS,
		Environment: models.EnvironmentProduction, IsActive: true, CreatedAt: now, LastUsedAt: now,
	}
	preferences := models.DefaultPushPreferences(user)
	preferences.UpdatedAt = now
	return []any{
		&news, &device, &preferences, &models.PushDay{UserID: user, Day: 20_000, Sent: 1},
		&models.PushReceipt{NotificationID: news.ID, DeviceID: device.ID, Status: models.PushAccepted, Attempts: 1, At: now},
	}
}

// TestReceiptsGoWithTheirNews: no column of theirs names a user, so no list has them.
func TestReceiptsGoWithTheirNews(t *testing.T) {
	t.Parallel()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada, eve := populate(t, db, "ada@example.com", now), populate(t, db, "eve@example.com", now)
	l := leaving{db, ada, models.NewID(), now}
	_, err := l.request(t)
	require.NoError(t, err)
	due := now.Add(2 * time.Hour)
	require.NoError(t, models.EraseUser(t.Context(), db, ada, l.deletion, due, auditLine(models.AuditDeleted, due)))
	var left []uuid.UUID
	require.NoError(t, db.Raw("SELECT n.user_id FROM push_receipts r LEFT JOIN notifications n ON n.id = r.notification_id").Scan(&left).Error)
	require.Equal(t, []uuid.UUID{eve}, left)
	for _, table := range []string{"devices", "push_preferences", "push_days", "notifications"} {
		var n int64
		require.NoError(t, db.Table(table).Where("user_id = ?", ada).Count(&n).Error)
		require.Zero(t, n, table)
	}
}
