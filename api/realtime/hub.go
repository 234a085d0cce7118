package realtime

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Hub keeps the topics and sockets of one process. It is safe for concurrent
// use. It starts a goroutine for each watched task and, with Redis, one that
// listens; Close ends them all.
type Hub struct {
	o          Options
	share      *share
	subscriber *subscriber
	queries    atomic.Int64
	querying   atomic.Int64 // topics whose workflow is queried by this process

	running  context.Context // ends when the hub is cut off
	cut      context.CancelFunc
	draining chan struct{} // closed when Close begins
	workers  sync.WaitGroup
	serving  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	topics map[uuid.UUID]*topic
	users  map[uuid.UUID]int // open sockets
	open   int
	signIn map[uuid.UUID]map[*socket]bool // the sockets of each sign-in
	ended  []func(signIn uuid.UUID)
}

// NewHub returns a hub. It does nothing until a task is watched or OnSignInEnded is called.
func NewHub(o Options) *Hub {
	o = o.withDefaults()
	running, cut := context.WithCancel(context.Background())
	h := &Hub{
		o: o, running: running, cut: cut,
		draining: make(chan struct{}),
		topics:   map[uuid.UUID]*topic{},
		users:    map[uuid.UUID]int{},
		signIn:   map[uuid.UUID]map[*socket]bool{},
	}
	h.share = newShare(o)
	if o.Redis != nil {
		h.subscriber = newSubscriber(o.Redis, callbacks{events: h.notify, signInEnded: h.signInEnded, subscribed: h.recheck})
	}
	return h
}

// Close ends the hub: waiting polls return, every socket is closed with 1012 and
// RestartHint, leases are released. Sockets still open when ctx ends are cut off and
// its error returned, at most a second later. After Close the hub reports nothing
// new. Closing twice is harmless.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.draining)
	}
	h.mu.Unlock()
	err := await(ctx, &h.serving)
	h.cut()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = await(grace, &h.serving), await(grace, &h.workers)
	return err
}

// await waits for the group or the end of ctx. In the latter case its goroutine ends
// with the group.
func await(ctx context.Context, group *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Connections returns the number of open sockets.
func (h *Hub) Connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}

// ActiveTasks returns the number of tasks with a topic: watched now or within Linger.
func (h *Hub) ActiveTasks() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.topics)
}

// Queries returns how often this hub has queried a workflow.
func (h *Hub) Queries() int64 { return h.queries.Load() }

// join returns the task's topic with one more reader, starting it if needed. A closed
// hub returns one that stays empty.
func (h *Hub) join(task uuid.UUID) *topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[task]
	if t == nil {
		t = newTopic(task)
		if h.closed {
			return t
		}
		h.start(t)
	}
	t.readers++
	return t
}

// start creates the watcher of a topic. The mutex is locked and the hub not closed.
func (h *Hub) start(t *topic) {
	h.topics[t.task] = t
	if h.subscriber != nil {
		h.subscriber.want(t.task, true)
	}
	h.listen()
	w := &watcher{hub: h, topic: t}
	h.workers.Go(func() { w.run(h.running) })
}

// listen makes the hub hear what other processes say over Redis. The mutex is locked and the hub not closed.
func (h *Hub) listen() {
	if h.subscriber != nil {
		h.subscriber.once.Do(func() { h.workers.Go(func() { h.subscriber.listen(h.running) }) })
	}
}

func (h *Hub) leave(t *topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.readers--
	t.idle = h.o.Clock()
}

// retire removes the topic if it has had no reader for a while, and reports whether it did.
func (h *Hub) retire(t *topic) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.readers > 0 || h.o.Clock().Sub(t.idle) < h.o.Linger {
		return false
	}
	delete(h.topics, t.task)
	if h.subscriber != nil {
		h.subscriber.want(t.task, false)
	}
	return true
}

// notify makes a topic read the shared events now.
func (h *Hub) notify(task uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.topics[task]; t != nil {
		t.wake()
	}
}
