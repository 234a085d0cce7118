package activities_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/push"
	"github.com/lyoapp/lyo/activities/push/pushtest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// pressroom is PushActivities with a fake provider and a manual clock.
type pressroom struct {
	*activities.PushActivities

	t    *testing.T
	db   *gorm.DB
	apns *pushtest.APNs
	user uuid.UUID

	mu sync.Mutex
	at time.Time
}

func newPressroom(t *testing.T) *pressroom {
	t.Helper()
	d := &pressroom{t: t, db: storetest.New(t), apns: pushtest.NewAPNs(t, 0), at: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	sender, err := push.New(t.Context(), push.Options{
		Apple: push.Apple{
			Key: d.apns.Key(), KeyID: pushtest.KeyID, TeamID: pushtest.TeamID, Topic: pushtest.Topic, URL: d.apns.URL(),
			Streams: 20, PingAfter: time.Minute, RootCAs: d.apns.Roots(),
		},
		Timeout: time.Minute, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	d.PushActivities = &activities.PushActivities{DB: d.db, Locks: d.db, Clock: d.now, Sender: sender, DailyCap: 3}
	d.user = d.addUser("ada@example.com")
	return d
}

func (d *pressroom) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

func (d *pressroom) advance(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

func (d *pressroom) addUser(email string) uuid.UUID {
	d.t.Helper()
	user := accounts.User{
		ID: store.NewID(), Email: email, FullName: "Ada", PasswordHash: "-", Locale: "en", Timezone: "Europe/Berlin",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: d.now(), UpdatedAt: d.now(),
	}
	require.NoError(d.t, d.db.Create(&user).Error)
	return user.ID
}

func (d *pressroom) device(token string) notify.Device {
	d.t.Helper()
	device, err := notify.RegisterDevice(d.t.Context(), d.db, notify.Device{
		ID: store.NewID(), UserID: d.user, Token: token, Platform: notify.PlatformIOS, Environment: notify.EnvironmentProduction,
		CreatedAt: d.now(), LastUsedAt: d.now(),
	})
	require.NoError(d.t, err)
	return device
}

// news adds a notification to the user's inbox.
func (d *pressroom) news(kind notify.NotificationKind) activities.Shard {
	d.t.Helper()
	source := store.NewID().String()
	n := notify.Notification{UserID: d.user, Kind: kind, Title: "News", Body: "of something", CreatedAt: d.now()}
	require.NoError(d.t, notify.Notify(d.db.WithContext(d.t.Context()), n, source, notify.Enqueuer{}))
	return activities.Shard{Notification: notify.NotificationID(d.user, kind, source)}
}

func (d *pressroom) deliver(news activities.Shard) activities.PushCounts {
	d.t.Helper()
	counts, err := d.DeliverPushes(d.t.Context(), news)
	require.NoError(d.t, err)
	return counts
}

func (d *pressroom) prefer(change func(*notify.PushPreferences)) {
	d.t.Helper()
	_, err := notify.ChangePushPreferences(d.t.Context(), d.db, d.user, func(p *notify.PushPreferences) error {
		change(p)
		p.UpdatedAt = d.now()
		return nil
	})
	require.NoError(d.t, err)
}

func TestADeviceGetsAPushOnce(t *testing.T) {
	t.Parallel()
	d := newPressroom(t)
	d.device("00000000aa")
	d.device("00000000bb")
	news := d.news(notify.NotifyComment)
	for range 3 {
		require.Equal(t, activities.PushCounts{Accepted: 2}, d.deliver(news))
	}
	require.Equal(t, 2, d.apns.Asked())
	got := d.apns.Accepted()["00000000aa"][0]
	require.Equal(t, news.Notification.String(), got.Collapse)
	require.Contains(t, string(got.Payload), `"type":"comment"`)
	require.Contains(t, string(got.Payload), `"badge":1`)
	_, err := uuid.Parse(got.ID)
	require.NoError(t, err)
}

func TestRetriesFollowRetryAfter(t *testing.T) {
	t.Parallel()
	d := newPressroom(t)
	d.device("00000000aa")
	d.apns.On(func(p pushtest.Push) pushtest.Reply {
		if p.Try == 1 {
			return pushtest.Reply{Status: 429, Reason: "TooManyRequests", RetryAfter: 30 * time.Second}
		}
		return pushtest.Reply{Status: 500, Reason: "InternalServerError"}
	})
	news := d.news(notify.NotifyComment)
	counts := d.deliver(news)
	require.Equal(t, 1, counts.Retry)
	require.True(t, counts.Next.Equal(d.now().Add(30*time.Second)))
	d.advance(29 * time.Second)
	d.deliver(news)
	require.Equal(t, 1, d.apns.Asked(), "not before it is time")
	for counts.Retry > 0 {
		d.advance(10 * time.Minute)
		counts = d.deliver(news)
	}
	require.Equal(t, activities.PushCounts{Failed: 1}, counts, "there is an end to it")
	require.Equal(t, 8, d.apns.Asked())
	ids := map[string]bool{}
	d.apns.On(func(p pushtest.Push) pushtest.Reply {
		ids[p.ID] = true
		return pushtest.Accept()
	})
	d.deliver(news)
	require.Empty(t, ids, "what has failed stays so")
}

func TestWhatAUserDoesNotWant(t *testing.T) {
	t.Parallel()
	d := newPressroom(t)
	d.device("00000000aa")
	d.prefer(func(p *notify.PushPreferences) { p.Community, p.Marketing = false, false })
	require.Equal(t, activities.PushCounts{Skipped: 1}, d.deliver(d.news(notify.NotifyComment)))
	require.Equal(t, activities.PushCounts{Skipped: 1}, d.deliver(d.news(notify.NotifyBroadcast)))
	require.Equal(t, activities.PushCounts{Accepted: 1}, d.deliver(d.news(notify.NotifyCourseReady)))
	require.Equal(t, activities.PushCounts{Accepted: 1}, d.deliver(d.news(notify.NotifyModeration)))
	read := d.news(notify.NotifyCourseReady)
	_, err := notify.ReadNotification(t.Context(), d.db, d.user, read.Notification, d.now())
	require.NoError(t, err)
	require.Equal(t, activities.PushCounts{Skipped: 1}, d.deliver(read), "it has been read in the app")
}

func TestQuietHoursPutNewsOff(t *testing.T) {
	t.Parallel()
	d := newPressroom(t)
	d.device("00000000aa")
	start, end := 22*60, 7*60
	d.prefer(func(p *notify.PushPreferences) { p.QuietHoursStart, p.QuietHoursEnd = &start, &end })
	d.advance(11 * time.Hour) // midnight in Berlin
	news := d.news(notify.NotifyCourseReady)
	counts := d.deliver(news)
	require.Equal(t, 1, counts.Deferred)
	require.True(t, counts.Next.Equal(time.Date(2026, 11, 2, 6, 0, 0, 0, time.UTC)))
	require.Equal(t, activities.PushCounts{Accepted: 1}, d.deliver(d.news(notify.NotifyTest)), "who tests is awake")
	d.advance(time.Hour)
	d.deliver(news)
	require.Equal(t, 1, d.apns.Asked())
	d.advance(6 * time.Hour)
	news.Again = true
	require.Equal(t, activities.PushCounts{Accepted: 1}, d.deliver(news))

	// A user who flies to New York at night still has quiet hours at seven in Berlin.
	d.advance(17 * time.Hour)
	news = d.news(notify.NotifyCourseReady)
	require.Equal(t, 1, d.deliver(news).Deferred)
	require.NoError(t, d.db.Exec("UPDATE users SET timezone = 'America/New_York', updated_at = ?", d.now().Add(time.Minute)).Error)
	d.advance(7 * time.Hour)
	counts = d.deliver(news)
	require.Equal(t, 1, counts.Deferred)
	require.True(t, counts.Next.Equal(time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)), "%v", counts.Next)
}

func TestEnoughForADay(t *testing.T) {
	t.Parallel()
	d := newPressroom(t)
	d.device("00000000aa")
	d.device("00000000bb")
	for range 3 {
		require.Equal(t, activities.PushCounts{Accepted: 2}, d.deliver(d.news(notify.NotifyComment)), "news counts, not devices")
	}
	require.Equal(t, activities.PushCounts{Skipped: 2}, d.deliver(d.news(notify.NotifyComment)))
	require.Equal(t, activities.PushCounts{Accepted: 2}, d.deliver(d.news(notify.NotifyTest)))
	d.advance(12 * time.Hour) // another day in Berlin
	require.Equal(t, activities.PushCounts{Accepted: 2}, d.deliver(d.news(notify.NotifyComment)))
}

func TestDeadTokensAreSwitchedOff(t *testing.T) {
	t.Parallel()
	d := newPressroom(t)
	d.device("00000000aa")
	again := d.device("00000000bb")
	d.device("00000000cc")
	d.apns.On(func(p pushtest.Push) pushtest.Reply {
		if p.Token == "00000000cc" { // which proves the credentials
			return pushtest.Accept()
		}
		if p.Token == "00000000bb" { // dead a while ago, registered again since
			return pushtest.Reply{Status: 410, Reason: "Unregistered", Since: d.now().Add(-time.Hour)}
		}
		return pushtest.Reply{Status: 400, Reason: "BadDeviceToken"}
	})
	require.Equal(t, activities.PushCounts{Dead: 2, Accepted: 1}, d.deliver(d.news(notify.NotifyComment)))
	active, err := notify.ActiveDevices(t.Context(), d.db, d.user, 10)
	require.NoError(t, err)
	require.Len(t, active, 2)
	require.Equal(t, again.ID, active[0].ID)
	require.Equal(t, activities.PushCounts{Dead: 1, Accepted: 1}, d.deliver(d.news(notify.NotifyComment)))
}

// TestAnAccountEndsMeanwhile checks that after the end nothing is sent and nothing waits.
func TestAnAccountEndsMeanwhile(t *testing.T) {
	t.Parallel()
	d := newPressroom(t)
	for i := range 250 {
		d.device(fmt.Sprintf("%010x", i))
	}
	var once sync.Once
	d.apns.On(func(pushtest.Push) pushtest.Reply {
		once.Do(func() {
			if err := d.db.Exec("UPDATE users SET is_active = false").Error; err != nil {
				t.Error(err)
			}
		})
		return pushtest.Accept()
	})
	news := d.news(notify.NotifyComment)
	require.Equal(t, activities.PushCounts{Accepted: 100}, d.deliver(news), "those under way at that moment")
	require.Equal(t, 100, d.apns.Asked())

	// Erased while a hundred are in flight: no rows come back.
	require.NoError(t, d.db.Exec("UPDATE users SET is_active = true").Error)
	var erase sync.Once
	d.apns.On(func(pushtest.Push) pushtest.Reply {
		erase.Do(func() {
			if err := d.db.Exec("DELETE FROM users").Error; err != nil {
				t.Error(err)
			}
		})
		return pushtest.Accept()
	})
	require.Equal(t, activities.PushCounts{}, d.deliver(news))
	require.Equal(t, 200, d.apns.Asked())
	var left int
	require.NoError(t, d.db.Raw("SELECT (SELECT count(*) FROM push_receipts) + (SELECT count(*) FROM devices) + (SELECT count(*) FROM notifications)").Scan(&left).Error)
	require.Zero(t, left)
}

// TestARunThatIsGivenUp checks that its receipts are written and its replacement waits.
func TestARunThatIsGivenUp(t *testing.T) {
	t.Parallel()
	d := newPressroom(t)
	d.device("00000000aa")
	news := d.news(notify.NotifyComment)
	ctx, cancel := context.WithCancel(t.Context())
	d.apns.On(func(pushtest.Push) pushtest.Reply {
		_, err := d.DeliverPushes(t.Context(), news)
		if store.CodeOf(err) != store.Unavailable {
			t.Errorf("two at once: %v", err)
		}
		return pushtest.Accept()
	})
	require.Equal(t, activities.PushCounts{Accepted: 1}, d.deliver(news))
	cancel()
	_, err := d.DeliverPushes(ctx, news)
	require.Error(t, err)
	require.Equal(t, activities.PushCounts{Accepted: 1}, d.deliver(news))
	require.Equal(t, 1, d.apns.Asked())
}

// TestLookingUpCostsTheSameForMany counts statements.
func TestLookingUpCostsTheSameForMany(t *testing.T) {
	t.Parallel()
	d := newPressroom(t)
	statements := 0
	count := func(*gorm.DB) { statements++ }
	require.NoError(t, d.db.Callback().Raw().After("gorm:raw").Register("count", count))
	require.NoError(t, d.db.Callback().Row().After("gorm:row").Register("count", count))
	require.NoError(t, d.db.Callback().Query().After("gorm:query").Register("count", count))
	d.device("0000000000")
	d.deliver(d.news(notify.NotifyComment)) // which proves the credentials
	few := d.news(notify.NotifyComment)
	statements = 0
	d.deliver(few)
	one := statements
	for i := range 98 {
		d.device(fmt.Sprintf("%010x", i+1))
	}
	many := d.news(notify.NotifyComment)
	statements = 0
	require.Equal(t, 99, d.deliver(many).Accepted)
	require.Equal(t, one, statements)
}
