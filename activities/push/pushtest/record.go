package pushtest

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Push is a message as a fake received it.
type Push struct {
	Token    string
	ID       string // Apple's apns-id; "" of Google's
	Collapse string
	Topic    string
	Payload  []byte
	Try      int // number of the message for its token, from 1
	N        int // number of the message among all, from 1
}

// Reply is what a fake does with a message.
type Reply struct {
	Status     int           // 0: 200
	Reason     string        // with another status
	RetryAfter time.Duration // 0: not given
	Since      time.Time     // with 410; zero: not given
	Delay      time.Duration // before the answer; a client that disconnects meanwhile is not accepted
	GoAway     bool          // Apple's only: GOAWAY after this answer
	Close      bool          // the connection is closed without an answer
}

// Accept is the reply to a message that is accepted after the fake's own delay.
func Accept() Reply { return Reply{} }

// Stall returns a reply that is delayed.
func Stall(d time.Duration) Reply { return Reply{Delay: d} }

// record is the common state of the fakes.
type record struct {
	delay time.Duration // of every answer

	mu       sync.Mutex
	decide   func(Push) Reply
	tries    map[string]int
	accepted map[string][]Push
	refused  map[string]int // by reason
	all      int
	now      int
	peak     int
	first    time.Time
	last     time.Time
	waiting  []waiting
}

type waiting struct {
	n    int
	done chan struct{}
}

func newRecord(delay time.Duration) *record {
	return &record{delay: delay, tries: map[string]int{}, accepted: map[string][]Push{}, refused: map[string]int{}, decide: func(Push) Reply { return Accept() }}
}

// On sets the function that decides on every later message.
func (r *record) On(decide func(Push) Reply) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.decide = decide
}

// begin counts a message and decides on it.
func (r *record) begin(p *Push) Reply {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all++
	r.tries[p.Token]++
	p.N, p.Try = r.all, r.tries[p.Token]
	r.now++
	r.peak = max(r.peak, r.now)
	if r.first.IsZero() {
		r.first = time.Now()
	}
	return r.decide(*p)
}

func (r *record) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now--
	r.last = time.Now()
}

// note records what is about to be answered.
func (r *record) note(p Push, reply Reply) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if reply.Status != 0 {
		r.refused[reply.Reason]++
		return
	}
	r.accepted[p.Token] = append(r.accepted[p.Token], p)
	still := r.waiting[:0]
	for _, w := range r.waiting {
		if len(r.accepted) >= w.n {
			close(w.done)
		} else {
			still = append(still, w)
		}
	}
	r.waiting = still
}

// wait delays an answer; false: the client has disconnected meanwhile.
func (r *record) wait(ctx context.Context, reply Reply) bool {
	delay := max(r.delay, reply.Delay)
	if delay == 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Accepted returns the accepted messages, by token.
func (r *record) Accepted() map[string][]Push {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make(map[string][]Push, len(r.accepted))
	for token, pushes := range r.accepted {
		all[token] = slices.Clone(pushes)
	}
	return all
}

// Refused counts refusals by their reason.
func (r *record) Refused(reason string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused[reason]
}

// Asked returns the number of messages received, whatever their outcome.
func (r *record) Asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all
}

// Peak returns the highest number of messages in flight.
func (r *record) Peak() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.peak
}

// Span returns the time from the first message to the last answer.
func (r *record) Span() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last.Sub(r.first)
}

// AwaitAccepted waits until so many devices have an accepted message.
func (r *record) AwaitAccepted(ctx context.Context, devices int) error {
	r.mu.Lock()
	if len(r.accepted) >= devices {
		r.mu.Unlock()
		return nil
	}
	w := waiting{devices, make(chan struct{})}
	r.waiting = append(r.waiting, w)
	r.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
