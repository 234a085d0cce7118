package api

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestATaskIsItsOwnersOnly(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	id, _ := w.ask(ada, "Tides")
	for _, call := range [][2]string{{"GET", "/status"}, {"GET", ""}, {"POST", "/cancel"}, {"DELETE", ""}} {
		w.problem(w.do(call[0], "/v1/tasks/"+id.String()+call[1], "", bob.header()...), rest.SlugNotFound)
		w.problem(w.do(call[0], "/v1/tasks/"+id.String()+call[1], ""), rest.SlugAuth)
	}
	require.JSONEq(t, "[]", string(w.do("GET", "/v1/tasks/", "", bob.header()...).body))
	w.problem(w.do("GET", "/v1/tasks/x/status", "", ada.header()...), rest.SlugMalformed)
}

func TestATaskReadsTheSameByEveryRoute(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	id, course := w.ask(ada, "Tides")
	w.finish(id, course)
	v := w.do("GET", "/v1/tasks/"+id.String(), "", ada.header()...).json(t)
	require.Equal(t, "DONE", v["state"])
	require.Equal(t, "completed", v["status"])
	for _, key := range []string{"progress", "progress_pct", "progressPct"} {
		require.EqualValues(t, 100, v[key])
	}
	for _, key := range []string{"result_id", "resultId", "provisional_course_id"} {
		require.Equal(t, course.String(), v[key])
	}
	require.Equal(t, "generate-course/"+id.String(), v["workflow_id"])
	require.NotNil(t, v["completed_at"])
	require.Nil(t, v["error_details"])
	require.Contains(t, v, "started_at")
}

func TestAPollIsHeldUntilThereIsNews(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	id, _ := w.ask(ada, "Tides")
	polled := make(chan answer)
	go func() {
		polled <- w.do("GET", "/v1/tasks/"+id.String()+"/status?wait=25s&since=1", "", ada.header()...)
	}()
	require.Eventually(t, func() bool { return w.server.Hub.ActiveTasks() == 1 }, 10*time.Second, time.Millisecond)
	began := w.server.Now()
	news := tasks.TaskEvent{Seq: 2, State: tasks.TaskRunning, Progress: 5, Step: "prepare", Message: "Preparing", At: began, StartedAt: &began}
	_, err := tasks.RecordEvents(context.Background(), w.server.DB, id, []tasks.TaskEvent{news})
	require.NoError(t, err)
	v := (<-polled).json(t)
	require.EqualValues(t, 2, v["seq"])
	require.Equal(t, "RUNNING", v["state"])
	require.NotNil(t, v["started_at"])
	v = w.do("GET", "/v1/tasks/"+id.String()+"/status?wait=50ms&since=2", "", ada.header()...).json(t)
	require.EqualValues(t, 2, v["seq"], "no news in time: the present state")
	w.problem(w.do("GET", "/v1/tasks/"+id.String()+"/status?wait=soon", "", ada.header()...), rest.SlugValidation)
	w.problem(w.do("GET", "/v1/tasks/"+id.String()+"/status?since=x", "", ada.header()...), rest.SlugValidation)
}

func TestCancellingATask(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	for _, how := range []struct {
		method, path string
		status       int
	}{{"POST", "/cancel", http.StatusOK}, {"DELETE", "", http.StatusNoContent}} {
		id, course := w.ask(ada, "Tides")
		a := w.do(how.method, "/v1/tasks/"+id.String()+how.path, "", ada.header()...)
		require.Equal(t, how.status, a.status, string(a.body))
		v := w.do("GET", "/v1/tasks/"+id.String(), "", ada.header()...).json(t)
		require.Equal(t, "ERROR", v["state"])
		require.Equal(t, "cancelled", v["status"])
		require.Equal(t, true, v["error_details"].(map[string]any)["cancelled_by_user"])
		c := w.do("GET", "/v1/courses/"+course.String(), "", ada.header()...).json(t)
		require.Equal(t, "ERROR", c["status"], "nothing stays GENERATING")
		w.problem(w.do(how.method, "/v1/tasks/"+id.String()+how.path, "", ada.header()...), rest.SlugConflict)
	}
}

func TestListingTasks(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	done, course := w.ask(ada, "Tides")
	w.finish(done, course)
	w.ask(ada, "Moons")
	w.ask(ada, "Stars")
	page := w.do("GET", "/v1/tasks/?limit=2", "", ada.header()...)
	require.Contains(t, string(page.body), "QUEUED")
	remaining := w.do("GET", nextPath(page), "", ada.header()...)
	require.Contains(t, string(remaining.body), done.String())
	require.Empty(t, remaining.header.Get("Link"))
	only := w.do("GET", "/v1/tasks?state=DONE&task_type=course_generation", "", ada.header()...)
	require.Contains(t, string(only.body), done.String())
	require.NotContains(t, string(only.body), "QUEUED")
	w.problem(w.do("GET", "/v1/tasks?state=LATE", "", ada.header()...), rest.SlugValidation)
}

func TestWhatIsNoHandshakeIsAProblem(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	id, _ := w.ask(ada, "Tides")
	path := "/v1/tasks/ws/" + id.String()
	w.problem(w.do("GET", path, "", ada.header()...), rest.SlugMalformed)
	upgrade := append(ada.header(), "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	w.problem(w.do("GET", path, "", append(upgrade, "Origin", "https://evil.example")...), rest.SlugDenied)
	w.problem(w.do("POST", "/v1/realtime/tickets", "", ada.header()...), rest.SlugDependency)
}
