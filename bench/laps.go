package main

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// contender is one implementation to be compared with others.
type contender struct {
	name string
	// do does it once. It is called by several clients at once, each with its own number,
	// from 0. An error ends the benchmark: failures have no speed.
	do func(ctx context.Context, client int) error
	// settle waits until nothing is left to do of what was asked for; nil: the answer is the end.
	settle func(ctx context.Context) error
	// processes are those whose CPU time is counted; nil: none.
	processes meter
}

// lap is the result of one run of a contender.
type lap struct {
	done  int
	took  []time.Duration
	span  time.Duration            // until the last answer
	whole time.Duration            // until nothing was left to do
	cpu   map[string]time.Duration // by process
}

// rate returns the rate per second.
func (l lap) rate() float64 { return float64(l.done) / l.span.Seconds() }

// sustained returns the rate per second until nothing was left to do.
func (l lap) sustained() float64 { return float64(l.done) / l.whole.Seconds() }

// each returns the CPU time of a process for one call.
func (l lap) each(process string) time.Duration {
	return l.cpu[process] / time.Duration(max(1, l.done))
}

// all returns the CPU time of all processes but the client for one call.
func (l lap) all() (sum time.Duration) {
	for process := range l.cpu {
		if process != loader {
			sum += l.each(process)
		}
	}
	return sum
}

// at returns a percentile of the times.
func (l lap) at(percent float64) time.Duration { return percentile(l.took, percent) }

// run repeats it with so many clients for a span, waits until nothing is left to do, and counts what it cost.
func (c contender) run(ctx context.Context, clients int, span time.Duration) (lap, error) {
	return c.toItsEnd(ctx, func() (lap, error) { return c.ask(ctx, clients, span) })
}

// toItsEnd does work, waits until nothing of it is left to do, and counts what it cost.
func (c contender) toItsEnd(ctx context.Context, work func() (lap, error)) (l lap, err error) {
	before, err := c.used()
	if err != nil {
		return l, err
	}
	began := time.Now()
	if l, err = work(); err != nil {
		return l, err
	}
	if c.settle != nil {
		if err := c.settle(ctx); err != nil {
			return l, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	l.whole = time.Since(began)
	l.cpu, err = c.used()
	for process := range l.cpu {
		l.cpu[process] -= before[process]
	}
	return l, err
}

// used returns the CPU time of its processes; nil without any.
func (c contender) used() (map[string]time.Duration, error) {
	if c.processes == nil {
		return nil, nil //nolint:nilnil // nothing is counted
	}
	return c.processes.read()
}

// ask repeats it. Calls begun within the span are finished and count.
func (c contender) ask(ctx context.Context, clients int, span time.Duration) (lap, error) {
	took := make([][]time.Duration, clients)
	var all errgroup.Group
	var failed atomic.Bool
	began := time.Now()
	for i := range clients {
		all.Go(func() error {
			for !failed.Load() && ctx.Err() == nil && time.Since(began) < span {
				start := time.Now()
				if err := c.do(ctx, i); err != nil {
					failed.Store(true)
					return fmt.Errorf("%s: %w", c.name, err)
				}
				took[i] = append(took[i], time.Since(start))
			}
			return ctx.Err()
		})
	}
	err := all.Wait()
	whole := slices.Concat(took...)
	return lap{done: len(whole), took: whole, span: time.Since(began)}, err
}

// race is several contenders, the first of them the limit, and their laps by round.
type race struct {
	of      []contender
	clients int
	span    time.Duration
	rounds  [][]lap
}

// compete measures contenders in turn, round by round, so that a machine that is slower
// for a while is so for all of them. Each warms up for a quarter of a lap first.
func compete(ctx context.Context, o options, clients int, of ...contender) (race, error) {
	return competeFor(ctx, o, o.lap(), clients, of...)
}

// competeFor is compete with laps of another length.
func competeFor(ctx context.Context, o options, span time.Duration, clients int, of ...contender) (race, error) {
	r := race{of: of, clients: clients, span: span}
	for _, c := range of {
		if _, err := c.run(ctx, clients, span/4); err != nil {
			return r, err
		}
	}
	for n := range o.rounds {
		laps := make([]lap, len(of))
		for i := range of {
			i = (i + n) % len(of) // another begins each round
			var err error
			if laps[i], err = of[i].run(ctx, clients, span); err != nil {
				return r, err
			}
		}
		r.rounds = append(r.rounds, laps)
	}
	return r, nil
}

// rate returns the median of a contender's rates.
func (r race) rate(contender int) float64 {
	return median(r.rounds, func(laps []lap) float64 { return laps[contender].rate() })
}

// ratio returns a contender's rate relative to the first one's in the same round.
func (r race) ratio(contender int) float64 {
	return median(r.rounds, func(laps []lap) float64 { return laps[contender].rate() / laps[0].rate() })
}

// slower returns a contender's p99 relative to the first one's in the same round.
func (r race) slower(contender int) float64 {
	return median(r.rounds, func(laps []lap) float64 { return float64(laps[contender].at(99)) / float64(laps[0].at(99)) })
}

// figure formats a number with as many digits as are significant.
func figure(n float64) string {
	switch {
	case n >= 100:
		return fmt.Sprintf("%.0f", n)
	case n >= 10:
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.2f", n)
}
