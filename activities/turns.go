package activities

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"
)

// Turns shares few slots among many users: each user has one at a time, and the next slot
// goes to the waiting user whose last turn is longest ago. So a user with much work delays
// themself, and others by one turn at most.
type Turns struct {
	mu      sync.Mutex
	free    int
	granted int // turns so far
	users   map[uuid.UUID]*taker
	waiting []*turn // in order of arrival
}

// taker is a user who has a turn or waits for one.
type taker struct {
	busy    bool
	last    int // the turn granted last; 0: none
	waiting int
}

type turn struct {
	user    uuid.UUID
	granted chan struct{}
}

// NewTurns returns Turns with the given number of slots.
func NewTurns(places int) *Turns {
	return &Turns{free: places, users: map[uuid.UUID]*taker{}}
}

// Take waits for a turn, which ends when done is called, once. If ctx ends first it
// returns its error.
func (t *Turns) Take(ctx context.Context, user uuid.UUID) (done func(), err error) {
	mine := &turn{user, make(chan struct{})}
	t.mu.Lock()
	if t.users[user] == nil {
		t.users[user] = &taker{}
	}
	t.users[user].waiting++
	t.waiting = append(t.waiting, mine)
	t.grant()
	t.mu.Unlock()
	select {
	case <-mine.granted:
		return func() { t.end(user) }, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.waiting, mine); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
		t.users[user].waiting--
	} else { // granted at the same moment
		t.users[user].busy = false
		t.free++
	}
	t.forget(user)
	t.grant()
	return nil, ctx.Err()
}

// Waiting returns the number of waiting calls.
func (t *Turns) Waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.waiting)
}

func (t *Turns) end(user uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users[user].busy = false
	t.free++
	t.grant()
	t.forget(user)
}

// grant assigns free slots to waiting users.
func (t *Turns) grant() {
	for t.free > 0 {
		next := -1
		for i, w := range t.waiting {
			if u := t.users[w.user]; !u.busy && (next < 0 || u.last < t.users[t.waiting[next].user].last) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		given := t.waiting[next]
		t.waiting = slices.Delete(t.waiting, next, next+1)
		u := t.users[given.user]
		t.granted++
		t.free--
		u.busy, u.last, u.waiting = true, t.granted, u.waiting-1
		close(given.granted)
	}
}

// forget drops a user who neither has a turn nor waits for one.
func (t *Turns) forget(user uuid.UUID) {
	if u := t.users[user]; u != nil && !u.busy && u.waiting == 0 {
		delete(t.users, user)
	}
}
