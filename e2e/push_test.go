package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/push/pushtest"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/workflows"
)

// streams is the number of the worker's concurrent messages.
const streams = 50

// newsroom is a system with fakes of both push services.
type newsroom struct {
	*system
	*learner

	apns *pushtest.APNs
	fcm  *pushtest.FCM
	db   *gorm.DB
	user string
}

func newNewsroom(t *testing.T, delay time.Duration, extra ...string) *newsroom {
	t.Helper()
	n := &newsroom{apns: pushtest.NewAPNs(t, delay), fcm: pushtest.NewFCM(t, delay)}
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	n.system = newSystem(t, append([]string{
		"LYO_APNS_KEY_FILE=" + file("key.p8", []byte(n.apns.Key())), "LYO_APNS_KEY_ID=" + pushtest.KeyID, "LYO_APNS_TEAM_ID=" + pushtest.TeamID,
		"LYO_APNS_TOPIC=" + pushtest.Topic, "LYO_APNS_URL=" + n.apns.URL(), "SSL_CERT_FILE=" + file("roots.pem", n.apns.Certificate()),
		"LYO_FCM_CREDENTIALS_FILE=" + file("fcm.json", []byte(n.fcm.Credentials())), "LYO_FCM_URL=" + n.fcm.URL(),
		fmt.Sprintf("LYO_APNS_STREAMS=%d", streams),
	}, extra...)...)
	a := n.addAPI()
	n.startWorker()
	n.learner = a.register(t, "ada@example.com")
	n.db = n.rows()
	require.NoError(t, n.db.Exec("DELETE FROM achievements").Error, "they would be news of their own")
	n.user, _ = n.call(http.MethodGet, "/v1/users/me", nil, http.StatusOK)["id"].(string)
	return n
}

func (n *newsroom) device(platform, token string) {
	n.learner.t.Helper()
	body := object{"device_token": token, "device_type": platform}
	n.call(http.MethodPost, "/v1/push/devices/register", body, http.StatusOK)
}

func (n *newsroom) inbox(query string) (news []object) {
	n.learner.t.Helper()
	status, _, content := n.do(http.MethodGet, "/v1/notifications"+query, nil)
	require.Equal(n.learner.t, http.StatusOK, status)
	require.NoError(n.learner.t, json.Unmarshal(content, &news))
	return news
}

// crowd gives so many other users five devices each. Their tokens are numbered.
func (n *newsroom) crowd(users int) {
	t := n.learner.t
	t.Helper()
	const devices = 5
	require.NoError(t, n.db.Exec(`
		INSERT INTO users (id, email, full_name, password_hash, created_at, updated_at)
		SELECT gen_random_uuid(), 'crowd' || i || '@example.com', 'One of many', '-', now(), now() FROM generate_series(1, ?) i`, users).Error)
	require.NoError(t, n.db.Exec(`
		INSERT INTO devices (id, user_id, token, token_hash, platform, environment, created_at, last_used_at)
		SELECT gen_random_uuid(), u.id, v.token, sha256(v.token::bytea), 'ios', 'production', now(), now()
		FROM (SELECT id, row_number() OVER () AS nth FROM users WHERE email LIKE 'crowd%') u
		CROSS JOIN generate_series(1, ?) j
		CROSS JOIN LATERAL (SELECT lpad(to_hex((u.nth - 1) * ? + j - 1), 64, '0') AS token) v`, devices, devices).Error)
	require.NoError(t, n.db.Exec(`
		INSERT INTO push_preferences (user_id, course_ready, achievements, community, reminders, marketing, updated_at)
		SELECT id, true, true, true, true, true, now() FROM users WHERE email LIKE 'crowd%'`).Error) // broadcasts need consent
	require.NoError(t, n.db.Exec("ANALYZE users, devices").Error)
}

// numberOf returns a token's number in the crowd.
func numberOf(token string) int {
	var number int
	_, _ = fmt.Sscanf(token, "%x", &number)
	return number
}

