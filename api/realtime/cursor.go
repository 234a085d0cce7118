package realtime

import (
	"context"
	"errors"
	"sync"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/tasks"
)

// ErrEnded reports that the terminal event was the last one.
var ErrEnded = errors.New("realtime: the task's events have ended")

// ErrClosed reports that the hub was closed.
var ErrClosed = errors.New("realtime: closed")

// FromLatest is the since that starts with the newest event there is.
const FromLatest int64 = -1

// Cursor is one reader's position in a task's events. It is for one goroutine at a time.
type Cursor struct {
	hub   *Hub
	topic *topic
	since int64 // seq of the last event read, or FromLatest before the first
	base  int64 // the latest seq at the first look
	leave func()
}

// Follow opens a cursor over the events after since, from 0 all of them. The caller
// must close it.
func (h *Hub) Follow(task uuid.UUID, since int64) *Cursor {
	t := h.join(task)
	return &Cursor{hub: h, topic: t, since: max(since, FromLatest), leave: sync.OnceFunc(func() { h.leave(t) })}
}

// Close releases the cursor. Closing twice is harmless.
func (c *Cursor) Close() { c.leave() }

// Next waits for the next event. Events come in order, each exactly once. After the
// terminal one, or when since is not before it, the error is ErrEnded. When the hub
// is closing it is ErrClosed, otherwise the context's error.
func (c *Cursor) Next(ctx context.Context) (tasks.TaskEvent, error) {
	for {
		g := c.peek()
		if g.Next.Seq > 0 {
			c.since = g.Next.Seq
			return g.Next, nil
		}
		if g.Ended {
			return tasks.TaskEvent{}, ErrEnded
		}
		select {
		case <-g.Changed:
		case <-ctx.Done():
			return tasks.TaskEvent{}, ctx.Err()
		case <-c.hub.draining:
			return tasks.TaskEvent{}, ErrClosed
		}
	}
}

// peek returns the next event without consuming it.
func (c *Cursor) peek() snapshot {
	g := c.topic.snapshot(max(c.since, 0))
	if g.Latest.Seq == 0 {
		return g
	}
	if c.base == 0 {
		c.base = g.Latest.Seq
	}
	if c.since == FromLatest {
		c.since, g.Next = g.Latest.Seq-1, g.Latest
	}
	return g
}

// behind returns the number of unread events that came since the first look.
func (c *Cursor) behind(g snapshot) int { return int(g.Latest.Seq - max(c.since, c.base)) }

// Latest returns the newest known event. For a task without a topic it first waits,
// within ctx, for the watcher's first turn. ok is false when no event is known.
func (h *Hub) Latest(ctx context.Context, task uuid.UUID) (event tasks.TaskEvent, ok bool) {
	t := h.join(task)
	defer h.leave(t)
	select {
	case <-t.ready:
	case <-ctx.Done():
	case <-h.draining:
	}
	g := t.snapshot(0)
	return g.Latest, g.Latest.Seq > 0
}

// After waits until an event with a higher seq than since is known and returns the
// newest. ok is false when ctx, the task's events or the hub end first.
func (h *Hub) After(ctx context.Context, task uuid.UUID, since int64) (event tasks.TaskEvent, ok bool) {
	t := h.join(task)
	defer h.leave(t)
	for {
		g := t.snapshot(0)
		if g.Latest.Seq > max(since, 0) {
			return g.Latest, true
		}
		if g.Ended {
			return g.Latest, false
		}
		select {
		case <-g.Changed:
		case <-ctx.Done():
			return g.Latest, false
		case <-h.draining:
			return g.Latest, false
		}
	}
}
