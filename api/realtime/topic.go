package realtime

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models"
)

// topic is the story of one task: log[i] has seq i+1, and only its last event's
// state has ended. Its watcher alone appends.
type topic struct {
	task   uuid.UUID
	asked  chan struct{} // closed once the first look at everything is over
	nudged chan struct{} // holds one wake-up

	mu    sync.Mutex
	log   []models.TaskEvent
	grown chan struct{} // closed and replaced when log grows

	// Guarded by the hub's lock.
	readers int
	idle    time.Time // when the last reader left
}

func newTopic(task uuid.UUID) *topic {
	return &topic{
		task: task, asked: make(chan struct{}), nudged: make(chan struct{}, 1), grown: make(chan struct{}),
	}
}

// wake never waits: one pending wake-up is as good as many.
func (t *topic) wake() {
	select {
	case t.nudged <- struct{}{}:
	default:
	}
}

// append takes the events that come next, passes over known ones and stops at a
// gap, which it reports. A story that has ended takes no more.
func (t *topic) append(events []models.TaskEvent) (gap bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := len(t.log)
	for _, e := range events {
		next := int64(len(t.log)) + 1
		if e.Seq < next {
			continue
		}
		if t.over() {
			break
		}
		if e.Seq > next {
			gap = true
			break
		}
		e.TaskID = t.task
		t.log = append(t.log, e)
	}
	if len(t.log) > before {
		close(t.grown)
		t.grown = make(chan struct{})
	}
	return gap
}

// over is called with the lock held.
func (t *topic) over() bool { return len(t.log) > 0 && t.log[len(t.log)-1].State.Ended() }

func (t *topic) ended() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over()
}

func (t *topic) last() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int64(len(t.log))
}

// after is a copy of at most limit events after since.
func (t *topic) after(since int64, limit int) []models.TaskEvent {
	t.mu.Lock()
	defer t.mu.Unlock()
	if since >= int64(len(t.log)) {
		return nil
	}
	rest := t.log[max(since, 0):]
	return append([]models.TaskEvent(nil), rest[:min(limit, len(rest))]...)
}

// glance is the topic at one moment, from a reader at place since. News has
// Seq 0 when there is none, and so has Latest.
type glance struct {
	News   models.TaskEvent // the event after since
	Latest models.TaskEvent
	Ended  bool // Latest is the last there will be
	Grown  <-chan struct{}
}

func (t *topic) glance(since int64) glance {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := glance{Ended: t.over(), Grown: t.grown}
	n := int64(len(t.log))
	if n > 0 {
		g.Latest = t.log[n-1]
	}
	if since < n {
		g.News = t.log[since]
	}
	return g
}