func (n *newsroom) admin() {
	n.learner.t.Helper()
	out, err := n.lyo("admin", "grant", "ada@example.com")
	require.NoError(n.learner.t, err, out)
}

func (n *newsroom) broadcast() string {
	n.learner.t.Helper()
	body := object{"title": "News", "body": "For everyone", "data": object{"action": "open_news"}}
	return n.call(http.MethodPost, "/v1/push/send", body, http.StatusAccepted)["task_id"].(string)
}

// awaitEnd is await for tasks of minutes on a busy machine.
func (n *newsroom) awaitEnd(task string) object {
	t := n.learner.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for {
		now := n.task(task)
		if now["completed_at"] != nil {
			return now
		}
		require.NoError(t, ctx.Err(), "task still %v", now)
		n.call(http.MethodGet, fmt.Sprintf("/v1/tasks/%s?wait=5s&since=%v", task, now["seq"]), nil, http.StatusOK)
	}
}

// providerAtItsWorst answers with two kinds of dead tokens and with requests to wait, stalls on a message and
// closes a connection.
func providerAtItsWorst(p pushtest.Push) pushtest.Reply {
	number := numberOf(p.Token)
	switch {
	case number%100 == 0:
		return pushtest.Reply{Status: http.StatusGone, Reason: "Unregistered"}
	case number%100 == 1:
		return pushtest.Reply{Status: http.StatusBadRequest, Reason: "BadDeviceToken"}
	case number%100 == 2 && p.Try == 1:
		return pushtest.Reply{Status: http.StatusTooManyRequests, Reason: "TooManyRequests", RetryAfter: time.Second}
	case p.N == 3_000:
		return pushtest.Stall(30 * time.Second)
	}
	return pushtest.Reply{GoAway: p.N == 6_000}
}

// requireAcceptedOnce requires that every live device, and no other, got its message once, but for those whose
// answers were lost. Known is how often a token had been accepted when its receipt was found.
func (n *newsroom) requireAcceptedOnce(live int, known map[string]int) {
	t := n.learner.t
	t.Helper()
	accepted, again := n.apns.Accepted(), 0
	require.Len(t, accepted, live, "every live device, and no other")
	for token, pushes := range accepted {
		require.GreaterOrEqual(t, numberOf(token)%100, 2)
		again += len(pushes) - 1
		for _, p := range pushes {
			require.Equal(t, pushes[0].ID, p.ID, "a repeated message has the same id")
		}
		if times, ok := known[token]; ok {
			require.Len(t, pushes, times, "whose receipt is written is never told again")
		}
	}
	t.Logf("%d messages were accepted twice, their answers having been lost in three kills; at most %d were under way", again, n.apns.Peak())
	require.LessOrEqual(t, again, 3*4*100, "no more than were being waited for")
	require.LessOrEqual(t, n.apns.Peak(), streams)
}

// requireOff requires so many inactive devices for each reason.
func (n *newsroom) requireOff(expected map[string]int) {
	t := n.learner.t
	t.Helper()
	var off []struct {
		OffReason string
		N         int
	}
	require.NoError(t, n.db.Raw("SELECT off_reason, count(*) AS n FROM devices WHERE NOT is_active GROUP BY 1 ORDER BY 1").Scan(&off).Error)
	found := map[string]int{}
	for _, row := range off {
		found[row.OffReason] = row.N
	}
	require.Equal(t, expected, found)
}

