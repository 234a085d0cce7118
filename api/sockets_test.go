package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
)

func (w *testEnv) dial(p person, task uuid.UUID) *websocket.Conn {
	w.t.Helper()
	address := "ws" + strings.TrimPrefix(w.url, "http") + "/v1/ws/tasks/" + task.String() + "?since=0&token=" + p.access
	conn, _, err := websocket.Dial(context.Background(), address, nil)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

func TestASocketEndsWithItsSession(t *testing.T) {
	t.Parallel()
	ctx, w := context.Background(), newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	task, _ := w.ask(ada, "Tides")
	conn := w.dial(ada, task)
	var event map[string]any
	require.NoError(t, wsjson.Read(ctx, conn, &event))
	require.EqualValues(t, 1, event["seq"])
	require.Equal(t, http.StatusNoContent, w.do("POST", "/v1/auth/logout", "", ada.header()...).status)
	event = nil // at once, without a new event of the task
	require.NoError(t, wsjson.Read(ctx, conn, &event))
	require.Equal(t, "auth_error", event["type"])
	require.NotContains(t, event, "seq")
	require.Equal(t, websocket.StatusCode(4401), websocket.CloseStatus(wsjson.Read(ctx, conn, &event)))
	require.Contains(t, w.logs.String(), `"user_id":"`+ada.id)
}

func TestAMalformedKeyIsNoHandshake(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	task, _ := w.ask(w.signUp("ada@example.com"), "Tides")
	w.problem(w.do("GET", "/v1/tasks/ws/"+task.String(), "", "Connection", "Upgrade", "Upgrade", "websocket",
		"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "abc"), rest.SlugMalformed)
}

// refusedSocket opens a socket that is refused and returns the error's type and the close code.
func (w *testEnv) refusedSocket(p person, task uuid.UUID) (kind any, code websocket.StatusCode) {
	w.t.Helper()
	ctx, conn := context.Background(), w.dial(p, task)
	var event map[string]any
	require.NoError(w.t, wsjson.Read(ctx, conn, &event))
	require.NotContains(w.t, event, "seq")
	return event["type"], websocket.CloseStatus(wsjson.Read(ctx, conn, &event))
}
