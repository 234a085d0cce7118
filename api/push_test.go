package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestRegisteringADevice(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	first := w.do("POST", "/v1/push/devices/register", `{"device_token":"a-token-of-ada-123456","device_type":"ios","device_info":{"name":"Ada's"},"app_version":"1.2"}`, ada.header()...)
	require.Equal(t, http.StatusOK, first.status, string(first.body))
	device := first.json(t)
	require.Equal(t, "****123456", device["device_token"])
	require.Equal(t, "ios", device["device_type"])
	require.Equal(t, "ios", device["platform"])
	require.Equal(t, "production", device["environment"])
	require.Equal(t, true, device["is_active"])
	require.NotContains(t, string(first.body), "a-token-of")
	for _, path := range []string{"/v1/push/devices", "/v1/push/devices/", "/v1/push/devices/register"} {
		again := w.do("POST", path, `{"device_token":"a-token-of-ada-123456","platform":"ios"}`, ada.header()...)
		require.Equal(t, http.StatusOK, again.status, string(again.body))
		require.Equal(t, device["id"], again.json(t)["id"])
	}
	sandbox := w.do("POST", "/v1/push/devices", `{"device_token":"a-token-of-ada-123456","platform":"ios","environment":"sandbox"}`, ada.header()...)
	require.Equal(t, device["id"], sandbox.json(t)["id"], "one token is one device whatever its environment")
	require.Equal(t, "sandbox", sandbox.json(t)["environment"])
	require.Len(t, w.list("/v1/push/devices", ada), 1)

	taken := w.do("POST", "/v1/push/devices", `{"device_token":"a-token-of-ada-123456","platform":"android"}`, eve.header()...)
	require.NotEqual(t, device["id"], taken.json(t)["id"])
	require.Equal(t, "android", taken.json(t)["device_type"])
	require.Empty(t, w.list("/v1/push/devices/", ada), "it is somebody else's now")

	path := "/v1/push/devices/" + taken.json(t)["id"].(string)
	off := w.do("POST", path+"/deactivate", "", eve.header()...)
	require.Equal(t, http.StatusOK, off.status)
	require.Equal(t, false, off.json(t)["is_active"])
	gone := w.do("DELETE", path, "", eve.header()...)
	require.Equal(t, http.StatusOK, gone.status)
	require.NotEmpty(t, gone.json(t)["message"])
	w.problem(w.do("DELETE", path, "", eve.header()...), rest.SlugNotFound)
}

func TestDevicesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	for body, pointer := range map[string]string{
		`{"device_token":"short","device_type":"ios"}`:                                                              "/device_token",
		`{"device_token":"` + strings.Repeat("x", 4097) + `","device_type":"ios"}`:                                  "/device_token",
		`{"device_token":"a-long-enough-token"}`:                                                                    "/device_type",
		`{"device_token":"a-long-enough-token","platform":"windows"}`:                                               "/device_type",
		`{"device_token":"a-long-enough-token","platform":"ios","environment":"moon"}`:                              "/environment",
		`{"device_token":"a-long-enough-token","platform":"ios","device_info":"` + strings.Repeat("x", 5000) + `"}`: "/device_info",
		`{"device_token":"a-long\u0000enough-token","platform":"ios"}`:                                              "/device_token",
		`{"device_token":"a-long\u200benough-token","platform":"android"}`:                                          "/device_token",
		`{"device_token":"short          ","platform":"android"}`:                                                   "/device_token",
		`{"device_token":"a-long-enough-token","platform":"ios","app_version":"` + strings.Repeat("x", 101) + `"}`:  "/app_version",
	} {
		p := w.problem(w.do("POST", "/v1/push/devices", body, ada.header()...), rest.SlugValidation)
		require.Contains(t, fmt.Sprint(p["errors"]), pointer, body)
	}
	ok := w.do("POST", "/v1/push/devices", `{"device_token":"`+strings.Repeat("x", 4096)+`","device_type":"web"}`, ada.header()...)
	require.Equal(t, http.StatusOK, ok.status, string(ok.body))
}