// TestTwentyThousandDevices is a broadcast with every problem: dead tokens, a provider
// that asks to wait, that closes its connections, that stalls on a message for half a
// minute, and a worker that is killed three times.
func TestTwentyThousandDevices(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t, 20*time.Millisecond, "LYO_PUSH_TIMEOUT=5s")
	const devices, dead = 20_000, 400
	n.crowd(devices / 5)
	n.admin()
	n.apns.On(providerAtItsWorst)
	began := time.Now()
	task := n.broadcast()
	known := map[string]int{} // how often a token was accepted that had its receipt when the worker died
	for _, at := range []int{4_000, 9_000, 14_000} {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		require.NoError(t, n.apns.AwaitAccepted(ctx, at))
		cancel()
		kill(t, n.worker)
		accepted := n.apns.Accepted()
		for _, token := range n.receipts("accepted") {
			known[token] = len(accepted[token])
		}
		n.startWorker()
	}
	done := n.awaitEnd(task)
	t.Logf("%d devices reached in %v", devices, time.Since(began).Round(time.Second))

	require.Equal(t, "DONE", done["state"])
	result := done["result"].(object)
	require.EqualValues(t, devices-dead, result["accepted"])
	require.EqualValues(t, dead, result["dead"])
	require.EqualValues(t, 0, result["failed"])
	n.requireAcceptedOnce(devices-dead, known)
	n.requireOff(map[string]int{"BadDeviceToken": dead / 2, "Unregistered": dead / 2})
	var inboxes int
	require.NoError(t, n.db.Raw("SELECT count(*) FROM notifications WHERE kind = 'broadcast'").Scan(&inboxes).Error)
	require.Equal(t, devices/5+1, inboxes, "hers too")
	n.awaitQuiet(n.db)
	requireInvariants(t, n.db)
	n.requireOneRunEach()
}

// receipts returns the tokens of devices with a receipt of a status.
func (n *newsroom) receipts(status string) (tokens []string) {
	n.learner.t.Helper()
	err := n.db.Raw("SELECT d.token FROM push_receipts r JOIN devices d ON d.id = r.device_id WHERE r.status = ?", status).Scan(&tokens).Error
	require.NoError(n.learner.t, err)
	return tokens
}

// until waits for the effect of another process.
func (n *newsroom) until(done func() bool) {
	t := n.learner.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			require.Fail(t, "it never came about")
		}
	}
}

// TestNewsReachesDevices runs the causes of pushes and their ends, on one system.
func TestNewsReachesDevices(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t, 0, "LYO_DELETION_GRACE=2s")
	n.courseIsNews()
	n.cancelsBroadcasts()
	n.sweepsDevices()
	n.forgetsPushes()
}

// courseIsNews checks that a finished course's push is sent and in the inbox, and
// that a course is READY whatever happens to pushes.
func (n *newsroom) courseIsNews() {
	t := n.learner.t
	n.device("ios", "00aa11bb22cc33dd")
	n.device("android", "an-android-registration-token")
	task, course := n.generate("How tides work")
	require.Equal(t, "DONE", n.await(task)["state"])
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, n.apns.AwaitAccepted(ctx, 1))
	require.NoError(t, n.fcm.AwaitAccepted(ctx, 1))
	var payload object
	require.NoError(t, json.Unmarshal(n.apns.Accepted()["00aa11bb22cc33dd"][0].Payload, &payload))
	aps := payload["aps"].(object)
	require.Equal(t, "Your course is ready", aps["alert"].(object)["title"])
	require.EqualValues(t, 1, aps["badge"])
	require.Equal(t, "course_ready", payload["type"])
	require.Equal(t, course, payload["course_id"])
	require.Equal(t, "open_course", payload["action"])
	news := n.inbox("?unread=true")
	require.Len(t, news, 1)
	require.Equal(t, payload["notification_id"], news[0]["id"])
	require.Equal(t, course, news[0]["data"].(object)["course_id"])
	n.call(http.MethodPut, "/v1/notifications/"+news[0]["id"].(string)+"/read", nil, http.StatusOK)
	require.EqualValues(t, 0, n.call(http.MethodGet, "/v1/notifications/unread-count", nil, http.StatusOK)["unread_count"])

	n.apns.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Status: 500, Reason: "InternalServerError"} })
	n.fcm.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Close: true} })
	task, course = n.generate("How winds blow")
	require.Equal(t, "DONE", n.await(task)["state"])
	require.Equal(t, "READY", n.course(course)["status"])
	require.Len(t, n.inbox("?unread=true"), 1)

	tested := n.call(http.MethodPost, "/v1/push/test", nil, http.StatusOK)
	require.EqualValues(t, 0, tested["sent"])
	require.EqualValues(t, 2, tested["failed"])
	n.apns.On(func(pushtest.Push) pushtest.Reply { return pushtest.Accept() })
	n.fcm.On(func(pushtest.Push) pushtest.Reply { return pushtest.Accept() })
	tested = n.call(http.MethodPost, "/v1/push/test", nil, http.StatusOK)
	require.EqualValues(t, 2, tested["sent"], "%v", tested)
}

