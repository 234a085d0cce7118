package gbnf

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"pgregory.net/rapid"
)

// sample derives a sentence from a rule, as a model under the grammar would write one.
func sample(t *rapid.T, all rules, e expr) string {
	switch e := e.(type) {
	case literal:
		return string(e)
	case class:
		return characters(e).Draw(t, "character")
	case ref:
		for _, r := range all {
			if r.name == string(e) {
				return sample(t, all, r.body)
			}
		}
		panic("no rule " + string(e))
	case sequence:
		var out strings.Builder
		for _, part := range e {
			out.WriteString(sample(t, all, part))
		}
		return out.String()
	case choice:
		return sample(t, all, e[rapid.IntRange(0, len(e)-1).Draw(t, "choice")])
	case repeat:
		most := e.least + 5
		if e.most >= 0 {
			most = e.most
		}
		// Both ends matter most. Long ones repeat what they drew first: drawing is slow.
		n := rapid.OneOf(rapid.IntRange(e.least, min(most, e.least+5)), rapid.Just(most)).Draw(t, "times")
		drawn := make([]string, 0, 8)
		for range min(n, cap(drawn)) {
			drawn = append(drawn, sample(t, all, e.of))
		}
		var out strings.Builder
		for i := range n {
			out.WriteString(drawn[i%len(drawn)])
		}
		return out.String()
	default:
		panic(fmt.Sprintf("%T", e))
	}
}

// generators caches what characters compiled.
var generators sync.Map

func characters(c class) *rapid.Generator[string] {
	g, ok := generators.Load(c)
	if !ok {
		g, _ = generators.LoadOrStore(c, rapid.StringMatching("["+string(c)+"]"))
	}
	return g.(*rapid.Generator[string])
}

// matcher converts an expression without references to a regular expression.
func matcher(e expr) *regexp.Regexp {
	return regexp.MustCompile("^(?:" + pattern(e) + ")$")
}

func pattern(e expr) string {
	switch e := e.(type) {
	case literal:
		return regexp.QuoteMeta(string(e))
	case class:
		return "[" + string(e) + "]"
	case sequence:
		var out strings.Builder
		for _, part := range e {
			out.WriteString("(?:" + pattern(part) + ")")
		}
		return out.String()
	case choice:
		parts := make([]string, len(e))
		for i, part := range e {
			parts[i] = pattern(part)
		}
		return strings.Join(parts, "|")
	case repeat:
		return fmt.Sprintf("(?:%s){%d,%d}", pattern(e.of), e.least, e.most)
	default:
		panic(fmt.Sprintf("%T", e))
	}
}
