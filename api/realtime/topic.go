package realtime

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/tasks"
)

// topic has the events of one task. Only its watcher appends; any number of readers
// read without waiting for each other or for it.
type topic struct {
	task    uuid.UUID
	ready   chan struct{} // closed after the watcher's first turn
	wakeups chan struct{} // buffers one wake-up
	now     atomic.Pointer[version]
	texts   sync.Map // textKey to []byte: events as messages

	// Guarded by the hub's lock.
	readers int
	idle    time.Time // when the last reader left
}

// version is an immutable version of a topic: log[i] has seq i+1, and only the last event's
// state has ended. The next version's log shares the memory.
type version struct {
	log     []tasks.TaskEvent
	changed chan struct{} // closed when there is a next version
}

func newTopic(task uuid.UUID) *topic {
	t := &topic{task: task, ready: make(chan struct{}), wakeups: make(chan struct{}, 1)}
	t.now.Store(&version{changed: make(chan struct{})})
	return t
}

// wake never waits: one pending wake-up is as good as many.
func (t *topic) wake() {
	select {
	case t.wakeups <- struct{}{}:
	default:
	}
}

// append adds the events that come next, skips known ones and stops at a gap, which
// it reports. After the terminal event it adds none.
func (t *topic) append(events []tasks.TaskEvent) (gap bool) {
	before := t.now.Load()
	next := version{log: before.log}
	for _, e := range events {
		seq := int64(len(next.log)) + 1
		if e.Seq < seq {
			continue
		}
		if next.over() {
			break
		}
		if e.Seq > seq {
			gap = true
			break
		}
		e.TaskID = t.task
		next.log = append(next.log, e)
	}
	if len(next.log) > len(before.log) {
		next.changed = make(chan struct{})
		t.now.Store(&next)
		close(before.changed)
	}
	return gap
}

func (s *version) over() bool { return len(s.log) > 0 && s.log[len(s.log)-1].State.Ended() }

func (t *topic) ended() bool { return t.now.Load().over() }

func (t *topic) last() int64 { return int64(len(t.now.Load().log)) }

// after returns at most limit events after since, which must not be changed.
func (t *topic) after(since int64, limit int) []tasks.TaskEvent {
	log := t.now.Load().log
	if since >= int64(len(log)) {
		return nil
	}
	rest := log[max(since, 0):]
	return rest[:min(limit, len(rest)):min(limit, len(rest))]
}

// snapshot is the topic at one moment, for a reader at since. Next and Latest have
// Seq 0 when there is none.
type snapshot struct {
	Next    tasks.TaskEvent // the event after since
	Latest  tasks.TaskEvent
	Ended   bool // Latest is the terminal event
	Changed <-chan struct{}
}

func (t *topic) snapshot(since int64) snapshot {
	now := t.now.Load()
	g := snapshot{Ended: now.over(), Changed: now.changed}
	n := int64(len(now.log))
	if n > 0 {
		g.Latest = now.log[n-1]
	}
	if since < n {
		g.Next = now.log[since]
	}
	return g
}

// textKey identifies an event's message by seq and the same of Render; same is "" for a message that is not shared.
type textKey struct {
	seq  int64
	same string
}

// text returns a message as JSON, encoded once for all listeners with the same key.
func (t *topic) text(key textKey, message any) ([]byte, error) {
	if text, ok := t.texts.Load(key); ok {
		return text.([]byte), nil //nolint:forcetypeassert,errcheck // nothing else is in there
	}
	text, err := json.Marshal(message)
	if err == nil && key.same != "" {
		t.texts.Store(key, text)
	}
	return text, err
}
