package notify_test

import (
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

// owner is a user with sessions that each registered a device.
type owner struct {
	t        *testing.T
	db       *gorm.DB
	user     uuid.UUID
	now      time.Time
	sessions []uuid.UUID
}

func newOwner(t *testing.T) *owner {
	t.Helper()
	o := &owner{t: t, db: storetest.New(t), now: time.Now().UTC().Truncate(time.Microsecond)}
	first := fixture.SignedUp(t, o.db, "ada@example.com", o.now)
	o.user, o.sessions = first.UserID, []uuid.UUID{first.ID}
	second := accounts.Session{
		ID: store.NewID(), UserID: o.user, TokenHash: fixture.Digest("second"), RotatedAt: o.now, CreatedAt: o.now, LastUsedAt: o.now, ExpiresAt: o.now.Add(time.Hour),
	}
	require.NoError(t, o.db.Create(&second).Error)
	o.sessions = append(o.sessions, second.ID)
	for i, session := range o.sessions {
		require.NoError(t, o.register([]string{"first-device", "second-device"}[i], &session))
	}
	require.NoError(t, o.register("nobodys-device", nil))
	return o
}

func (o *owner) register(token string, session *uuid.UUID) error {
	_, err := notify.RegisterDevice(o.t.Context(), o.db, notify.Device{
		ID: store.NewID(), UserID: o.user, Token: token, Platform: notify.PlatformIOS, Environment: notify.EnvironmentProduction,
		CreatedAt: o.now, LastUsedAt: o.now, SessionID: session,
	})
	return err
}

// active returns the tokens of the devices that are pushed to.
func (o *owner) active() (tokens []string) {
	o.t.Helper()
	require.NoError(o.t, o.db.Raw("SELECT token FROM devices WHERE is_active ORDER BY token").Scan(&tokens).Error)
	var reasons []string
	require.NoError(o.t, o.db.Raw("SELECT DISTINCT off_reason FROM devices WHERE NOT is_active").Scan(&reasons).Error)
	for _, reason := range reasons {
		require.Equal(o.t, accounts.OffBySignOut, reason)
	}
	return tokens
}

func TestSessionsTakeTheirDevicesAlong(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		end  func(o *owner) error
		left []string
	}{
		"one is ended": {func(o *owner) error {
			return accounts.EndSession(t.Context(), o.db, o.user, o.sessions[0], fixture.AuditLine(store.AuditSignOut, o.now))
		}, []string{"nobodys-device", "second-device"}},
		"one signs out": {func(o *owner) error {
			return accounts.RevokeSession(t.Context(), o.db, o.sessions[1], fixture.AuditLine(store.AuditSignOut, o.now))
		}, []string{"first-device", "nobodys-device"}},
		"all others": {func(o *owner) error {
			_, err := accounts.EndOtherSessions(t.Context(), o.db, o.user, o.sessions[1], fixture.AuditLine(store.AuditSignOut, o.now))
			return err
		}, []string{"second-device"}},
		"all": {func(o *owner) error {
			_, err := accounts.EndSessions(t.Context(), o.db, o.user, uuid.Nil, o.now)
			return err
		}, nil},
		"none goes on, one is excepted": {func(o *owner) error {
			_, err := accounts.EndSessions(t.Context(), o.db, o.user, o.sessions[0], o.now.Add(time.Hour))
			return err
		}, []string{"first-device"}},
		"they expire": {func(o *owner) error {
			require.NoError(t, notify.SignOutExpired(t.Context(), o.db, o.now.Add(time.Hour-time.Second), 10))
			require.Len(t, o.active(), 4)
			require.NoError(t, notify.SignOutExpired(t.Context(), o.db, o.now.Add(time.Hour), 1))
			require.Len(t, o.active(), 3, "no more than asked for")
			return notify.SignOutExpired(t.Context(), o.db, o.now.Add(time.Hour), 10)
		}, []string{"nobodys-device"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOwner(t)
			o.t = t
			stranger := fixture.SignedUp(t, o.db, "eve@example.com", o.now)
			_, err := notify.RegisterDevice(t.Context(), o.db, notify.Device{
				ID: store.NewID(), UserID: stranger.UserID, Token: "strangers-device", Platform: notify.PlatformIOS,
				Environment: notify.EnvironmentSandbox, CreatedAt: o.now, LastUsedAt: o.now, SessionID: &stranger.ID,
			})
			require.NoError(t, err)
			require.NoError(t, o.db.Exec("UPDATE sessions SET expires_at = ? WHERE id = ?", o.now.Add(9*time.Hour), stranger.ID).Error)
			require.NoError(t, row.end(o))
			left := o.active()
			require.Contains(t, left, "strangers-device")
			require.ElementsMatch(t, append(row.left, "strangers-device"), left)
		})
	}
}

func TestADeviceGoesWithTheSessionThatRegisteredItLast(t *testing.T) {
	t.Parallel()
	o := newOwner(t)
	require.NoError(t, o.register("first-device", &o.sessions[1]))
	require.NoError(t, accounts.EndSession(t.Context(), o.db, o.user, o.sessions[0], fixture.AuditLine(store.AuditSignOut, o.now)))
	require.Contains(t, o.active(), "first-device")
	require.Equal(t, store.Unauthenticated, store.CodeOf(o.register("first-device", &o.sessions[0])), "an ended session registers nothing")
	require.NoError(t, accounts.EndSession(t.Context(), o.db, o.user, o.sessions[1], fixture.AuditLine(store.AuditSignOut, o.now)))
	require.Equal(t, []string{"nobodys-device"}, o.active())
}
