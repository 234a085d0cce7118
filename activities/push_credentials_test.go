package activities_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/push"
	"github.com/lyoapp/lyo/activities/push/pushtest"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// standIn is the common part of the fake providers.
type standIn interface {
	On(decide func(pushtest.Push) pushtest.Reply)
	Asked() int
}

// allWays returns a pressroom that also sends by Google and to browsers.
func allWays(t *testing.T) (*pressroom, *pushtest.FCM, *pushtest.WebPush) {
	t.Helper()
	d, fcm := newPressroom(t), pushtest.NewFCM(t, 0)
	private, public := pushtest.NewVAPIDKey(t)
	web := pushtest.NewWebPush(t, public, 0)
	sender, err := push.New(t.Context(), push.Options{
		Apple: push.Apple{
			Key: d.apns.Key(), KeyID: pushtest.KeyID, TeamID: pushtest.TeamID, Topic: pushtest.Topic, URL: d.apns.URL(),
			Streams: 20, PingAfter: time.Minute, RootCAs: d.apns.Roots(),
		},
		Google:  push.Google{Credentials: fcm.Credentials(), URL: fcm.URL(), Parallel: 10},
		Web:     push.VAPID{Key: private, PublicKey: public, Subject: "mailto:o@example.com", Client: &http.Client{}, URL: web.URL(), Parallel: 10},
		Timeout: time.Minute, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	d.Sender, d.DailyCap = sender, 0
	return d, fcm, web
}

// register registers a device of the pressroom's user on a platform.
func (d *pressroom) register(platform string, n int, web *pushtest.WebPush) notify.Device {
	d.t.Helper()
	device := notify.Device{
		ID: store.NewID(), UserID: d.user, Token: fmt.Sprintf("%064x", n), Platform: platform, Environment: notify.EnvironmentProduction,
		CreatedAt: d.now(), LastUsedAt: d.now(),
	}
	if platform == notify.PlatformWeb {
		s := web.Subscribe(d.t)
		device.Token, device.WebP256DH, device.WebAuth = s.Endpoint, s.P256DH, s.Auth
	}
	device, err := notify.RegisterDevice(d.t.Context(), d.db, device)
	require.NoError(d.t, err)
	return device
}

func (d *pressroom) devicesOff() (off int64) {
	d.t.Helper()
	require.NoError(d.t, d.db.Model(&notify.Device{}).Where("NOT is_active").Count(&off).Error)
	return off
}

func (d *pressroom) stopped() []notify.PushCredential {
	d.t.Helper()
	stopped, err := notify.StoppedPushes(d.t.Context(), d.db)
	require.NoError(d.t, err)
	return stopped
}

// credentialFailures are the answers of providers that misconfiguration causes.
var credentialFailures = []struct {
	platform, reason string
	status           int
}{
	{notify.PlatformAndroid, "SENDER_ID_MISMATCH", 403},
	{notify.PlatformAndroid, "THIRD_PARTY_AUTH_ERROR", 401},
	{notify.PlatformAndroid, "UNREGISTERED", 404},
	{notify.PlatformAndroid, "", 403}, // PERMISSION_DENIED
	{notify.PlatformAndroid, "", 401}, // UNAUTHENTICATED
	{notify.PlatformIOS, "BadTopic", 400},
	{notify.PlatformIOS, "TopicDisallowed", 400},
	{notify.PlatformIOS, "MissingTopic", 400},
	{notify.PlatformIOS, "DeviceTokenNotForTopic", 400},
	{notify.PlatformIOS, "BadDeviceToken", 400},
	{notify.PlatformIOS, "BadCertificate", 403},
	{notify.PlatformIOS, "BadCertificateEnvironment", 403},
	{notify.PlatformIOS, "InvalidProviderToken", 403},
	{notify.PlatformIOS, "ExpiredProviderToken", 403},
	{notify.PlatformIOS, "BadEnvironmentKeyIdInToken", 403},
	{notify.PlatformWeb, "", 401},
	{notify.PlatformWeb, "", 403},
}

// TestWrongCredentials gives each of these answers to twenty devices of its platform,
// before anything was accepted.
func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	for _, row := range credentialFailures {
		t.Run(fmt.Sprint(row.platform, " ", row.status, " ", row.reason), func(t *testing.T) {
			t.Parallel()
			d, fcm, web := allWays(t)
			at := map[string]standIn{notify.PlatformIOS: d.apns, notify.PlatformAndroid: fcm, notify.PlatformWeb: web}[row.platform]
			at.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Status: row.status, Reason: row.reason} })
			for i := range 20 {
				d.register(row.platform, i, web)
			}
			news := d.news(notify.NotifyComment)
			counts := d.deliver(news)
			require.Equal(t, 20, counts.Deferred, "%+v", counts)
			require.LessOrEqual(t, at.Asked(), 3)
			require.Zero(t, d.devicesOff())
			require.Len(t, d.stopped(), 1)

			// A test push is tried all the same, by one message, and returns the reason.
			asked := at.Asked()
			test := d.news(notify.NotifyTest)
			require.Equal(t, 20, d.deliver(test).Failed)
			require.Equal(t, 1, at.Asked()-asked)
			receipts, err := notify.ReceiptsOf(t.Context(), d.db, test.Notification)
			require.NoError(t, err)
			for _, r := range receipts {
				require.NotEmpty(t, r.Reason)
			}

			// Meanwhile one message at a time is tried, less and less often.
			asked = at.Asked()
			for range 60 {
				d.advance(10 * time.Second)
				d.deliver(news)
			}
			require.InDelta(t, 4, at.Asked()-asked, 2)
			require.Zero(t, d.devicesOff())

			// Once corrected, sending resumes by itself.
			at.On(func(pushtest.Push) pushtest.Reply { return pushtest.Accept() })
			d.advance(11 * time.Minute)
			require.Equal(t, 20, d.deliver(news).Accepted)
			require.Empty(t, d.stopped())
		})
	}
}

