package notify_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func register(t *testing.T, db *gorm.DB, user uuid.UUID, token string, at time.Time) notify.Device {
	t.Helper()
	d, err := notify.RegisterDevice(t.Context(), db, notify.Device{
		ID: store.NewID(), UserID: user, Token: token, Platform: notify.PlatformIOS, Environment: notify.EnvironmentProduction,
		DeviceInfo: json.RawMessage(`{"screen": "large"}`), CreatedAt: at, LastUsedAt: at,
	})
	require.NoError(t, err)
	return d
}

func TestATokenIsItsLastRegistrants(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada, eve := fixture.SignedUp(t, db, "ada@example.com", now).UserID, fixture.SignedUp(t, db, "eve@example.com", now).UserID
	first := register(t, db, ada, "the-same-token", now)
	require.JSONEq(t, `{"screen": "large"}`, string(first.DeviceInfo))
	again := register(t, db, ada, "the-same-token", now.Add(time.Hour))
	require.Equal(t, first.ID, again.ID)
	require.True(t, first.CreatedAt.Equal(again.CreatedAt))
	require.True(t, now.Add(time.Hour).Equal(again.LastUsedAt))

	moved := register(t, db, eve, "the-same-token", now.Add(2*time.Hour))
	require.NotEqual(t, first.ID, moved.ID, "what one knew of the other's device is of no use")
	_, err := notify.SwitchOffDevice(t.Context(), db, ada, first.ID, now)
	require.Equal(t, store.NotFound, store.CodeOf(err))
	require.Equal(t, store.NotFound, store.CodeOf(notify.DeleteDevice(t.Context(), db, ada, moved.ID)))
	left, err := notify.ListDevices(t.Context(), db, ada, notify.DeviceFilter{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, left)

	sandbox, err := notify.RegisterDevice(t.Context(), db, notify.Device{
		ID: store.NewID(), UserID: ada, Token: " the-same-token\n", Platform: notify.PlatformIOS, Environment: notify.EnvironmentSandbox, CreatedAt: now, LastUsedAt: now,
	})
	require.NoError(t, err)
	require.Equal(t, notify.EnvironmentSandbox, sandbox.Environment, "a token has one environment, the one said last")
	require.Nil(t, sandbox.DeviceInfo)
	still, err := notify.ListDevices(t.Context(), db, eve, notify.DeviceFilter{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, still)
}

func TestFiftyRegistrationsAtOnceAreOneDevice(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	var users []uuid.UUID
	for i := range 3 {
		users = append(users, fixture.SignedUp(t, db, fmt.Sprintf("u%d@example.com", i), now).UserID)
	}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			_, err := notify.RegisterDevice(t.Context(), db, notify.Device{
				ID: store.NewID(), UserID: users[i%3], Token: "everybodys-token", Platform: notify.PlatformIOS,
				Environment: notify.EnvironmentProduction, CreatedAt: now, LastUsedAt: now,
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var n int64
	require.NoError(t, db.Model(&notify.Device{}).Count(&n).Error)
	require.EqualValues(t, 1, n)
}

func TestADeviceThatIsOffComesBack(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada := fixture.SignedUp(t, db, "ada@example.com", now).UserID
	device := register(t, db, ada, "adas-old-phone", now)
	for range 2 {
		off, err := notify.SwitchOffDevice(t.Context(), db, ada, device.ID, now.Add(time.Minute))
		require.NoError(t, err)
		require.False(t, off.IsActive)
		require.Equal(t, accounts.OffByUser, off.OffReason)
	}
	back := register(t, db, ada, "adas-old-phone", now.Add(time.Hour))
	require.True(t, back.IsActive)
	require.Empty(t, back.OffReason)
	require.Nil(t, back.OffAt)
	require.NoError(t, notify.DeleteDevice(t.Context(), db, ada, device.ID))
}

func TestSilentDevicesAreSwitchedOff(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada := fixture.SignedUp(t, db, "ada@example.com", now).UserID
	const day = 24 * time.Hour
	silent := register(t, db, ada, "sixty-one-days", now.Add(-61*day))
	register(t, db, ada, "fifty-nine-days", now.Add(-59*day))
	register(t, db, ada, "came-back-today", now.Add(-61*day))
	register(t, db, ada, "came-back-today", now)
	for _, want := range []int{1, 0} {
		n, err := notify.SwitchOffSilent(t.Context(), db, now.Add(-60*day), now, 10)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	active, err := notify.ActiveDevices(t.Context(), db, ada, 10)
	require.NoError(t, err)
	require.Len(t, active, 2)
	all, err := notify.ListDevices(t.Context(), db, ada, notify.DeviceFilter{Limit: 10})
	require.NoError(t, err)
	for _, d := range all {
		if d.ID == silent.ID {
			require.Equal(t, accounts.OffBySilent, d.OffReason)
		}
	}
}
