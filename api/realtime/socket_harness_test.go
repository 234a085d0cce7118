package realtime

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/tasks"
)

// server serves a hub's sockets: /since?user=&sign_in=, or /refuse/kind.
type server struct {
	*httptest.Server
	hub  *Hub
	task uuid.UUID
	gate *gate
	left chan struct{}                         // one for each socket that was served
	hook atomic.Pointer[func(tasks.TaskEvent)] // before an event is rendered
	over sync.Map                              // sign-ins for which Good returns false
}

func newServer(t *testing.T, hub *Hub, task uuid.UUID) *server {
	s := &server{hub: hub, task: task, gate: &gate{blocked: make(chan struct{}, 16)}, left: make(chan struct{}, 64)}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Listener = gatedListener{s.Listener, s.gate}
	s.Start()
	t.Cleanup(func() {
		s.gate.open()
		closeHub(t, hub)
		s.Close()
	})
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { s.left <- struct{}{} }()
	if kind, ok := strings.CutPrefix(r.URL.Path, "/refuse/"); ok {
		s.hub.Refuse(r.Context(), conn, Refusal(kind), "no")
		return
	}
	since, _ := strconv.ParseInt(r.URL.Path[1:], 10, 64)
	user, _ := uuid.Parse(r.URL.Query().Get("user"))
	signIn, _ := uuid.Parse(r.URL.Query().Get("sign_in"))
	s.hub.Serve(r.Context(), conn, Session{
		Task: s.task, User: user, Since: since, SignIn: signIn,
		Good: func(context.Context) bool {
			_, over := s.over.Load(signIn)
			return !over
		},
		Render: func(e tasks.TaskEvent) (any, string) {
			if hook := s.hook.Load(); hook != nil {
				(*hook)(e)
			}
			return map[string]any{"seq": e.Seq, "state": e.State}, "same"
		},
	})
}

// message is any message of the server.
type message struct {
	Seq       int64           `json:"seq"`
	State     tasks.TaskState `json:"state"`
	Type      string          `json:"type"`
	Error     string          `json:"error"`
	Timestamp time.Time       `json:"timestamp"`
}

type client struct {
	t    *testing.T
	conn *websocket.Conn
}

func (s *server) dial(t *testing.T, path string) *client {
	conn, response, err := websocket.Dial(soon(t), s.URL+path, nil)
	require.NoError(t, err)
	if response.Body != nil {
		require.NoError(t, response.Body.Close())
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t, conn}
}

func (c *client) send(text string) {
	require.NoError(c.t, c.conn.Write(soon(c.t), websocket.MessageText, []byte(text)))
}

func (c *client) read() message {
	_, text, err := c.conn.Read(soon(c.t))
	require.NoError(c.t, err)
	var m message
	require.NoError(c.t, json.Unmarshal(text, &m))
	return m
}

// rest reads to the end and returns the seqs that came and how the server closed.
func (c *client) rest() (seqs []int64, closing websocket.CloseError) {
	for {
		_, text, err := c.conn.Read(soon(c.t))
		if err != nil {
			require.ErrorAs(c.t, err, &closing)
			return seqs, closing
		}
		var m message
		require.NoError(c.t, json.Unmarshal(text, &m))
		if m.Seq > 0 {
			seqs = append(seqs, m.Seq)
		}
	}
}

// gate blocks what the server writes, as a client does that does not read. It affects
// the connections accepted while it is armed.
type gate struct {
	armed   atomic.Bool
	mu      sync.Mutex
	shut    chan struct{} // nil: open
	blocked chan struct{} // one for each blocked write
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

func (g *gate) pass(closed <-chan struct{}) {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut == nil {
		return
	}
	g.blocked <- struct{}{}
	select {
	case <-shut:
	case <-closed:
	}
}

type gatedListener struct {
	net.Listener
	gate *gate
}

func (l gatedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil || !l.gate.armed.Load() {
		return conn, err
	}
	return &gatedConn{Conn: conn, gate: l.gate, closed: make(chan struct{})}, nil
}

type gatedConn struct {
	net.Conn
	gate   *gate
	once   sync.Once
	closed chan struct{}
}

func (c *gatedConn) Write(p []byte) (int, error) {
	c.gate.pass(c.closed)
	return c.Conn.Write(p)
}

func (c *gatedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// testClock is a clock that can be moved on.
type testClock struct{ ahead atomic.Int64 }

func (c *testClock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *testClock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

func waitFor(t *testing.T, c <-chan struct{}) {
	select {
	case <-c:
	case <-soon(t).Done():
		require.Fail(t, "it did not happen")
	}
}

func closeNow(h *Hub, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return h.Close(ctx)
}
