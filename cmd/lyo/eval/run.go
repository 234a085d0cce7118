package eval

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/activities/llm/failover"
)

// Options are the options of Run.
type Options struct {
	Writer   failover.Writer
	Topics   []Topic
	Lessons  int                                        // of each course, at least 1
	Parallel int                                        // courses at once, at least 1
	Pause    time.Duration                              // before the next request to a server that failed; 20 s
	Wait     func(context.Context, time.Duration) error // nil waits in real time
	Done     func(Course)                               // called with each course as it ends, one at a time; may be nil
}

func (o Options) withDefaults() Options {
	o.Lessons, o.Parallel = max(o.Lessons, 1), max(o.Parallel, 1)
	if o.Pause <= 0 {
		o.Pause = 20 * time.Second
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Done == nil {
		o.Done = func(Course) {}
	}
	return o
}

// Run has the courses written and returns them in the order of the topics. Failures of the
// model are figures, not errors. When ctx ends it returns what was begun until then,
// without the interrupted conversations.
func Run(ctx context.Context, o Options) []Course {
	o = o.withDefaults()
	courses := make([]Course, len(o.Topics))
	var group errgroup.Group
	var reporting sync.Mutex
	group.SetLimit(o.Parallel)
	for i, topic := range o.Topics {
		group.Go(func() error {
			courses[i] = write(ctx, o, topic)
			if ctx.Err() == nil {
				reporting.Lock()
				defer reporting.Unlock()
				o.Done(courses[i])
			}
			return nil
		})
	}
	_ = group.Wait() // none of them fails
	return begun(courses)
}

func begun(courses []Course) []Course {
	var kept []Course
	for _, c := range courses {
		if len(c.Conversations) > 0 {
			kept = append(kept, c)
		}
	}
	return kept
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
