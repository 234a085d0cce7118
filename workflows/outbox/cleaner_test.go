package outbox_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/mocks"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/workflows/outbox"
)

const day = 24 * time.Hour

// addRows gives a user a row of each kind that expires. By age they have expired that long ago.
func addRows(t *testing.T, db *gorm.DB, name string, now time.Time, age time.Duration) {
	t.Helper()
	ended := now.Add(-age)
	session := fixture.SignedUp(t, db, name, ended.Add(-7*day-time.Hour)) // for an hour, and kept for a week
	export, news := ended, store.NewID()
	device := notify.Device{
		ID: store.NewID(), UserID: session.UserID, Token: "token-of-" + name, TokenHash: fixture.Digest(name), Platform: "ios", Environment: "production",
		IsActive: true, CreatedAt: ended, LastUsedAt: ended, SessionID: &session.ID,
	}
	for _, row := range []any{
		&device,
		&accounts.Mail{ID: store.NewID(), UserID: &session.UserID, Kind: accounts.MailVerify, Address: name, CreatedAt: ended, ExpiresAt: ended.Add(-day)},
		&privacy.Export{ID: store.NewID(), UserID: session.UserID, CreatedAt: ended, ExpiresAt: &export},
		&notify.Notification{ID: news, UserID: session.UserID, Kind: notify.NotifyAchievement, Data: map[string]string{}, CreatedAt: ended},
		&notify.PushReceipt{NotificationID: news, DeviceID: device.ID, Status: notify.PushAccepted, At: ended.Add(-30 * day)},
		&notify.PushDay{UserID: session.UserID, Day: int(ended.Add(-3*day).Unix() / 86400), Sent: 1},
		&learning.Request{UserID: session.UserID, Key: "k", RequestHash: make([]byte, 32), Result: []byte("{}"), At: ended.Add(-30 * day)},
	} {
		require.NoError(t, db.Create(row).Error)
	}
	require.NoError(t, db.Exec("INSERT INTO push_credentials (provider, fingerprint, used_at) VALUES ('apns', ?, ?)", name, ended.Add(-90*day)).Error)
}

// owners returns whose rows there are of each kind that expires, and whose devices are on.
func owners(t *testing.T, db *gorm.DB) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for kind, query := range map[string]string{
		"sessions":          "SELECT email FROM sessions r JOIN users u ON u.id = r.user_id ORDER BY 1",
		"mails":             "SELECT address FROM mails ORDER BY 1",
		"exports":           "SELECT email FROM exports r JOIN users u ON u.id = r.user_id ORDER BY 1",
		"push receipts":     "SELECT email FROM push_receipts r JOIN notifications n ON n.id = r.notification_id JOIN users u ON u.id = n.user_id ORDER BY 1",
		"push days":         "SELECT email FROM push_days r JOIN users u ON u.id = r.user_id ORDER BY 1",
		"push credentials":  "SELECT fingerprint FROM push_credentials ORDER BY 1",
		"learning requests": "SELECT email FROM learning_requests r JOIN users u ON u.id = r.user_id ORDER BY 1",
		"active devices":    "SELECT email FROM devices r JOIN users u ON u.id = r.user_id WHERE r.is_active ORDER BY 1",
		"all devices":       "SELECT email FROM devices r JOIN users u ON u.id = r.user_id ORDER BY 1",
	} {
		var names []string
		require.NoError(t, db.Raw(query).Scan(&names).Error)
		found[kind] = names
	}
	return found
}

// TestCleanRemovesWhatHasExpiredAndNothingElse has a row of each kind that expired, and one that expires next.
func TestCleanRemovesWhatHasExpiredAndNothingElse(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), fixture.Start.Truncate(day).Add(12*time.Hour)
	const expired, kept, signedIn = "expired@example.com", "kept@example.com", "signed-in@example.com"
	addRows(t, db, expired, now, day)
	addRows(t, db, kept, now, 0)
	addRows(t, db, signedIn, now, -8*day) // whose session has not ended either
	all, rest := []string{expired, kept, signedIn}, []string{kept, signedIn}
	before := owners(t, db)
	for kind, names := range before {
		require.Equal(t, all, names, kind)
	}
	cleaner := &outbox.Cleaner{DB: db, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	want := map[string][]string{"active devices": {signedIn}, "all devices": all}
	for kind := range before {
		if want[kind] == nil {
			want[kind] = rest
		}
	}
	for range 2 { // a second pass finds nothing more
		require.NoError(t, cleaner.Clean(t.Context()))
		require.Equal(t, want, owners(t, db))
	}
	var off []notify.Device
	require.NoError(t, db.Order("token").Find(&off, "NOT is_active").Error)
	require.Len(t, off, 2)
	for _, device := range off {
		require.Equal(t, accounts.OffBySignOut, device.OffReason)
		require.NotEqual(t, uuid.Nil, *device.SessionID)
	}
}

// oneLine is a log whose first line ends the context of what is logged.
type oneLine struct {
	bytes.Buffer

	end context.CancelFunc
}

func (l *oneLine) Write(line []byte) (int, error) {
	defer l.end()
	return l.Buffer.Write(line)
}

// TestFailedPassesAreLogged runs the passes on a database that is closed.
func TestFailedPassesAreLogged(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	require.NoError(t, store.Close(db))
	now := func() time.Time { return fixture.Start }
	temporal := &mocks.Client{}
	temporal.On("ListWorkflow", mock.Anything, mock.Anything).Return(nil, errors.New("gone"))
	for message, run := range map[string]func(context.Context, *slog.Logger) error{
		"expired rows could not be removed": func(ctx context.Context, log *slog.Logger) error {
			return (&outbox.Cleaner{DB: db, Clock: now, Log: log, Every: time.Millisecond}).Run(ctx)
		},
		"stale tasks could not be reconciled": func(ctx context.Context, log *slog.Logger) error {
			return (&outbox.Reconciler{Dispatcher: &outbox.Dispatcher{DB: db, Temporal: temporal}, Clock: now, Log: log, Every: time.Millisecond}).Run(ctx)
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		log := &oneLine{end: cancel}
		require.NoError(t, run(ctx, slog.New(slog.NewTextHandler(log, nil))), "it ends with its context")
		require.Contains(t, log.String(), message)
		require.Contains(t, log.String(), "database is closed")
		require.Len(t, strings.Split(strings.TrimSpace(log.String()), "level=WARN"), 2, "a pass that was interrupted is no failure")
	}
}
