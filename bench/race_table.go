package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// print writes the race as a table, and a second one of what each call cost where that was counted.
func (r race) print(o options) {
	fmt.Fprintf(o.out, "%d clients, medians of %d rounds of %v in turn, spread from the lowest to the highest.\n\n", r.clients, len(r.rounds), r.span)
	fmt.Fprint(o.out, "| | a second | spread | ratio | p50 | p99 | p99 to the limit's |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for i, c := range r.of {
		rates := r.values(func(laps []lap) float64 { return laps[i].rate() })
		fmt.Fprintf(o.out, "| %s | %s | %s to %s | %.2f | %v | %v | %.2f |\n", c.name, figure(r.rate(i)), figure(slices.Min(rates)), figure(slices.Max(rates)),
			r.ratio(i), rounded(r.percentile(i, 50)), rounded(r.percentile(i, 99)), r.slower(i))
		o.record(c.name, r.figures(i))
	}
	r.printSettled(o)
	r.printCosts(o)
}

// printSettled writes what was sustained, where work goes on after the answer.
func (r race) printSettled(o options) {
	if !slices.ContainsFunc(r.of, func(c contender) bool { return c.settle != nil }) {
		return
	}
	fmt.Fprint(o.out, "\nSustained: the same calls, over the time until nothing of them was left to do.\n\n| | sustained, a second | spread | ratio | done after the last answer |\n| --- | ---: | ---: | ---: | ---: |\n")
	for i, c := range r.of {
		rates := r.values(func(laps []lap) float64 { return laps[i].sustained() })
		late := median(r.rounds, func(laps []lap) time.Duration { return laps[i].whole - laps[i].span })
		fmt.Fprintf(o.out, "| %s | %s | %s to %s | %.2f | %v |\n", c.name, figure(r.sustained(i)), figure(slices.Min(rates)), figure(slices.Max(rates)), r.settled(i), rounded(late))
	}
}

// processOrder is the order of the columns.
var processOrder = []string{"api", "worker", "temporal", "postgres", "redis", loader}

// printCosts writes the CPU time of one call by process, in milliseconds.
func (r race) printCosts(o options) {
	names := slices.DeleteFunc(slices.Clone(processOrder), func(name string) bool {
		return !slices.ContainsFunc(r.of, func(c contender) bool { return c.processes != nil && slices.Contains(c.processes.names(), name) })
	})
	if len(names) == 0 {
		return
	}
	fmt.Fprint(o.out, "\nCPU time of one call, in milliseconds, until nothing was left to do; the client's is not part of the sum.\n\n| | sum |")
	fmt.Fprintf(o.out, " %s |\n| --- | ---: |%s\n", strings.Join(names, " | "), strings.Repeat(" ---: |", len(names)))
	for i, c := range r.of {
		if c.processes == nil {
			continue
		}
		fmt.Fprintf(o.out, "| %s | %.2f |", c.name, r.cost(i))
		for _, name := range names {
			if !slices.Contains(c.processes.names(), name) {
				fmt.Fprint(o.out, " |")
				continue
			}
			fmt.Fprintf(o.out, " %.2f |", r.costOf(i, name))
		}
		fmt.Fprintln(o.out)
	}
}

// values returns a figure of each round.
func (r race) values(of func(laps []lap) float64) []float64 {
	values := make([]float64, len(r.rounds))
	for i, laps := range r.rounds {
		values[i] = of(laps)
	}
	return values
}

// sustained returns the median of a contender's sustained rates.
func (r race) sustained(contender int) float64 {
	return median(r.rounds, func(laps []lap) float64 { return laps[contender].sustained() })
}

// settled returns a contender's sustained rate relative to the first one's in the same round.
func (r race) settled(contender int) float64 {
	return median(r.rounds, func(laps []lap) float64 { return laps[contender].sustained() / laps[0].sustained() })
}

// percentile returns the median of a percentile of a contender's times.
func (r race) percentile(contender int, percent float64) time.Duration {
	return median(r.rounds, func(laps []lap) time.Duration { return laps[contender].at(percent) })
}

// cost returns the median of the CPU time of one call in all processes but the client, in milliseconds.
func (r race) cost(contender int) float64 {
	return median(r.rounds, func(laps []lap) float64 { return milliseconds(laps[contender].all()) })
}

// costOf is cost of one process.
func (r race) costOf(contender int, process string) float64 {
	return median(r.rounds, func(laps []lap) float64 { return milliseconds(laps[contender].each(process)) })
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// figures returns what is kept of a contender.
func (r race) figures(i int) map[string]float64 {
	kept := map[string]float64{
		"rate": r.rate(i), "ratio": r.ratio(i), "p50_ms": milliseconds(r.percentile(i, 50)), "p99_ms": milliseconds(r.percentile(i, 99)),
		"p99_ratio": r.slower(i), "clients": float64(r.clients),
	}
	if r.of[i].settle != nil {
		kept["sustained"], kept["sustained_ratio"] = r.sustained(i), r.settled(i)
	}
	if r.of[i].processes != nil {
		kept["cpu_ms"] = r.cost(i)
		for _, name := range r.of[i].processes.names() {
			kept["cpu_ms_"+name] = r.costOf(i, name)
		}
	}
	return kept
}
