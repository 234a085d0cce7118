package engine

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// admissionQueue admits a bounded number of requests. Those with a slot are processed; the others
// wait for one, first come, first served.
type admissionQueue struct {
	slots *semaphore.Weighted // first in, first out
	limit int                 // slots and queue places together

	mu        sync.Mutex
	in, using int
	closed    bool
	empty     chan struct{} // closed once the queue is closed and empty
}

func newAdmissionQueue(slots, places int) *admissionQueue {
	return &admissionQueue{slots: semaphore.NewWeighted(int64(slots)), limit: slots + places, empty: make(chan struct{})}
}

// enter takes a place; a caller that got one calls leave, once.
func (l *admissionQueue) enter() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return errStopping
	case l.in == l.limit:
		return errFull
	}
	l.in++
	return nil
}

func (l *admissionQueue) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.in--
	l.closeWhenEmpty()
}

// acquire waits for a slot. The caller has a place and releases the slot before leaving.
func (l *admissionQueue) acquire(ctx context.Context) error {
	if err := l.slots.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.using++
	return nil
}

func (l *admissionQueue) release() {
	l.mu.Lock()
	l.using--
	l.mu.Unlock()
	l.slots.Release(1)
}

// close admits no more requests. The returned channel is closed when the last one has left.
func (l *admissionQueue) close() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.closeWhenEmpty()
	}
	return l.empty
}

func (l *admissionQueue) closeWhenEmpty() {
	if l.closed && l.in == 0 {
		close(l.empty)
	}
}

// counts returns the number of requests in slots and of those waiting.
func (l *admissionQueue) counts() (using, waiting int, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.using, l.in - l.using, l.closed
}
