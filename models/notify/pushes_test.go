package notify_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// newsFor writes a notification to an inbox.
func newsFor(t *testing.T, db *gorm.DB, user uuid.UUID, source string, now time.Time) uuid.UUID {
	t.Helper()
	n := notify.Notification{UserID: user, Kind: notify.NotifyCourseReady, Title: "Your course is ready", Body: "Tides", CreatedAt: now}
	require.NoError(t, notify.Notify(db.WithContext(t.Context()), n, source, notify.Enqueuer{}))
	return notify.NotificationID(user, n.Kind, source)
}

func targets(t *testing.T, db *gorm.DB, r notify.PushRange, now time.Time) []notify.PushTarget {
	t.Helper()
	found, err := notify.PushTargets(t.Context(), db, r, now, 100)
	require.NoError(t, err)
	return found
}

func receipt(t *testing.T, db *gorm.DB, target notify.PushTarget, status notify.PushStatus, change func(*notify.PushOutcome), now time.Time) {
	t.Helper()
	o := notify.PushOutcome{NotificationID: target.NotificationID, DeviceID: target.DeviceID, Status: status, Reason: "because", Attempts: 1}
	if change != nil {
		change(&o)
	}
	require.NoError(t, notify.RecordPushes(t.Context(), db, []notify.PushOutcome{o}, now))
}

// TestNoPushForWhoHasNoDevice checks that the inbox has the notification all the same.
func TestNoPushForWhoHasNoDevice(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC()
	ada := fixture.SignedUp(t, db, "ada@example.com", now).UserID
	enqueued := func(source string) bool {
		id := store.NewID().String()
		err := notify.Notify(db, notify.Notification{UserID: ada, Kind: notify.NotifyReminder, CreatedAt: now}, source, notify.Enqueuer{
			Push: func(notify.Notification) store.OutboxMessage {
				return store.OutboxMessage{ID: store.NewID(), Action: store.OutboxStart, WorkflowID: id, Input: []byte("null"), SearchAttributes: map[string]string{}, CreatedAt: now, DueAt: now}
			},
		})
		require.NoError(t, err)
		messages, err := store.MessagesFor(t.Context(), db, id)
		require.NoError(t, err)
		return len(messages) == 1
	}
	require.False(t, enqueued("before"))
	phone := register(t, db, ada, "adas-phone", now)
	require.True(t, enqueued("with"))
	_, err := notify.SwitchOffDevice(t.Context(), db, ada, phone.ID, now)
	require.NoError(t, err)
	require.False(t, enqueued("after"))
	var inbox int64
	require.NoError(t, db.Model(&notify.Notification{}).Where("user_id = ?", ada).Count(&inbox).Error)
	require.EqualValues(t, 3, inbox)
}

func TestWhoGetsAPush(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada := fixture.SignedUp(t, db, "ada@example.com", now).UserID
	news := notify.PushRange{Notification: newsFor(t, db, ada, "c1", now)}
	newsFor(t, db, ada, "c2", now)
	phone, tablet := register(t, db, ada, "adas-phone", now), register(t, db, ada, "adas-tablet", now)

	both := targets(t, db, news, now)
	require.Len(t, both, 2)
	require.Equal(t, 2, both[0].Unread)
	require.True(t, both[0].Wanted())
	require.Equal(t, "Tides", both[0].Body)
	one := func(id uuid.UUID) notify.PushTarget {
		for _, target := range both {
			if target.DeviceID == id {
				return target
			}
		}
		t.Fatal("no such target")
		return notify.PushTarget{}
	}
	receipt(t, db, one(phone.ID), notify.PushAccepted, nil, now)
	left := targets(t, db, news, now)
	require.Len(t, left, 1)
	require.Equal(t, tablet.ID, left[0].DeviceID)

	receipt(t, db, one(phone.ID), notify.PushFailed, nil, now) // a late answer
	counts, err := notify.CountPushes(t.Context(), db, news)
	require.NoError(t, err)
	require.Equal(t, notify.PushCounts{Accepted: 1}, counts, "what is accepted stays so")

	later := now.Add(time.Minute)
	receipt(t, db, left[0], notify.PushRetry, func(o *notify.PushOutcome) { o.NotBefore = &later }, now)
	require.Empty(t, targets(t, db, news, now))
	news.Again = true
	again := targets(t, db, news, later)
	require.Len(t, again, 1)
	require.Equal(t, 1, again[0].Attempts)
	counts, err = notify.CountPushes(t.Context(), db, news)
	require.NoError(t, err)
	require.Equal(t, 1, counts.Retry)
	require.True(t, later.Equal(*counts.Next))

	require.NoError(t, db.Model(&accounts.User{}).Where("id = ?", ada).UpdateColumn("is_active", false).Error)
	require.Empty(t, targets(t, db, news, later), "an account that is switched off gets no push")
	open, err := notify.OpenPushes(t.Context(), db, ada)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{news.Notification}, open)
	require.NoError(t, notify.ClosePushes(t.Context(), db, news, later))
	counts, err = notify.CountPushes(t.Context(), db, news)
	require.NoError(t, err)
	require.Equal(t, notify.PushCounts{Accepted: 1, Skipped: 1}, counts, "and nobody waits for it")
}

