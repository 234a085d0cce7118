package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/pprof"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/models/tasks"
)

// news is an event as it is sent, about as long as Lyo's own.
type news struct {
	At       int64  `json:"at"` // when the hub received it, in nanoseconds
	Seq      int64  `json:"seq"`
	TaskID   string `json:"task_id"`
	TaskType string `json:"task_type"`
	State    string `json:"state"`
	Status   string `json:"status"`
	Progress int    `json:"progress"`
	Percent  int    `json:"progress_pct"`
	Step     string `json:"step"`
	Message  string `json:"message"`
	Workflow string `json:"workflow_id"`
	Created  string `json:"created_at"`
}

func newsOf(seq, at int64) news {
	return news{
		At: at, Seq: seq, TaskID: uuid.Nil.String(), TaskType: "course_generation", State: "RUNNING", Status: "running", Progress: 41, Percent: 41,
		Step: "lessons", Message: "Writing lesson 3 of 6: How tides work where you live", Workflow: "generate-course/" + uuid.Nil.String(),
		Created: "2026-11-01T12:00:00.000000Z",
	}
}

// hubRoutes returns the routes of both hubs: sockets, the number of open ones, and
// publishing so many events at once.
func hubRoutes(socket http.HandlerFunc, publish func(n int), seated func() int) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /seated", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, seated()) })
	mux.HandleFunc("GET "+livePath, answerLive)
	mux.HandleFunc("GET /ws", socket)
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.URL.Query().Get("n"))
		if err != nil || n < 1 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		publish(n)
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// plainHub is a minimal hub: each event is encoded once and written to every socket by
// a goroutine of its own.
type plainHub struct {
	mu    sync.Mutex
	seq   int64
	conns map[*websocket.Conn]chan []byte
}

func bareHub(context.Context, bareFlags) (http.Handler, error) {
	h := &plainHub{conns: map[*websocket.Conn]chan []byte{}}
	return hubRoutes(h.socket, h.publish, h.seated), nil
}

func (h *plainHub) socket(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	queue := make(chan []byte, 1024)
	h.mu.Lock()
	h.conns[conn] = queue
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.conns, conn)
	}()
	ctx := conn.CloseRead(context.WithoutCancel(r.Context()))
	for {
		select {
		case text := <-queue:
			if conn.Write(ctx, websocket.MessageText, text) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (h *plainHub) seated() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns)
}

func (h *plainHub) publish(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for range n {
		h.seq++
		text := encode(newsOf(h.seq, time.Now().UnixNano()))
		for _, queue := range h.conns {
			queue <- text
		}
	}
}

// scriptedSource is a source whose events are published on request. It records when each
// event was first queried, which is when the hub received it.
type scriptedSource struct {
	mu     sync.Mutex
	events []tasks.TaskEvent
}

// hubPoll is the polling interval of Lyo's hub here. The time until then is not the hub's work.
const hubPoll = 50 * time.Millisecond

// lyoHub serves the hub of the API without anything else, and with its profiles.
func lyoHub(ctx context.Context, _ bareFlags) (http.Handler, error) {
	source := &scriptedSource{}
	source.publish(1)
	hub := realtime.NewHub(realtime.Options{Source: source, Poll: hubPoll, LookAtRows: time.Hour, SocketsPerUser: 1 << 20, QueriesPerSecond: 1000, MaxBehind: 1 << 20})
	context.AfterFunc(ctx, func() {
		closing, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = hub.Close(closing)
	})
	mux := hubRoutes(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		hub.Serve(r.Context(), conn, realtime.Session{
			Task: uuid.UUID{1}, User: uuid.UUID{2}, SignIn: uuid.UUID{3}, Since: realtime.FromLatest,
			Render: func(e tasks.TaskEvent) (any, string) { return newsOf(e.Seq, e.At.UnixNano()), "all" },
		})
	}, source.publish, hub.Connections)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	return mux, nil
}

func (s *scriptedSource) publish(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.events = append(s.events, tasks.TaskEvent{Seq: int64(len(s.events)) + 1, State: tasks.TaskRunning})
	}
}

// Query returns the events after since.
func (s *scriptedSource) Query(_ context.Context, _ uuid.UUID, since int64) ([]tasks.TaskEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var rest []tasks.TaskEvent
	for i := since; i < int64(len(s.events)); i++ {
		if s.events[i].At.IsZero() {
			s.events[i].At = now
		}
		rest = append(rest, s.events[i])
	}
	return rest, nil
}

// Rows returns the same.
func (s *scriptedSource) Rows(ctx context.Context, task uuid.UUID, since int64) ([]tasks.TaskEvent, error) {
	return s.Query(ctx, task, since)
}

// Database is the only one.
func (s *scriptedSource) Database(context.Context) string { return "" }
