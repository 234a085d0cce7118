package realtime

import (
	"context"
	"encoding/json"
	"time"

	"github.com/coder/websocket"
)

// Close codes of the sockets besides the standard ones.
const (
	CloseInvalid      websocket.StatusCode = 4400
	CloseUnauthorized websocket.StatusCode = 4401
	CloseForbidden    websocket.StatusCode = 4403
	CloseNotFound     websocket.StatusCode = 4404
	CloseSlow         websocket.StatusCode = 4408
)

// RestartHint is the reason of a close with 1012.
const RestartHint = "restarting: reconnect after a random 1 to 5 seconds"

// Refusal is why a socket gets no data. Clients read it in the member type.
type Refusal string

// The refusals, with their close codes.
const (
	ValidationError   Refusal = "validation_error"    // 4400
	AuthError         Refusal = "auth_error"          // 4401
	AccessDeniedError Refusal = "access_denied_error" // 4403
	NotFoundError     Refusal = "not_found_error"     // 4404
	ServerError       Refusal = "server_error"        // 1011
)

func (r Refusal) code() websocket.StatusCode {
	switch r {
	case ValidationError:
		return CloseInvalid
	case AuthError:
		return CloseUnauthorized
	case AccessDeniedError:
		return CloseForbidden
	case NotFoundError:
		return CloseNotFound
	default:
		return websocket.StatusInternalError
	}
}

// SocketError is the message to a client without the right to listen. The tags set name the sets of
// values that the API's document gives.
type SocketError struct {
	Error string  `json:"error"`
	Type  Refusal `json:"type" set:"socket_refusal"`
}

// SocketSignal is a message that is no event.
type SocketSignal struct {
	Type      string    `json:"type" set:"socket_signal"`
	Timestamp time.Time `json:"timestamp"`
}

// SocketRequest is a message of a client.
type SocketRequest struct {
	Type string `json:"type" set:"socket_request"`
}

// The types of signals, and of requests.
const (
	SignalHeartbeat = "heartbeat"
	SignalPong      = "pong"
	RequestPing     = "ping"
	RequestStatus   = "status_request"
)

// parseRequest returns the request in a client's message, or "" for an unknown one.
func parseRequest(data []byte) string {
	var m SocketRequest
	if json.Unmarshal(data, &m) != nil || (m.Type != RequestPing && m.Type != RequestStatus) {
		return ""
	}
	return m.Type
}

// Refuse sends the client the reason why it gets no data and closes the socket with
// the code of the kind. It returns when the socket is closed: within twice the
// WriteTimeout even if the client does not read, plus CloseWait.
func (h *Hub) Refuse(ctx context.Context, conn *websocket.Conn, kind Refusal, text string) {
	k, release, ok := h.accept(ctx, conn)
	defer release()
	if !ok {
		k.finish(restarting())
		return
	}
	k.finish(k.refuse(kind, text))
}

func restarting() error {
	return websocket.CloseError{Code: websocket.StatusServiceRestart, Reason: RestartHint}
}
