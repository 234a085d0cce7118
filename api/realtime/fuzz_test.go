package realtime

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/tasks"
)

// FuzzSocketMessage checks that any client message parses to a known request or none.
func FuzzSocketMessage(f *testing.F) {
	for _, seed := range []string{
		`{"type":"ping"}`, `{"type":"status_request"}`, `{"type":"PING"}`, `{"type":7}`, `[]`, ``, `{`, "\xff", `{"type":"ping","type":"x"}`, `{"Type":"ping"}`, `"ping"`, `null`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		require.Contains(t, []string{"", RequestPing, RequestStatus}, parseRequest(data))
	})
}

// FuzzSharedEvents checks that reading any content of Redis fails or returns events.
func FuzzSharedEvents(f *testing.F) {
	f.Add(int64(1), int64(3000), int64(2), `{"seq":2,"state":"RUNNING"}`)
	f.Add(int64(0), int64(-2), int64(-1), `{"seq":"x"}`)
	f.Add(int64(7), int64(0), int64(0), "")
	f.Fuzz(func(t *testing.T, mine, left, last int64, text string) {
		left %= 1 << 40 // milliseconds of a lease
		got, err := parseShared([]any{mine, left, last, []any{text}})
		if err != nil {
			require.Empty(t, got.events)
			return
		}
		require.Len(t, got.events, 1)
		require.GreaterOrEqual(t, got.ttl, time.Duration(0))
		require.Equal(t, mine == 1, got.holder)
	})
}

// quietSource is the source of a task with one event.
type quietSource struct{}

func (quietSource) Query(context.Context, uuid.UUID, int64) ([]tasks.TaskEvent, error) {
	return nil, errFake
}

func (quietSource) Rows(context.Context, uuid.UUID, int64) ([]tasks.TaskEvent, error) {
	return []tasks.TaskEvent{event(1, tasks.TaskRunning)}, nil
}

func (quietSource) Database(context.Context) string { return "" }

// FuzzSocketFrames checks that a socket is served to its end whatever bytes it
// receives, and that nothing leaks.
func FuzzSocketFrames(f *testing.F) {
	hub := NewHub(Options{Source: quietSource{}, CloseWait: 20 * time.Millisecond, WriteTimeout: time.Second, SocketsPerUser: 1000})
	served := make(chan struct{}, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		hub.Serve(r.Context(), conn, Session{Task: uuid.UUID{1}, User: uuid.UUID{2}, Render: func(e tasks.TaskEvent) (any, string) { return e.Seq, "" }})
		served <- struct{}{}
	}))
	f.Cleanup(func() {
		require.NoError(f, closeNow(hub, time.Minute))
		s.Close()
	})
	masked := "\x81\x80\x00\x00\x00\x00" // an empty text message
	for _, frames := range []string{
		"", masked, "\x81\x8f\x00\x00\x00\x00" + `{"type":"ping"}`, "\x89\x80\x00\x00\x00\x00", "\x88\x82\x00\x00\x00\x00\x03\xe8", "\x81\x05hello", "\xf1\x80\x00\x00\x00\x00",
		"\x81\xfe\xff\xff\x00\x00\x00\x00" + strings.Repeat("x", 5000), "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", "\x01\x80\x00\x00\x00\x00" + masked, "\x80\x80\x00\x00\x00\x00", "\xff",
	} {
		f.Add([]byte(frames))
	}
	f.Fuzz(func(t *testing.T, frames []byte) {
		conn := shakeHands(t, s.Listener.Addr().String())
		_, _ = conn.Write(frames) // the server may have closed
		require.NoError(t, conn.(*net.TCPConn).CloseWrite())
		_, _ = io.Copy(io.Discard, conn)
		require.NoError(t, conn.Close())
		waitFor(t, served)
		require.Eventually(t, func() bool { return hub.Connections() == 0 }, 10*time.Second, time.Millisecond)
	})
}

// shakeHands opens a socket without a client library, so that any bytes can be sent through it.
func shakeHands(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: lyo\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, answer.StatusCode)
	return conn
}
