package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// heading prints what is measured, and where.
func heading(ctx context.Context, o options) {
	fmt.Fprintf(o.out, "Commit %s, %s, %s, %s/%s, %d cores, %s; load over the last minute %s.\n", commit(ctx), time.Now().UTC().Format(time.DateTime),
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor(), atLoad())
}

// report prints everything as Markdown, as in docs/benchmarks.
func report(o options, ceiling [2]float64, rounds []round) {
	w := o.out
	fmt.Fprintf(w, "Medians of %d rounds. bcrypt alone, cost %d, on all cores: %.1f a second before, %.1f after.\n\n", len(rounds), cost, ceiling[0], ceiling[1])
	fmt.Fprintf(w, "| %d sign-ins a second | from everywhere, %v | from one address, %v |\n| --- | ---: | ---: |\n",
		loginsASecond, o.storm, o.single())
	everywhere := func(r round) entrances { return r.spread }
	address := func(r round) entrances { return r.one }
	for _, row := range entranceRows {
		fmt.Fprintf(w, "| %s | %s | %s |\n", row.name, row.of(rounds, everywhere), row.of(rounds, address))
	}
	fmt.Fprintf(w, "| of all refused: let in when they came back after Retry-After | %d of %d | |\n",
		total(rounds, func(r round) int { return r.welcome }), total(rounds, func(r round) int { return r.returned }))
	o.printShare(ceiling, rounds)
	fmt.Fprintf(w, "\n| GET /v1/users/me, %d a second | p50 | p99 | p99 to quiet | worst of all | sent late by, p99 |\n| --- | ---: | ---: | ---: | ---: | ---: |\n", profilesASecond)
	for _, row := range profileRows {
		row.print(w, rounds)
	}
}

// printShare prints which share of bcrypt's own rate became sign-ins. One core is
// left for other requests, so the limit is that of the others.
func (o options) printShare(ceiling [2]float64, rounds []round) {
	cores := runtime.GOMAXPROCS(0)
	limit := min(ceiling[0], ceiling[1]) / float64(cores) * float64(max(1, cores-1))
	rate := float64(median(rounds, func(r round) int { return r.spread.in })) / o.storm.Seconds()
	fmt.Fprintf(o.out, "| let in a second; beside bcrypt alone on the %d cores that hash | %s; %.2f | |\n", max(1, cores-1), figure(rate), rate/limit)
	o.atLeast("sign-ins let in beside bcrypt alone on the cores that hash", rate/limit, 0.9)
}

// entranceRow is a figure about sign-ins.
type entranceRow struct {
	name string
	of   func([]round, func(round) entrances) string
}

var entranceRows = []entranceRow{
	{"sent", middle(func(e entrances) int { return e.in + e.refused + e.other })},
	{"let in (200)", middle(func(e entrances) int { return e.in })},
	{"refused (429)", middle(func(e entrances) int { return e.refused })},
	{"other", middle(func(e entrances) int { return e.other })},
	{"refused without Retry-After", middle(func(e entrances) int { return e.undated })},
	{"p50 of those let in", middle(func(e entrances) time.Duration { return rounded(percentile(e.took, 50)) })},
	{"p99 of those let in", middle(func(e entrances) time.Duration { return rounded(percentile(e.took, 99)) })},
	{"p99 of those refused", middle(func(e entrances) time.Duration { return rounded(percentile(e.gone, 99)) })},
}

// middle returns the median of a figure over the rounds.
func middle[T int | time.Duration](figure func(entrances) T) func([]round, func(round) entrances) string {
	return func(rounds []round, which func(round) entrances) string {
		return fmt.Sprint(median(rounds, func(r round) T { return figure(which(r)) }))
	}
}

// profileRow is how long profiles took in a phase.
type profileRow struct {
	name string
	of   func(round) profiles
}

var profileRows = []profileRow{
	{"quiet", func(r round) profiles { return r.quiet }},
	{"in the storm from everywhere", func(r round) profiles { return r.stormy }},
	{"in the storm from one address", func(r round) profiles { return r.single }},
}

// print compares within each round, since a shared machine varies.
func (p profileRow) print(w io.Writer, rounds []round) {
	at := func(percent float64) func(round) time.Duration {
		return func(r round) time.Duration { return percentile(p.of(r).took, percent) }
	}
	late := func(r round) time.Duration { return percentile(p.of(r).late, 99) }
	ratio := median(rounds, func(r round) float64 { return float64(at(99)(r)) / float64(percentile(r.quiet.took, 99)) })
	fmt.Fprintf(w, "| %s | %v | %v | %.2f | %v | %v |\n", p.name, rounded(median(rounds, at(50))),
		rounded(median(rounds, at(99))), ratio, rounded(highest(rounds, at(100))), rounded(median(rounds, late)))
}

// rounded rounds a time: to a hundredth of a millisecond, or a millisecond from a second on.
func rounded(d time.Duration) time.Duration {
	if d >= time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}

// commit returns the measured commit, and whether files other than these pages differ from it.
func commit(ctx context.Context) string {
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", ":!docs/benchmarks").Output()
	if err != nil || len(changed) > 0 {
		return strings.TrimSpace(string(head)) + " and changes"
	}
	return strings.TrimSpace(string(head))
}

// processor returns the model name from Linux.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
