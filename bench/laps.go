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
}

// lap is the result of one run of a contender.
type lap struct {
	done int
	took []time.Duration
	span time.Duration
}

// rate returns the rate per second.
func (l lap) rate() float64 { return float64(l.done) / l.span.Seconds() }

// at returns a percentile of the times.
func (l lap) at(percent float64) time.Duration { return percentile(l.took, percent) }

// run repeats it with so many clients for a span. Calls begun within the span are
// finished and count.
func (c contender) run(ctx context.Context, clients int, span time.Duration) (lap, error) {
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
	rounds  [][]lap
}

// compete measures contenders in turn, round by round, so that a machine that is slower
// for a while is so for all of them. Each warms up for a quarter of a lap first.
func compete(ctx context.Context, o options, clients int, of ...contender) (race, error) {
	r := race{of: of, clients: clients}
	for _, c := range of {
		if _, err := c.run(ctx, clients, o.lap()/4); err != nil {
			return r, err
		}
	}
	for range o.rounds {
		laps := make([]lap, len(of))
		for i, c := range of {
			var err error
			if laps[i], err = c.run(ctx, clients, o.lap()); err != nil {
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

// print writes the race as a table.
func (r race) print(o options) {
	fmt.Fprintf(o.out, "%d clients, medians of %d rounds of %v, spread from the lowest to the highest.\n\n", r.clients, len(r.rounds), o.lap())
	fmt.Fprint(o.out, "| | a second | spread | ratio | p50 | p99 | p99 to the limit's |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for i, c := range r.of {
		rates := make([]float64, len(r.rounds))
		for j, laps := range r.rounds {
			rates[j] = laps[i].rate()
		}
		fmt.Fprintf(o.out, "| %s | %s | %s to %s | %.2f | %v | %v | %.2f |\n", c.name, figure(r.rate(i)), figure(slices.Min(rates)), figure(slices.Max(rates)),
			r.ratio(i), rounded(median(r.rounds, func(laps []lap) time.Duration { return laps[i].at(50) })),
			rounded(median(r.rounds, func(laps []lap) time.Duration { return laps[i].at(99) })), r.slower(i))
	}
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
