package e2e_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/require"
)

// patience bounds waits for events that must come. It is no measure of speed: the
// machine may be busy with all other tests.
const patience = 5 * time.Minute

// learner is a user with an account, on one API process.
type learner struct {
	t     *testing.T
	base  string
	token string
	id    string // of the user
	// client asks in another way than http.DefaultClient, such as through a proxy; nil: as usual.
	client *http.Client
}

type object = map[string]any

func (a *api) register(t *testing.T, email string) *learner {
	t.Helper()
	l := &learner{t: t, base: a.base}
	body := object{"email": email, "password": "correct horse battery", "full_name": "Ada"}
	made := l.call(http.MethodPost, "/v1/auth/register", body, http.StatusCreated)
	l.token, _ = made["access_token"].(string)
	l.id, _ = made["user"].(object)["id"].(string)
	require.NotEmpty(t, l.token)
	return l
}

// at returns the same learner on another API process.
func (l *learner) at(a *api) *learner {
	return &learner{t: l.t, base: a.base, token: l.token, id: l.id}
}

// http returns the learner's client.
func (l *learner) http() *http.Client { return cmp.Or(l.client, http.DefaultClient) }

func (l *learner) do(method, path string, body any, headers ...string) (int, http.Header, []byte) {
	l.t.Helper()
	var reader io.Reader
	if body != nil {
		content, err := json.Marshal(body)
		require.NoError(l.t, err)
		reader = bytes.NewReader(content)
	}
	request, err := http.NewRequestWithContext(l.t.Context(), method, l.base+path, reader)
	require.NoError(l.t, err)
	request.Header.Set("Content-Type", "application/json")
	if l.token != "" {
		request.Header.Set("Authorization", "Bearer "+l.token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := l.http().Do(request)
	require.NoError(l.t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(l.t, err)
	return answer.StatusCode, answer.Header, content
}

// call expects a status and returns the JSON object.
func (l *learner) call(method, path string, body any, status int, headers ...string) object {
	l.t.Helper()
	got, _, content := l.do(method, path, body, headers...)
	require.Equal(l.t, status, got, "%s %s: %s", method, path, content)
	var value object
	if len(content) > 0 {
		require.NoError(l.t, json.Unmarshal(content, &value), string(content))
	}
	return value
}

func (l *learner) generate(topic string) (task, course string) {
	l.t.Helper()
	made := l.call(http.MethodPost, "/v1/courses/generate", object{"topic": topic}, http.StatusAccepted)
	return made["task_id"].(string), made["provisional_course_id"].(string)
}

func (l *learner) task(id string) object {
	l.t.Helper()
	return l.call(http.MethodGet, "/v1/tasks/"+id, nil, http.StatusOK)
}

func (l *learner) course(id string) object {
	l.t.Helper()
	return l.call(http.MethodGet, "/v1/courses/"+id, nil, http.StatusOK)
}

// await polls, as an app without sockets would, until the task has ended.
func (l *learner) await(id string) object {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	task := l.task(id)
	for task["completed_at"] == nil {
		require.NoError(l.t, ctx.Err(), "task still %v", task)
		since, _ := json.Marshal(task["seq"])
		task = l.call(http.MethodGet, "/v1/tasks/"+id+"?wait=5s&since="+string(since), nil, http.StatusOK)
	}
	return task
}

// awaitLessons polls until all but so many lessons of a course are written.
func (l *learner) awaitLessons(task, course string, missing int) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	for seq := float64(0); ; {
		lessons, _ := l.course(course)["lessons"].([]any)
		written := 0
		for _, lesson := range lessons {
			if lesson.(object)["content"] != "" {
				written++
			}
		}
		if len(lessons) > 0 && written == len(lessons)-missing {
			return
		}
		require.NoError(l.t, ctx.Err())
		seq = l.call(http.MethodGet, fmt.Sprintf("/v1/tasks/%s?wait=2s&since=%.0f", task, seq), nil, http.StatusOK)["seq"].(float64)
	}
}

// dial opens a socket with the learner's token.
func (l *learner) dial(task, query string) *websocket.Conn {
	l.t.Helper()
	address := "ws" + strings.TrimPrefix(l.base, "http") + "/v1/tasks/ws/" + task + "?token=" + l.token + query
	conn, _, err := websocket.Dial(l.t.Context(), address, &websocket.DialOptions{HTTPClient: l.http()})
	require.NoError(l.t, err)
	l.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// read returns the next message.
func (l *learner) read(conn *websocket.Conn) (message object) {
	l.t.Helper()
	require.NoError(l.t, wsjson.Read(l.t.Context(), conn, &message))
	return message
}

// listen reads events until the socket closes.
func (l *learner) listen(conn *websocket.Conn) (events []object, code websocket.StatusCode) {
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	for {
		var message object
		if err := wsjson.Read(ctx, conn, &message); err != nil {
			return events, websocket.CloseStatus(err)
		}
		if _, typed := message["type"]; !typed || message["error"] != nil {
			events = append(events, message)
		}
	}
}

// requireEvents checks that events are seq from, from+1, ... to the end.
func requireEvents(t *testing.T, events []object, from int) {
	t.Helper()
	require.NotEmpty(t, events)
	percent := -1.0
	for i, e := range events {
		require.EqualValues(t, from+i, e["seq"])
		require.GreaterOrEqual(t, e["progress"], percent)
		percent = e["progress"].(float64)
		require.NotEmpty(t, e["timestamp"])
	}
	require.NotNil(t, events[len(events)-1]["completed_at"])
}