// cancelsBroadcasts cancels them in the middle, by the API and by the command line.
func (n *newsroom) cancelsBroadcasts() {
	t := n.learner.t
	n.crowd(400)
	n.admin()
	n.apns.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Delay: 500 * time.Millisecond} })
	for _, cancel := range []func(task string){
		func(task string) { n.call(http.MethodPost, "/v1/tasks/"+task+"/cancel", nil, http.StatusOK) },
		func(task string) { n.temporalCLI("workflow", "cancel", "--workflow-id", "broadcast/"+task) },
	} {
		before := n.apns.Asked()
		task := n.broadcast()
		n.until(func() bool { return n.apns.Asked() >= before+100 })
		cancel(task)
		ended := n.awaitEnd(task)
		require.Equal(t, "cancelled", ended["status"])
		require.Less(t, n.apns.Asked(), before+2_000)
		require.Contains(t, ended["result"], "accepted")
	}
	n.apns.On(func(pushtest.Push) pushtest.Reply { return pushtest.Accept() })
}

// sweepsDevices runs the nightly sweep now.
func (n *newsroom) sweepsDevices() {
	n.device("ios", "a-phone-in-a-drawer")
	require.NoError(n.learner.t, n.db.Exec("UPDATE devices SET last_used_at = now() - interval '61 days' WHERE token LIKE '%drawer'").Error)
	kill(n.learner.t, n.worker)
	n.startWorker() // which finds the schedule
	n.temporalCLI("schedule", "trigger", "--schedule-id", workflows.ScheduleSweepDevices)
	n.until(func() bool {
		var off []string
		err := n.db.Raw("SELECT token FROM devices WHERE NOT is_active AND off_reason = 'silent'").Scan(&off).Error
		return err == nil && len(off) == 1 && off[0] == "a-phone-in-a-drawer"
	})
}

// forgetsPushes deletes the account while a push waits for the end of quiet hours.
func (n *newsroom) forgetsPushes() {
	t := n.learner.t
	clock := func(d time.Duration) string { return time.Now().UTC().Add(d).Format("15:04") }
	hours := object{"quiet_hours_start": clock(-6 * time.Hour), "quiet_hours_end": clock(6 * time.Hour)}
	n.call(http.MethodPut, "/v1/push/preferences", hours, http.StatusOK)
	task, course := n.generate("How rain falls")
	require.Equal(t, "DONE", n.await(task)["state"])
	id := notify.NotificationID(uuid.MustParse(n.user), notify.NotifyCourseReady, course)
	n.until(func() bool {
		receipts, err := notify.ReceiptsOf(t.Context(), n.db, id)
		return err == nil && len(receipts) > 0 && receipts[0].Status == notify.PushDeferred
	})
	n.call(http.MethodDelete, "/v1/users/me", nil, http.StatusOK)
	var deletion uuid.UUID
	require.NoError(t, n.db.Raw("SELECT deletion_id FROM users WHERE id = ?", n.user).Row().Scan(&deletion))
	require.ErrorContains(t, n.awaitRun(workflows.FanOutPushID(id)), "canceled")
	require.NoError(t, n.awaitRun(workflows.DeleteAccountID(deletion)))
	require.Equal(t, map[string]int{"audit_log": 1}, naming(t, n.db, n.user))
	require.Empty(t, naming(t, n.db, "00aa11bb22cc33dd"))
	// The cancel of its run stays in the outbox until the workflow has ended.
	n.until(func() bool { return len(naming(t, n.db, id.String())) == 0 })
	for _, pushes := range n.apns.Accepted() {
		for _, p := range pushes {
			require.NotContains(t, string(p.Payload), id.String())
		}
	}
}
