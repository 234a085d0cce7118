package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"
)

// load is learners at work while faults are injected.
type load struct {
	*faultEnv
	stop context.CancelFunc
	all  sync.WaitGroup

	cut      atomic.Bool // some of the APIs are away: requests may be without an answer
	mu       sync.Mutex
	answers  map[string]int // by action and status
	slowest  map[string]time.Duration
	scandals []string // unacceptable answers
	asked    map[*learner]int
	mine     map[*learner][]string // tasks
}

// act is a learner's action. It returns the reply.
type act struct {
	name string
	do   func(*load, context.Context, *learner) reply
}

// acts are the learners' actions, of all areas.
var acts = []act{
	{"generate", (*load).generate},
	{"profile", (*load).writeProfile},
	{"look", (*load).look},
	{"cancel", (*load).cancel},
	{"study", (*load).study},
	{"post", (*load).post},
	{"talk", (*load).talk},
}

// coursesEach returns how many courses each learner requests.
func coursesEach() int { return sized(3, 1) }

// work has learners act one after another until endWork.
func (s *faultEnv) work(learners []*learner) *load {
	ctx, stop := context.WithCancel(s.t.Context())
	w := &load{faultEnv: s, stop: stop, answers: map[string]int{}, slowest: map[string]time.Duration{}, asked: map[*learner]int{}, mine: map[*learner][]string{}}
	for _, l := range learners {
		w.all.Go(func() {
			for ctx.Err() == nil {
				w.step(ctx, l, acts[s.draw(len(acts))])
				select {
				case <-ctx.Done():
				case <-time.After(s.drawTime(5*time.Millisecond, s.pause)):
				}
			}
		})
	}
	return w
}

// step runs one action. An action that has begun is finished, so that its outcome is known.
func (w *load) step(ctx context.Context, l *learner, a act) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 90*time.Second) // beyond all that hangs
	defer cancel()
	cut, began := w.cut.Load(), time.Now()
	got := a.do(w, bounded, l)
	cut = cut || w.cut.Load()
	w.mu.Lock()
	defer w.mu.Unlock()
	what := fmt.Sprintf("%s %d", a.name, got.status)
	w.answers[what]++
	w.slowest[what] = max(w.slowest[what], time.Since(began))
	busy := got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != ""
	if got.err != nil && !cut || got.status >= http.StatusInternalServerError && !busy {
		w.scandals = append(w.scandals, fmt.Sprintf("%s: %d %v %s", a.name, got.status, got.err, got.text))
	}
}

// endWork stops all learners and requires that every answer was a success, or a
// proper refusal.
func (w *load) endWork() {
	w.t.Helper()
	w.stop()
	w.all.Wait()
	for _, name := range slices.Sorted(maps.Keys(w.answers)) {
		w.t.Logf("%s: %d, within %v", name, w.answers[name], w.slowest[name].Round(time.Millisecond))
	}
	require.Empty(w.t, w.scandals)
}

// answered returns how many answers had a status.
func (w *load) answered(status string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for what, times := range w.answers {
		if strings.HasSuffix(what, " "+status) {
			n += times
		}
	}
	return n
}

func (w *load) generate(ctx context.Context, l *learner) reply {
	w.mu.Lock()
	n := w.asked[l]
	w.asked[l] = n + 1
	w.mu.Unlock()
	if n >= coursesEach() {
		return w.look(ctx, l)
	}
	r := request{l, fmt.Sprintf("course-%d", n), fmt.Sprintf("How tides work, part %d", n)}
	got := w.ask(ctx, r)
	if got.status == http.StatusAccepted {
		task, _ := got.body["task_id"].(string)
		w.mu.Lock()
		w.mine[l] = append(w.mine[l], task)
		w.mu.Unlock()
	}
	return got
}

// ask requests a course and records the outcome.
func (s *faultEnv) ask(ctx context.Context, r request) reply {
	got := r.by.try(ctx, "POST", "/v1/courses/generate", object{"topic": r.topic}, "Idempotency-Key", r.key)
	if got.status == http.StatusAccepted {
		s.acceptUnder(r, got.body)
	} else {
		s.doubt(r)
	}
	return got
}

func (w *load) writeProfile(ctx context.Context, l *learner) reply {
	value := fmt.Sprintf("bio %d", w.draw(1_000_000))
	got := l.try(ctx, "PUT", "/v1/users/me", object{"bio": value})
	w.wrote(l, value, got.status == http.StatusOK)
	return got
}

func (w *load) look(ctx context.Context, l *learner) reply {
	paths := []string{"/v1/courses/", "/v1/tasks/", "/v1/users/me/stats", "/v1/auth/sessions", "/v1/health/live"}
	return l.try(ctx, "GET", paths[w.draw(len(paths))], nil)
}

// cancel cancels about every fourth course.
func (w *load) cancel(ctx context.Context, l *learner) reply {
	w.mu.Lock()
	tasks := w.mine[l]
	w.mu.Unlock()
	if len(tasks) == 0 || w.draw(12) > 0 {
		return w.look(ctx, l)
	}
	return l.try(ctx, "POST", "/v1/tasks/"+tasks[w.draw(len(tasks))]+"/cancel", nil)
}