func TestPushPreferences(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	const path = "/v1/push/preferences"
	first := w.do("GET", path, "", ada.header()...)
	require.JSONEq(t, `{"course_ready":true,"achievements":true,"community":true,"reminders":true,"marketing":false,"quiet_hours_start":null,"quiet_hours_end":null}`, string(first.body))
	require.Equal(t, http.StatusNotModified, w.do("GET", path, "", append(ada.header(), "If-None-Match", first.header.Get("ETag"))...).status)
	changed := w.do("PUT", path, `{"marketing":true,"quiet_hours_start":"22:00","quiet_hours_end":"07:30"}`, ada.header()...)
	require.Equal(t, http.StatusOK, changed.status, string(changed.body))
	require.JSONEq(t, `{"course_ready":true,"achievements":true,"community":true,"reminders":true,"marketing":true,"quiet_hours_start":"22:00","quiet_hours_end":"07:30"}`,
		string(w.do("GET", path, "", ada.header()...).body))
	w.problem(w.do("PUT", path, `{"community":false}`, append(ada.header(), "If-Match", first.header.Get("ETag"))...), rest.SlugCondition)
	for _, body := range []string{`{"quiet_hours_start":"25:00"}`, `{"quiet_hours_start":"7:00"}`, `{"quiet_hours_end":null}`, `{"quiet_hours_end":"noon!"}`, `{"marketing":"no"}`} {
		w.problem(w.do("PUT", path, body, ada.header()...), rest.SlugValidation)
	}
	none := w.do("PUT", path, `{"quiet_hours_start":null,"quiet_hours_end":null,"marketing":null}`, ada.header()...)
	require.Nil(t, none.json(t)["quiet_hours_start"])
	require.Equal(t, true, none.json(t)["marketing"])
}

// receive writes a notification to an inbox.
func (w *testEnv) receive(p person, source string) uuid.UUID {
	w.t.Helper()
	n := notify.Notification{UserID: uuid.MustParse(p.id), Kind: notify.NotifyCourseReady, Title: "Ready", Body: source, CreatedAt: w.server.Now()}
	require.NoError(w.t, notify.Notify(w.server.DB.WithContext(context.Background()), n, source, notify.Enqueuer{}))
	return notify.NotificationID(n.UserID, n.Kind, source)
}

func TestTheInbox(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	var ids []uuid.UUID
	for i := range 5 {
		w.clock.advance(time.Second)
		ids = append(ids, w.receive(ada, fmt.Sprint("course ", i)))
	}
	unread := func() any {
		return w.do("GET", "/v1/notifications/unread-count", "", ada.header()...).json(t)["unread_count"]
	}
	require.EqualValues(t, 5, unread())
	page := w.do("GET", "/v1/notifications?unread=true&limit=3", "", ada.header()...)
	require.Equal(t, "course 4", page.array(t)[0]["body"])
	require.Equal(t, "course_ready", page.array(t)[0]["type"])
	remaining := w.do("GET", nextPath(page), "", ada.header()...)
	require.Len(t, remaining.array(t), 2)
	require.Empty(t, nextPath(remaining))
	w.clock.advance(time.Minute)
	for range 2 { // the first time is kept
		read := w.do("PUT", "/v1/notifications/"+ids[2].String()+"/read", "", ada.header()...)
		require.Equal(t, true, read.json(t)["is_read"])
		require.Equal(t, "2026-11-01T12:01:05Z", read.json(t)["read_at"])
		w.clock.advance(time.Minute)
	}
	require.EqualValues(t, 4, unread())
	require.Len(t, w.list("/v1/notifications?unread=true", ada), 4)
	require.Len(t, w.list("/v1/notifications?unread=false", ada), 1)
	require.Len(t, w.list("/v1/notifications/", ada), 5)
	w.problem(w.do("GET", "/v1/notifications?unread=maybe", "", ada.header()...), rest.SlugValidation)
	w.problem(w.do("GET", "/v1/notifications?cursor="+strings.Repeat("x", 80), "", ada.header()...), rest.SlugMalformed)
	require.EqualValues(t, 4, w.do("PUT", "/v1/notifications/read-all", "", ada.header()...).json(t)["updated"])
	require.EqualValues(t, 0, w.do("PUT", "/v1/notifications/read-all", "", ada.header()...).json(t)["updated"])
	require.EqualValues(t, 0, unread())
}

