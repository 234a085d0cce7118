package realtime

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/tasks"
)

// BenchmarkIdleSocket measures the memory of an idle socket, including the bare TCP
// connection at the client's end.
func BenchmarkIdleSocket(b *testing.B) {
	f := newFake()
	f.report(1, false)
	o := quick(source{f, "a"})
	o.Poll, o.SocketsPerUser = time.Minute, 1<<20
	hub := NewHub(o)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := websocket.Accept(w, r, nil); err == nil {
			hub.Serve(r.Context(), conn, Session{Task: f.task, User: uuid.Nil, Since: FromLatest, Render: func(e tasks.TaskEvent) (any, string) { return e, "" }})
		}
	}))
	defer server.Close()
	conns := make([]net.Conn, 0, b.N)
	before := memory()
	for b.Loop() {
		conns = append(conns, handshake(b, server.Listener.Addr().String()))
	}
	b.ReportMetric(float64(memory()-before)/float64(len(conns)), "B/socket")
	for _, c := range conns {
		require.NoError(b, c.Close())
	}
	require.NoError(b, hub.Close(context.Background()))
}

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// handshake opens a socket and waits for its first event.
func handshake(b *testing.B, address string) net.Conn {
	conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", address)
	require.NoError(b, err)
	_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", address)
	require.NoError(b, err)
	r := bufio.NewReaderSize(conn, 16)
	for seen := ""; seen != "\r\n"; {
		seen, err = r.ReadString('\n')
		require.NoError(b, err)
	}
	_, err = r.ReadByte()
	require.NoError(b, err)
	return conn
}
