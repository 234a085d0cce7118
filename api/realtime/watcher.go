package realtime

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/lyoapp/lyo/models/tasks"
)

// watcher keeps one topic up to date, in one goroutine, until the topic is retired or
// the hub is cut off. Its fields belong to that goroutine.
type watcher struct {
	hub         *Hub
	topic       *topic
	loaded      bool // the rows were read from the start
	holder      bool // of the lease
	querying    bool // the workflow is queried from here, with the lease or without Redis
	unreachable bool // neither workflow nor rows answered last time
	failures    int  // of queries, in a row
	due         time.Time
	quietSince  time.Time // since when there was neither an event nor a read of the rows
}

func (w *watcher) run(ctx context.Context) {
	defer w.stop(ctx)
	pause := w.turn(ctx)
	close(w.topic.ready)
	for w.wait(ctx, pause) {
		pause = w.turn(ctx)
	}
}

// wait waits for the pause, or until woken. It reports whether to continue.
func (w *watcher) wait(ctx context.Context, pause time.Duration) bool {
	wakeups := w.topic.wakeups
	if w.holder {
		wakeups = nil // these are for our own events
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-wakeups:
	}
	return !w.hub.retire(w.topic)
}

// stop releases the lease, so that another process may query at once.
func (w *watcher) stop(ctx context.Context) {
	if w.holder {
		w.hub.share.release(context.WithoutCancel(ctx), w.topic.task)
	}
	w.role(false, false)
}

// turn fetches new events and returns the time to the next turn.
func (w *watcher) turn(ctx context.Context) time.Duration {
	if w.topic.ended() {
		w.role(w.holder, false)
		return w.hub.o.Linger
	}
	if !w.loaded {
		w.loaded = w.readRows(ctx)
	}
	if w.topic.ended() {
		return 0
	}
	shared, err := w.hub.share.watch(ctx, w.topic.task, w.topic.last())
	switch {
	case err != nil:
		w.role(false, true)
		return w.refresh(ctx)
	case shared.holder:
		w.role(true, true)
		return w.hold(ctx, shared)
	default:
		w.role(false, false)
		return w.listen(ctx, shared)
	}
}

// hold queries for all processes, starting from what an earlier holder has shared.
func (w *watcher) hold(ctx context.Context, s shared) time.Duration {
	if w.topic.append(s.events) {
		w.readRows(ctx)
	}
	pause := w.refresh(ctx)
	if fresh := w.topic.after(s.last, shareAtOnce); len(fresh) > 0 {
		w.hub.share.add(ctx, w.topic.task, fresh)
	}
	if w.unreachable {
		w.unreachable = false
		w.hub.share.release(ctx, w.topic.task) // another process may reach more
	}
	return min(pause, w.hub.o.Lease/3)
}

// listen reads what the holder has shared. It returns a pause even without messages,
// since they may be lost, and one that ends as soon as the lease lapses.
func (w *watcher) listen(ctx context.Context, s shared) time.Duration {
	if w.topic.append(s.events) {
		w.fillGap(ctx, s.events)
	}
	if w.topic.last() < s.last {
		return w.hub.o.Poll
	}
	spread := time.Duration(rand.Int64N(int64(w.hub.o.Poll))) //nolint:gosec // spreads load, keeps no secret
	return min(w.hub.o.CatchUp, s.ttl+spread)
}

// fillGap closes the gap before the given events, from the rows or else from the workflow.
func (w *watcher) fillGap(ctx context.Context, events []tasks.TaskEvent) {
	w.readRows(ctx)
	if w.topic.append(events) {
		w.query(ctx)
		w.topic.append(events)
	}
}

// role records the role and counts the topics that are queried from here.
func (w *watcher) role(holder, querying bool) {
	if querying != w.querying {
		w.hub.querying.Add(map[bool]int64{true: 1, false: -1}[querying])
	}
	w.holder, w.querying = holder, querying
}

// refresh queries the workflow when that is due, and reads the rows when the workflow
// does not answer, leaves a gap, or has reported nothing for a while: the task may
// have been ended without it.
func (w *watcher) refresh(ctx context.Context) time.Duration {
	if wait := w.due.Sub(w.hub.o.Clock()); wait > 0 {
		return wait
	}
	before := w.topic.last()
	events, ok := w.query(ctx)
	now := w.hub.o.Clock()
	if w.topic.last() > before || w.quietSince.IsZero() {
		w.quietSince = now
	}
	if gap := w.topic.append(events); gap || !ok || now.Sub(w.quietSince) >= w.hub.o.LookAtRows {
		w.quietSince = now
		w.unreachable = !w.readRows(ctx) && !ok
		w.topic.append(events)
	}
	pause := w.pace()
	w.due = now.Add(pause)
	return pause
}

// pace returns the time between two queries: longer after failures, and longer for
// all when so many tasks are watched that Temporal would be overloaded.
func (w *watcher) pace() time.Duration {
	o := w.hub.o
	fair := time.Duration(w.hub.querying.Load()) * time.Second / time.Duration(o.QueriesPerSecond)
	return max(o.Poll<<min(w.failures, 2), fair)
}

// query queries the workflow and appends the new events.
func (w *watcher) query(ctx context.Context) (events []tasks.TaskEvent, ok bool) {
	bounded, cancel := context.WithTimeout(ctx, w.hub.o.QueryTimeout)
	defer cancel()
	w.hub.queries.Add(1)
	events, err := w.hub.o.Source.Query(bounded, w.topic.task, w.topic.last())
	if err != nil {
		w.failures++
		if w.failures == 1 && ctx.Err() == nil {
			w.hub.o.Log.DebugContext(ctx, "a workflow did not answer the query for its progress", "task", w.topic.task, "error", err)
		}
		return nil, false
	}
	w.failures = 0
	w.topic.append(events)
	return events, true
}

// lookBack is how many known events are read again from the rows.
const lookBack = 16

// readRows appends the events of the rows and reports whether they could be read.
func (w *watcher) readRows(ctx context.Context) bool {
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

// overrule ends a topic whose task was ended while its workflow reported other
// events: the seq of the end is taken then, and it gets the next free one here.
func (w *watcher) overrule(rows []tasks.TaskEvent) {
	if len(rows) == 0 {
		return
	}
	end, last := rows[len(rows)-1], w.topic.last()
	if end.State.Ended() && end.Seq <= last {
		end.Seq = last + 1
		w.topic.append([]tasks.TaskEvent{end}) // a no-op on an ended topic
	}
}