// TestTryingPushes has the test act as the worker.
func TestTryingPushes(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	none := w.do("POST", "/v1/push/test", "", ada.header()...)
	require.Equal(t, http.StatusOK, none.status, string(none.body))
	require.Empty(t, none.json(t)["devices"])
	require.Len(t, w.list("/v1/notifications", ada), 1)
	for i, platform := range []string{"ios", "android", "web"} {
		w.do("POST", "/v1/push/devices", fmt.Sprintf(`{"device_token":"a-long-enough-token-%d","platform":%q}`, i, platform), ada.header()...)
	}
	first := none.json(t)["notification_id"]
	statuses := map[string]notify.PushStatus{"ios": notify.PushAccepted, "android": notify.PushDryRun, "web": notify.PushFailed}
	var wg sync.WaitGroup
	wg.Go(func() {
		var targets []notify.PushTarget
		for len(targets) == 0 && t.Context().Err() == nil {
			var id []uuid.UUID
			if err := w.server.DB.Raw("SELECT id FROM notifications ORDER BY id").Scan(&id).Error; err != nil {
				t.Error(err)
				return
			}
			if len(id) < 2 {
				continue
			}
			for _, id := range id {
				if id.String() == first {
					continue
				}
				targets, _ = notify.PushTargets(t.Context(), w.server.DB, notify.PushRange{Notification: id}, w.server.Now(), 10)
			}
		}
		var outcomes []notify.PushOutcome
		for _, target := range targets {
			outcomes = append(outcomes, notify.PushOutcome{
				NotificationID: target.NotificationID, DeviceID: target.DeviceID, Status: statuses[target.Platform], Reason: "so", Attempts: 1,
			})
		}
		if err := notify.RecordPushes(t.Context(), w.server.DB, outcomes, w.server.Now()); err != nil {
			t.Error(err)
		}
	})
	tried := w.do("POST", "/v1/push/test", "{}", ada.header()...)
	wg.Wait()
	require.Equal(t, http.StatusOK, tried.status, string(tried.body))
	v := tried.json(t)
	require.EqualValues(t, 1, v["sent"])
	require.EqualValues(t, 1, v["failed"])
	status := map[string]string{}
	for _, d := range v["devices"].([]any) {
		device := d.(map[string]any)
		status[device["type"].(string)], _ = device["status"].(string)
	}
	require.Equal(t, map[string]string{"ios": "sent", "android": "dry_run", "web": "failed"}, status)
}

func (w *testEnv) promote(p person) {
	w.t.Helper()
	require.NoError(w.t, w.server.DB.Exec(`UPDATE users SET roles = '["user","admin"]' WHERE id = ?`, p.id).Error)
}

func TestBroadcasts(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	const path, body = "/v1/push/send", `{"title":"News","body":"For all","data":{"action":"open"},"collapse_key":"news"}`
	w.problem(w.do("POST", path, body, eve.header()...), rest.SlugDenied)
	w.promote(ada)
	answers := make([]answer, 20)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = w.do("POST", path, body, append(ada.header(), "Idempotency-Key", "k")...) })
	}
	wg.Wait()
	fresh := 0
	for _, a := range answers {
		require.Equal(t, http.StatusAccepted, a.status, string(a.body))
		require.Equal(t, answers[0].json(t)["task_id"], a.json(t)["task_id"])
		if a.header.Get("Idempotent-Replayed") == "" {
			fresh++
		}
	}
	require.Equal(t, 1, fresh)
	w.problem(w.do("POST", path, `{"title":"Other","body":"news"}`, append(ada.header(), "Idempotency-Key", "k")...), rest.SlugReusedKey)
	task := w.do("GET", "/v1/tasks/"+answers[0].json(t)["task_id"].(string), "", ada.header()...).json(t)
	require.Equal(t, "push_broadcast", task["task_type"])
	require.Nil(t, task["result"])

	some := w.do("POST", path, `{"title":"You","body":"alone","user_ids":["`+eve.id+`","`+store.NewID().String()+`"]}`, ada.header()...)
	require.Equal(t, http.StatusAccepted, some.status, string(some.body))
	require.Len(t, w.list("/v1/notifications", eve), 1)
	require.Empty(t, w.list("/v1/notifications", ada))
	id := uuid.MustParse(some.json(t)["task_id"].(string))
	done := tasks.TaskEvent{Seq: 2, State: tasks.TaskDone, Progress: 100, Step: "done", At: w.server.Now(), Result: tasks.TaskResult{"accepted": 3, "failed": 0, "dead": 1, "deferred": 0}}
	require.NoError(t, tasks.FinishTask(t.Context(), w.server.DB, id, []tasks.TaskEvent{done}))
	task = w.do("GET", "/v1/tasks/"+id.String(), "", ada.header()...).json(t)
	require.EqualValues(t, 3, task["result"].(map[string]any)["accepted"])
	require.Nil(t, task["result_url"])

	for _, bad := range []string{
		`{"title":"","body":"x"}`, `{"title":"x"}`, `{"title":"x","body":"` + strings.Repeat("y", 2001) + `"}`, `{"title":"x","body":"y","user_ids":[]}`,
		`{"title":"x","body":"y","user_ids":["nobody"]}`, `{"title":"x","body":"y","data":{"aps":"z"}}`, `{"title":"x","body":"y","data":{"a":"` + strings.Repeat("z", 1100) + `"}}`,
		`{"title":"x","body":"y","data":{"a":1}}`, `{"title":"x","body":"y","collapse_key":"` + strings.Repeat("ü", 40) + `"}`,
	} {
		w.problem(w.do("POST", path, bad, ada.header()...), rest.SlugValidation)
	}
}
