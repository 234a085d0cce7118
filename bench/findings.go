package main

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// findings are the end of a page: where the time of processes goes, and for each
// target whether it was reached.
type findings struct {
	profiles bytes.Buffer
	sayings  []string
	section  string
	results  []result
}

// result is what is kept of one row of a table, for programs.
type result struct {
	Section string             `json:"section,omitempty"`
	Name    string             `json:"name"`
	Figures map[string]float64 `json:"figures"`
}

// sectionf begins a section of a page.
func (o options) sectionf(format string, of ...any) {
	o.found.section = fmt.Sprintf(format, of...)
	fmt.Fprintf(o.out, "\n## %s\n\n", o.found.section)
}

// record keeps the figures of a row.
func (o options) record(name string, figures map[string]float64) {
	o.found.results = append(o.found.results, result{o.found.section, name, figures})
}

// atLeast records whether a figure reaches its target.
func (o options) atLeast(what string, got, aim float64) {
	o.sayf(got >= aim, "%s: %s, aim at least %s", what, figure(got), figure(aim))
}

// atMost records whether a figure is within its target.
func (o options) atMost(what string, got, aim float64, unit string) {
	o.sayf(got <= aim, "%s: %s%s, aim at most %s%s", what, figure(got), unit, figure(aim), unit)
}

// within records whether a duration is within its target.
func (o options) within(what string, got, aim time.Duration) {
	o.sayf(got <= aim, "%s: %v, aim at most %v", what, rounded(got), aim)
}

func (o options) sayf(reached bool, format string, of ...any) {
	word := "not reached"
	if reached {
		word = "reached"
	}
	o.found.sayings = append(o.found.sayings, fmt.Sprintf("%s, %s.", fmt.Sprintf(format, of...), word))
}

// end writes the end of a page.
func (f *findings) end(w io.Writer) {
	if f.profiles.Len() > 0 {
		fmt.Fprint(w, "\n## Where the time goes\n\nEach profile is of a process while one thing was asked of it by itself, after the measured laps. What only hands a\nrequest on is left out of the cumulative list.\n")
		_, _ = f.profiles.WriteTo(w)
	}
	if len(f.sayings) == 0 {
		return
	}
	fmt.Fprint(w, "\n## Reached or not\n\n")
	for _, line := range f.sayings {
		fmt.Fprintf(w, "- %s\n", line)
	}
}

// printAims writes the beginning of a page.
func (b benchmark) printAims(w io.Writer) {
	if len(b.aims) == 0 {
		fmt.Fprint(w, "No aim: it is what the others are judged by.\n\n")
		return
	}
	fmt.Fprint(w, "Aims:\n\n")
	for _, aim := range b.aims {
		fmt.Fprintf(w, "- %s\n", aim)
	}
	fmt.Fprintln(w)
}
