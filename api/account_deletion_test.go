package api

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestDeletingOnesAccount(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	w.server.Config.Account.DeletionGrace = time.Hour
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	phone := w.logIn("ada@example.com", "correct horse", "Phone")
	task, course := w.ask(ada, "Tides")
	sockets := []*websocket.Conn{w.dial(ada, task), w.dial(phone, task)}
	for _, conn := range sockets {
		var event map[string]any
		require.NoError(t, wsjson.Read(t.Context(), conn, &event))
		require.EqualValues(t, 1, event["seq"])
	}
	w.problem(w.do("DELETE", "/v1/users/me", "", append(ada.header(), "If-Match", `"older"`)...), rest.SlugCondition)
	tag := w.do("GET", "/v1/users/me", "", ada.header()...).header.Get("ETag")
	a := w.do("DELETE", "/v1/users/me", "", append(ada.header(), "If-Match", tag)...)
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	v := a.json(t)
	require.Equal(t, ada.id, v["user_id"])
	require.NotEmpty(t, v["message"])
	require.Contains(t, v["note"], w.clock.now().Add(time.Hour).Format("15:04"))
	for _, conn := range sockets {
		for {
			var event map[string]any
			err := wsjson.Read(context.Background(), conn, &event)
			if err != nil {
				require.EqualValues(t, 4401, websocket.CloseStatus(err))
				break
			}
		}
	}
	for _, p := range []person{ada, phone} {
		w.problem(w.do("GET", "/v1/users/me", "", p.header()...), rest.SlugAuth)
		w.problem(w.refresh(p.refresh), rest.SlugAuth)
	}
	denied := w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"correct horse"}`), rest.SlugDenied)
	require.Contains(t, denied["detail"], "being deleted")
	w.problem(w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"wrong horse"}`), rest.SlugAuth)
	w.problem(w.do("GET", "/v1/courses/"+course.String(), "", eve.header()...), rest.SlugNotFound)
	row, err := tasks.FindTask(t.Context(), w.server.DB, uuid.MustParse(ada.id), task)
	require.NoError(t, err)
	require.True(t, row.Fault.Cancelled())
	var messages []string
	require.NoError(t, w.server.DB.Raw("SELECT action || ' ' || split_part(workflow_id, '/', 1) FROM outbox WHERE workflow NOT IN ('SendMail') ORDER BY 1").Scan(&messages).Error)
	require.Equal(t, []string{"cancel generate-course", "start delete-account"}, messages)
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", eve.header()...).status)
}
