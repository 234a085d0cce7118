package rest

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/lyoapp/lyo/api/ratelimit"
)

const (
	// roomWithin is how long a large body waits for a place in the budget.
	roomWithin = 2 * time.Second
	// userShare is the part of the budget that one user has, or one address without a token: a quarter.
	userShare = 4
)

// bodyBudget bounds the large bodies that a process holds at once, in bytes.
type bodyBudget struct {
	whole int64

	mu    sync.Mutex
	taken int64
	by    map[ratelimit.Subject]int64
	given chan struct{} // closed when something was given back
}

func newBodyBudget(whole int64) *bodyBudget {
	return &bodyBudget{whole: whole, by: map[ratelimit.Subject]int64{}, given: make(chan struct{})}
}

// take waits for a place until ctx ends. A body larger than the budget takes all of it, and one larger than a user's
// share is that user's only one.
func (b *bodyBudget) take(ctx context.Context, who ratelimit.Subject, weight int64) (giveBack func(), ok bool) {
	weight = min(weight, b.whole)
	for {
		given, ok := b.tryTake(who, weight)
		if ok {
			return sync.OnceFunc(func() { b.giveBack(who, weight) }), true
		}
		select {
		case <-given:
		case <-ctx.Done():
			return nil, false
		}
	}
}

func (b *bodyBudget) tryTake(who ratelimit.Subject, weight int64) (given <-chan struct{}, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	own := b.by[who]
	if b.taken+weight > b.whole || own > 0 && own+weight > b.whole/userShare {
		return b.given, false
	}
	b.taken += weight
	b.by[who] = own + weight
	return nil, true
}

func (b *bodyBudget) giveBack(who ratelimit.Subject, weight int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken -= weight
	if b.by[who] -= weight; b.by[who] == 0 {
		delete(b.by, who)
	}
	close(b.given)
	b.given = make(chan struct{})
}

// needRoom takes a place for the body of a request, which enter gives back.
func (a *API) needRoom(ctx context.Context, weight int64) error {
	waiting, cancel := context.WithTimeout(ctx, roomWithin)
	defer cancel()
	giveBack, ok := a.room.take(waiting, subject(ctx), weight)
	if !ok {
		a.options.Log.WarnContext(ctx, "no room for a large body", "request_id", RequestInfoOf(ctx).ID, "bytes", weight)
		return NewProblem(SlugDependency, "Too many large bodies come at once. Try again.")
	}
	RequestInfoOf(ctx).room = giveBack
	return nil
}

// leaveRoom gives back the place of a body that nobody needs any more.
func (r *RequestInfo) leaveRoom() {
	if r.room != nil {
		r.room()
	}
}

// paced is a body whose sender must keep the pace at which it arrives in time. Whoever falls behind by more than
// bodyWithin is cut off, so that places are not held by those who send next to nothing.
type paced struct {
	from    io.Reader
	control *http.ResponseController
	begun   time.Time // the first read
	within  time.Duration
	whole   int64 // bytes that are expected
	read    int64 // so far
}

func newPaced(r *http.Request, control *http.ResponseController, limits BodyLimits) *paced {
	p := &paced{from: r.Body, control: control, within: limits.Within, whole: r.ContentLength}
	if p.whole <= 0 {
		p.whole = limits.Most
	}
	return p
}

// Read reads until what was read so far must be followed by more.
func (p *paced) Read(into []byte) (int, error) {
	if p.begun.IsZero() {
		p.begun = time.Now()
	}
	due := bodyWithin + time.Duration(float64(p.within)*float64(p.read)/float64(p.whole))
	// Not every writer has deadlines; a recorder in a test has none.
	_ = p.control.SetReadDeadline(p.begun.Add(min(p.within, due)))
	n, err := p.from.Read(into)
	p.read += int64(n)
	return n, err
}
