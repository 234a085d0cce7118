package api

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/realtime"
)

// documentedSocket reads a socket, and checks each message against the document.
type documentedSocket struct {
	*testing.T
	conn *websocket.Conn
	doc  *openapi3.T
}

// read requires that the next message is what the document calls by that name, and nothing else that it lets a server send. It
// returns the message.
func (s documentedSocket) read(component string) map[string]any {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 20*time.Second)
	defer cancel()
	kind, text, err := s.conn.Read(ctx)
	require.NoError(s, err)
	require.Equal(s, websocket.MessageText, kind)
	var message map[string]any
	require.NoError(s, json.Unmarshal(text, &message))
	one := s.doc.Paths.Value("/v1/tasks/ws/{task_id}").Get.Responses.Value("101").Value.Content["application/json"].Schema.Value
	require.NoError(s, one.VisitJSON(message), "%s", text)
	schema := s.doc.Components.Schemas[component].Value
	require.NoError(s, schema.VisitJSON(message), "%s", text)
	described := described(schema)
	for member := range message {
		if name, again := repeated[member]; again {
			require.Equal(s, message[name], message[member])
			continue
		}
		require.True(s, described[member], "%s is not described: %s", member, text)
	}
	return message
}

// described returns the members that a schema names.
func described(schema *openapi3.Schema) map[string]bool {
	names := map[string]bool{}
	for name := range schema.Properties {
		names[name] = true
	}
	for _, part := range schema.AllOf {
		for name := range described(part.Value) {
			names[name] = true
		}
	}
	return names
}

func (s documentedSocket) ask(kind string) {
	s.Helper()
	request := map[string]any{"type": kind}
	require.NoError(s, s.doc.Components.Schemas["SocketRequest"].Value.VisitJSON(request))
	text, err := json.Marshal(request)
	require.NoError(s, err)
	require.NoError(s, s.conn.Write(s.Context(), websocket.MessageText, text))
}

// TestSocketMessagesAreWhatTheDocumentSays reads every kind of message from real sockets.
func TestSocketMessagesAreWhatTheDocumentSays(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	doc, ada, bob := w.document(), w.signUp("ada@example.com"), w.signUp("bob@example.com")
	task, course := w.ask(ada, "Tides")
	s := documentedSocket{t, w.dial(ada, task), doc}
	require.EqualValues(t, 1, s.read("TaskEvent")["seq"])
	s.ask(realtime.RequestPing)
	require.Equal(t, realtime.SignalPong, s.read("SocketSignal")["type"])
	s.ask(realtime.RequestStatus)
	require.EqualValues(t, 1, s.read("TaskEvent")["seq"])
	w.finish(task, course)
	require.Equal(t, course.String(), s.read("TaskEvent")["result_id"])

	stranger := documentedSocket{t, w.dial(bob, task), doc}
	require.Equal(t, string(realtime.NotFoundError), stranger.read("SocketError")["type"])

	idle := realtime.NewHub(realtime.Options{Source: rowsOnly{w.server.DB}, Heartbeat: time.Second}) // after the first event, on a busy machine too
	t.Cleanup(func() { require.NoError(t, idle.Close(context.Background())) })
	deps := w.server.Deps
	deps.Hub = idle
	other := serve(t, deps, w.clock, w.logs)
	open, _ := w.ask(ada, "Moons")
	s = documentedSocket{t, other.dial(ada, open), doc}
	s.read("TaskEvent")
	require.Equal(t, realtime.SignalHeartbeat, s.read("SocketSignal")["type"])
}