func TestDeadTokens(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada := fixture.SignedUp(t, db, "ada@example.com", now).UserID
	news := notify.PushRange{Notification: newsFor(t, db, ada, "c", now)}
	register(t, db, ada, "a-dead-token", now)
	target := targets(t, db, news, now)[0]
	since := func(at time.Time) func(*notify.PushOutcome) { return func(o *notify.PushOutcome) { o.DeadSince = at } }
	receipt(t, db, target, notify.PushDead, since(now.Add(-time.Second)), now)
	active, err := notify.ActiveDevices(t.Context(), db, ada, 10)
	require.NoError(t, err)
	require.Len(t, active, 1, "it has registered since it was known to be dead")
	other := notify.PushRange{Notification: newsFor(t, db, ada, "d", now)}
	receipt(t, db, targets(t, db, other, now)[0], notify.PushDead, since(now), now)
	devices, err := notify.ListDevices(t.Context(), db, ada, notify.DeviceFilter{Limit: 10})
	require.NoError(t, err)
	require.False(t, devices[0].IsActive)
	require.Equal(t, "because", devices[0].OffReason)
}

// TestQuietHoursThatChangeMeanwhile checks that changed quiet hours or zones apply to deferred pushes.
func TestQuietHoursThatChangeMeanwhile(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada := fixture.SignedUp(t, db, "ada@example.com", now.Add(-time.Hour)).UserID
	require.NoError(t, db.Exec("UPDATE users SET updated_at = ?", now.Add(-time.Hour)).Error)
	news := notify.PushRange{Notification: newsFor(t, db, ada, "c", now)}
	register(t, db, ada, "adas-phone", now)
	tomorrow := now.Add(10 * time.Hour)
	receipt(t, db, targets(t, db, news, now)[0], notify.PushDeferred, func(o *notify.PushOutcome) { o.NotBefore = &tomorrow }, now)
	news.Again = true
	require.Empty(t, targets(t, db, news, now.Add(time.Hour)))
	start, end := 22*60, 7*60
	_, err := notify.ChangePushPreferences(t.Context(), db, ada, func(p *notify.PushPreferences) error {
		p.QuietHoursStart, p.QuietHoursEnd, p.UpdatedAt = &start, &end, now.Add(time.Minute)
		return nil
	})
	require.NoError(t, err)
	found := targets(t, db, news, now.Add(time.Hour))
	require.Len(t, found, 1)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	until, quiet := found[0].QuietUntil(time.Date(2026, 11, 1, 22, 30, 0, 0, time.UTC), berlin)
	require.True(t, quiet)
	require.Equal(t, time.Date(2026, 11, 2, 6, 0, 0, 0, time.UTC), until)
	require.NoError(t, db.Exec("UPDATE push_preferences SET updated_at = ?", now.Add(-time.Hour)).Error)
	require.Empty(t, targets(t, db, news, now.Add(time.Hour)))
	require.NoError(t, db.Exec("UPDATE users SET timezone = 'Asia/Tokyo', updated_at = ?", now.Add(time.Minute)).Error)
	require.Len(t, targets(t, db, news, now.Add(time.Hour)), 1)
}

func TestNoMoreThanTheCapGetThrough(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada, eve := fixture.SignedUp(t, db, "ada@example.com", now).UserID, fixture.SignedUp(t, db, "eve@example.com", now).UserID
	const asked, most = 12, 5
	through := make([]bool, asked)
	var wg sync.WaitGroup
	for i := range asked {
		id := newsFor(t, db, ada, fmt.Sprint(i), now)
		wg.Go(func() {
			admitted, err := notify.AdmitPushes(t.Context(), db, []notify.Admission{{id, ada, 20_000}}, most, now)
			if err != nil {
				t.Error(err)
			}
			through[i] = admitted[id]
		})
	}
	wg.Wait()
	n := 0
	for _, ok := range through {
		if ok {
			n++
		}
	}
	require.Equal(t, most, n)
	adas, eves := newsFor(t, db, ada, "more", now), newsFor(t, db, eve, "more", now)
	admitted, err := notify.AdmitPushes(t.Context(), db, []notify.Admission{{adas, ada, 20_000}, {eves, eve, 20_000}}, most, now)
	require.NoError(t, err)
	require.Equal(t, map[uuid.UUID]bool{eves: true}, admitted, "each has a day of their own")
	admitted, err = notify.AdmitPushes(t.Context(), db, []notify.Admission{{adas, ada, gamification.Day(20_001)}}, most, now)
	require.NoError(t, err)
	require.True(t, admitted[adas], "and tomorrow is another one")
}

