package realtime

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/lyoapp/lyo/models/tasks"
)

// watcher keeps one topic fresh, in one goroutine, until the topic is retired or
// the hub is cut off. Its fields belong to that goroutine.
type watcher struct {
	hub      *Hub
	topic    *topic
	loaded   bool // the rows were read from the start
	holder   bool // of the lease
	asks     bool // the workflow, being holder or alone
	blind    bool // neither workflow nor rows answered last time
	failures int  // of queries, in a row
	due      time.Time
	calm     time.Time // since when there was neither news nor a look at the rows
}

func (w *watcher) run(ctx context.Context) {
	defer w.stop(ctx)
	pause := w.turn(ctx)
	close(w.topic.asked)
	for w.wait(ctx, pause) {
		pause = w.turn(ctx)
	}
}

// wait lets the pause pass, or less when a listener is woken. It tells whether to go on.
func (w *watcher) wait(ctx context.Context, pause time.Duration) bool {
	nudged := w.topic.nudged
	if w.holder {
		nudged = nil // they are our own
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-nudged:
	}
	return !w.hub.retire(w.topic)
}

// stop gives up the lease, so that somebody else may ask at once.
func (w *watcher) stop(ctx context.Context) {
	if w.holder {
		w.hub.share.release(context.WithoutCancel(ctx), w.topic.task)
	}
	w.role(false, false)
}

// turn learns what there is to learn and tells when to try again.
func (w *watcher) turn(ctx context.Context) time.Duration {
	if w.topic.ended() {
		w.role(w.holder, false)
		return w.hub.o.Linger
	}
	if !w.loaded {
		w.loaded = w.look(ctx)
	}
	if w.topic.ended() {
		return 0
	}
	shared, err := w.hub.share.watch(ctx, w.topic.task, w.topic.last())
	switch {
	case err != nil:
		w.role(false, true)
		return w.ask(ctx)
	case shared.holder:
		w.role(true, true)
		return w.hold(ctx, shared)
	default:
		w.role(false, false)
		return w.listen(ctx, shared)
	}
}

// hold asks for everybody, starting from what an earlier holder has shared.
func (w *watcher) hold(ctx context.Context, s shared) time.Duration {
	if w.topic.append(s.events) {
		w.look(ctx)
	}
	pause := w.ask(ctx)
	if news := w.topic.after(s.last, shareAtOnce); len(news) > 0 {
		w.hub.share.add(ctx, w.topic.task, news)
	}
	if w.blind {
		w.blind = false
		w.hub.share.release(ctx, w.topic.task) // another process may see more
	}
	return min(pause, w.hub.o.Lease/3)
}

// listen takes what the holder has shared. It comes back without being woken,
// since messages may be lost, and as soon as the lease lapses.
func (w *watcher) listen(ctx context.Context, s shared) time.Duration {
	if w.topic.append(s.events) {
		w.fill(ctx, s.events)
	}
	if w.topic.last() < s.last {
		return w.hub.o.Poll
	}
	spread := time.Duration(rand.Int64N(int64(w.hub.o.Poll))) //nolint:gosec // spreads load, keeps no secret
	return min(w.hub.o.CatchUp, s.ttl+spread)
}

// fill closes the gap before the given events, from the rows or else the workflow.
func (w *watcher) fill(ctx context.Context, events []tasks.TaskEvent) {
	w.look(ctx)
	if w.topic.append(events) {
		w.query(ctx)
		w.topic.append(events)
	}
}

// role keeps count of the topics that are asked about from here.
func (w *watcher) role(holder, asks bool) {
	if asks != w.asks {
		w.hub.asking.Add(map[bool]int64{true: 1, false: -1}[asks])
	}
	w.holder, w.asks = holder, asks
}

// ask asks the workflow if it is time to, and the rows when the workflow does not
// answer, leaves a gap, or has had nothing to tell for a while: the task may have
// been ended without it.
func (w *watcher) ask(ctx context.Context) time.Duration {
	if wait := w.due.Sub(w.hub.o.Clock()); wait > 0 {
		return wait
	}
	before := w.topic.last()
	events, ok := w.query(ctx)
	now := w.hub.o.Clock()
	if w.topic.last() > before || w.calm.IsZero() {
		w.calm = now
	}
	if gap := w.topic.append(events); gap || !ok || now.Sub(w.calm) >= w.hub.o.LookAtRows {
		w.calm = now
		w.blind = !w.look(ctx) && !ok
		w.topic.append(events)
	}
	pause := w.pace()
	w.due = now.Add(pause)
	return pause
}

// pace is the time between two queries: longer after failures, and longer for
// all when so many tasks are watched that Temporal would suffer.
func (w *watcher) pace() time.Duration {
	o := w.hub.o
	fair := time.Duration(w.hub.asking.Load()) * time.Second / time.Duration(o.QueriesPerSecond)
	return max(o.Poll<<min(w.failures, 2), fair)
}

// query asks the workflow and appends what comes next.
func (w *watcher) query(ctx context.Context) (events []tasks.TaskEvent, ok bool) {
	bounded, cancel := context.WithTimeout(ctx, w.hub.o.QueryTimeout)
	defer cancel()
	w.hub.queries.Add(1)
	events, err := w.hub.o.Source.Query(bounded, w.topic.task, w.topic.last())
	if err != nil {
		w.failures++
		if w.failures == 1 && ctx.Err() == nil {
			w.hub.o.Log.DebugContext(ctx, "a workflow does not tell its progress", "task", w.topic.task, "error", err)
		}
		return nil, false
	}
	w.failures = 0
	w.topic.append(events)
	return events, true
}

// lookBack is how many known events are read again from the rows.
const lookBack = 16

// look appends what the rows have and tells whether they could be read.
func (w *watcher) look(ctx context.Context) bool {
	bounded, cancel := context.WithTimeout(ctx, w.hub.o.RowsTimeout)
	defer cancel()
	rows, err := w.hub.o.Source.Rows(bounded, w.topic.task, max(w.topic.last()-lookBack, 0))
	if err != nil {
		if ctx.Err() == nil {
			w.hub.o.Log.WarnContext(ctx, "the events of a task could not be read", "task", w.topic.task, "error", err)
		}
		return false
	}
	w.topic.append(rows)
	w.overrule(rows)
	return true
}

// overrule ends a story whose task was ended while its workflow told something
// else: the end has a seq then that is taken, and gets the next free one here.
func (w *watcher) overrule(rows []tasks.TaskEvent) {
	if len(rows) == 0 {
		return
	}
	end, last := rows[len(rows)-1], w.topic.last()
	if end.State.Ended() && end.Seq <= last {
		end.Seq = last + 1
		w.topic.append([]tasks.TaskEvent{end}) // which an ended story does not take
	}
}
