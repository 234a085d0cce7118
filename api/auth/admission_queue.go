package auth

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// longestWait is the longest time that a caller waits for a slot.
const longestWait = 5 * time.Second

// Busy reports that the queue for a slot is too long.
type Busy struct { //nolint:errname // it reads as auth.Busy
	// RetryAfter is the time until the queue has drained. A caller that returns then finds room,
	// unless others came first.
	RetryAfter time.Duration
}

// Error implements error.
func (b *Busy) Error() string {
	return fmt.Sprintf("too many passwords wait to be hashed: %v", b.RetryAfter)
}

// admissionQueue runs as many callers at once as it has slots, and makes the others wait.
type admissionQueue struct {
	slots int
	free  *semaphore.Weighted

	mu      sync.Mutex
	waiting int           // those with a slot included
	average time.Duration // of one run, the last ones counting most
}

func newAdmissionQueue(slots int, typical time.Duration) *admissionQueue {
	return &admissionQueue{slots: slots, free: semaphore.NewWeighted(int64(slots)), average: typical}
}

// run does the work once a slot is free. It returns *Busy when the wait would be too long, and the
// context's error when the context ends first.
func (q *admissionQueue) run(ctx context.Context, work func() error) error {
	if err := q.join(); err != nil {
		return err
	}
	defer q.leave()
	if err := q.free.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("wait for a password slot: %w", err)
	}
	defer q.free.Release(1)
	began := time.Now()
	err := lowPriority(work)
	q.record(time.Since(began))
	return err
}

func (q *admissionQueue) join() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	before := q.waiting - q.slots // how many wait before this caller
	wait := time.Duration(before+1) * q.average / time.Duration(q.slots)
	if wait > longestWait {
		return &Busy{RetryAfter: wait}
	}
	q.waiting++
	return nil
}

func (q *admissionQueue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting--
}

// record moves the average by an eighth of the difference.
func (q *admissionQueue) record(took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.average += (took - q.average) / 8
}