func TestABroadcastIsCutIntoShards(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	b := notify.Broadcast{ID: store.NewID(), Title: "Hello", Body: "all", Everyone: true, CollapseKey: "hello", CreatedAt: now}
	require.NoError(t, db.Create(&b).Error)
	for i := range 7 {
		user := fixture.SignedUp(t, db, fmt.Sprintf("u%d@example.com", i), now).UserID
		for j := range 3 {
			register(t, db, user, fmt.Sprintf("token-%d-%d-long-enough", i, j), now)
		}
	}
	after, pages := uuid.Nil, 0
	for done := false; !done; pages++ {
		var err error
		after, done, err = notify.FillInboxes(t.Context(), db, b.ID, after, 3)
		require.NoError(t, err)
	}
	require.Equal(t, 3, pages)
	_, _, err := notify.FillInboxes(t.Context(), db, b.ID, uuid.Nil, 100)
	require.NoError(t, err, "twice is once")
	n, err := notify.CountDevices(t.Context(), db, b.ID)
	require.NoError(t, err)
	require.Equal(t, 21, n)

	whole := notify.PushRange{Broadcast: b.ID}
	first, err := notify.CutPushes(t.Context(), db, whole, now, 5, 3)
	require.NoError(t, err)
	require.Len(t, first, 3)
	whole.After = first[2].Upto
	rest, err := notify.CutPushes(t.Context(), db, whole, now, 5, 3)
	require.NoError(t, err)
	require.Len(t, rest, 2)
	seen := map[uuid.UUID]bool{}
	for _, shard := range append(first, rest...) {
		for _, target := range targets(t, db, shard, now) {
			require.False(t, seen[target.DeviceID], "in one shard only")
			require.Equal(t, "hello", target.CollapseKey)
			seen[target.DeviceID] = true
			receipt(t, db, target, notify.PushAccepted, nil, now)
		}
		counts, err := notify.CountPushes(t.Context(), db, shard)
		require.NoError(t, err)
		require.LessOrEqual(t, counts.Accepted, 5)
	}
	require.Len(t, seen, 21)
	counts, err := notify.CountPushes(t.Context(), db, notify.PushRange{Broadcast: b.ID})
	require.NoError(t, err)
	require.Equal(t, 21, counts.Accepted)
	cut, err := notify.CutPushes(t.Context(), db, notify.PushRange{Broadcast: b.ID}, now, 5, 3)
	require.NoError(t, err)
	require.Empty(t, cut, "a device whose receipt says accepted never gets it again")
}

func TestOldReceiptsAreSwept(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada := fixture.SignedUp(t, db, "ada@example.com", now).UserID
	news := notify.PushRange{Notification: newsFor(t, db, ada, "c", now)}
	register(t, db, ada, "adas-phone", now)
	receipt(t, db, targets(t, db, news, now)[0], notify.PushAccepted, nil, now)
	require.NoError(t, db.Create(&notify.PushDay{UserID: ada, Day: int(now.Unix() / 86400), Sent: 1}).Error)
	count := func() (n int64) {
		require.NoError(t, db.Raw("SELECT (SELECT count(*) FROM push_receipts) + (SELECT count(*) FROM push_days)").Scan(&n).Error)
		return n
	}
	require.NoError(t, notify.SweepPushes(t.Context(), db, now, 10))
	require.EqualValues(t, 2, count())
	require.NoError(t, notify.SweepPushes(t.Context(), db, now.Add(31*24*time.Hour), 10))
	require.Zero(t, count())
}

func TestNobodyElseAtTheSame(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	err := store.WithAdvisoryLock(t.Context(), db, "a shard", func() error {
		inner := store.WithAdvisoryLock(t.Context(), db, "a shard", func() error { return nil })
		require.Equal(t, store.Unavailable, store.CodeOf(inner))
		return store.WithAdvisoryLock(t.Context(), db, "another", func() error { return nil })
	})
	require.NoError(t, err)
	require.NoError(t, store.WithAdvisoryLock(t.Context(), db, "a shard", func() error { return nil }))
}
