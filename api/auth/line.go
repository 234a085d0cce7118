package auth

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// longestWait is how long somebody may stand in line for a slot.
const longestWait = 5 * time.Second

// Busy says that the line for a slot is too long.
type Busy struct { //nolint:errname // it reads as auth.Busy
	// RetryAfter is how long the line takes to be worked off: whoever comes back
	// then finds room, unless others came.
	RetryAfter time.Duration
}

// Error says so.
func (b *Busy) Error() string {
	return fmt.Sprintf("too many passwords wait to be hashed: %v", b.RetryAfter)
}

// line lets so many run at once as it has slots, and others wait.
type line struct {
	slots chan struct{}

	mu      sync.Mutex
	waiting int           // those with a slot included
	average time.Duration // of one run, the last ones counting most
}

func newLine(slots int, typical time.Duration) *line {
	return &line{slots: make(chan struct{}, slots), average: typical}
}

// run does the work once a slot is free. *Busy when that would take too long; the
// context's error when it ends before.
func (l *line) run(ctx context.Context, work func() error) error {
	if err := l.join(); err != nil {
		return err
	}
	defer l.leave()
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wait for a password slot: %w", ctx.Err())
	}
	defer func() { <-l.slots }()
	began := time.Now()
	err := aside(work)
	l.learn(time.Since(began))
	return err
}

func (l *line) join() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.waiting - cap(l.slots) // of those in line, who has to go first
	wait := time.Duration(before+1) * l.average / time.Duration(cap(l.slots))
	if wait > longestWait {
		return &Busy{RetryAfter: wait}
	}
	l.waiting++
	return nil
}

func (l *line) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting--
}

// learn moves the average by an eighth of the difference.
func (l *line) learn(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.average += (took - l.average) / 8
}
