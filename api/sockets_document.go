package api

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/realtime"
)

// socketOperation documents the socket, which Huma cannot.
func (s *Server) socketOperation() huma.Operation {
	text, id, number := &huma.Schema{Type: huma.TypeString}, &huma.Schema{Type: huma.TypeString, Format: "uuid"}, &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: new(float64)}
	parameter := func(name, in, doc string, schema *huma.Schema) *huma.Param {
		return &huma.Param{Name: name, In: in, Description: doc, Required: in == "path", Schema: schema}
	}
	server, client := s.socketMessages()
	return huma.Operation{
		OperationID: "watch-task", Method: http.MethodGet, Path: "/v1/tasks/ws/{task_id}", Tags: []string{tagTasks},
		Summary: "Watch a task over a WebSocket",
		Description: "Text messages of JSON. The server sends the task with a timestamp (TaskEvent): the present state first, or with since every event after that " +
			"one, then each change in order of seq, the last one always, then close 1000. It also sends heartbeats and pongs (SocketSignal), and a SocketError " +
			"before closing with 4400, 4401, 4403, 4404 or 1011. A slow reader is disconnected with 4408; a restart closes with 1012: reconnect after a random " +
			"delay. The client may send a SocketRequest.",
		Parameters: []*huma.Param{
			parameter("task_id", "path", "The task.", id),
			parameter("token", "query", "An access token, if the client cannot set headers.", text),
			parameter("ticket", "query", "A ticket, instead of an access token.", text),
			parameter("since", "query", "The last seq the client has; 0 for all events.", number),
		},
		Security: []map[string][]string{{"bearer": {}}, {}},
		Errors:   []int{http.StatusBadRequest, http.StatusForbidden, http.StatusTooManyRequests},
		Responses: map[string]*huma.Response{"101": {
			Description: "The socket is open. The schema is that of the server's messages.",
			Content:     map[string]*huma.MediaType{"application/json": {Schema: server}},
		}},
		Extensions: map[string]any{"x-client-message": client},
	}
}

// socketMessages adds the messages of sockets to the document's components, and returns the schemas of
// those of each side.
func (s *Server) socketMessages() (server, client *huma.Schema) {
	schemas := s.OpenAPI().Components.Schemas
	component := func(t reflect.Type) *huma.Schema { return schemas.Schema(t, true, t.Name()) }
	when := &huma.Schema{Type: huma.TypeObject, Required: []string{"timestamp"}, Properties: map[string]*huma.Schema{"timestamp": {Type: huma.TypeString, Format: "date-time"}}}
	schemas.Map()["TaskEvent"] = &huma.Schema{Description: "The task as of an event.", AllOf: []*huma.Schema{component(reflect.TypeFor[taskView]()), when}}
	return &huma.Schema{OneOf: []*huma.Schema{
		{Ref: "#/components/schemas/TaskEvent"}, component(reflect.TypeFor[realtime.SocketSignal]()), component(reflect.TypeFor[realtime.SocketError]()),
	}}, component(reflect.TypeFor[realtime.SocketRequest]())
}