// TestATestIsAProbe checks that the first test push after a correction resumes sending.
func TestATestIsAProbe(t *testing.T) {
	t.Parallel()
	d, fcm, _ := allWays(t)
	for i := range 4 {
		d.register(notify.PlatformAndroid, i, nil)
	}
	fcm.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Status: 403, Reason: "SENDER_ID_MISMATCH"} })
	require.Equal(t, activities.PushCounts{Failed: 4}, d.deliver(d.news(notify.NotifyTest)))
	fcm.On(func(pushtest.Push) pushtest.Reply { return pushtest.Accept() })
	require.Equal(t, activities.PushCounts{Accepted: 4}, d.deliver(d.news(notify.NotifyTest)))
	require.Empty(t, d.stopped())
}

// TestAThousandDevicesAndAWrongKey checks that sends are bounded, by activities and not by
// devices, and that pushes too old by then are given up.
func TestAThousandDevicesAndAWrongKey(t *testing.T) {
	t.Parallel()
	d, fcm, _ := allWays(t)
	fcm.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Status: 401} })
	for i := range 1000 {
		d.register(notify.PlatformAndroid, i, nil)
	}
	news := d.news(notify.NotifyComment)
	require.Equal(t, 1000, d.deliver(news).Deferred)
	require.LessOrEqual(t, fcm.Asked(), 3)
	require.Zero(t, d.devicesOff())
	d.advance(48 * time.Hour)
	require.Equal(t, activities.PushCounts{Failed: 1000}, d.deliver(news))
	require.LessOrEqual(t, fcm.Asked(), 4)
}

// TestCredentialsThatGoBad covers credentials that worked: sending stops by the share of
// refusals, and devices just marked dead are restored.
func TestCredentialsThatGoBad(t *testing.T) {
	t.Parallel()
	d, _, _ := allWays(t)
	var users []uuid.UUID
	for i := range 30 {
		d.user = d.addUser(fmt.Sprintf("u%d@example.com", i))
		users = append(users, d.user)
		d.register(notify.PlatformIOS, i, nil)
		require.Equal(t, 1, d.deliver(d.news(notify.NotifyComment)).Accepted)
	}
	d.apns.On(func(pushtest.Push) pushtest.Reply {
		return pushtest.Reply{Status: 400, Reason: "DeviceTokenNotForTopic"}
	})
	asked := d.apns.Asked()
	for _, d.user = range users {
		d.deliver(d.news(notify.NotifyComment))
	}
	require.Less(t, d.apns.Asked()-asked, 20)
	require.Len(t, d.stopped(), 1)
	require.Equal(t, "DeviceTokenNotForTopic", d.stopped()[0].Reason)
	require.Zero(t, d.devicesOff())
}

// TestOneUserCannotStopPushes with any tokens they register, nor can a service that they name.
func TestOneUserCannotStopPushes(t *testing.T) {
	t.Parallel()
	d, fcm, _ := allWays(t)
	d.register(notify.PlatformAndroid, 1, nil)
	require.Equal(t, 1, d.deliver(d.news(notify.NotifyComment)).Accepted)
	eve := d.addUser("eve@example.com")
	d.user = eve
	for i := range 50 {
		d.register(notify.PlatformAndroid, 100+i, nil)
	}
	fcm.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Status: 403, Reason: "SENDER_ID_MISMATCH"} })
	for range 10 {
		require.Equal(t, activities.PushCounts{Failed: 50}, d.deliver(d.news(notify.NotifyComment)))
	}
	require.Empty(t, d.stopped())
	require.Zero(t, d.devicesOff(), "and theirs are not to blame either")
}
