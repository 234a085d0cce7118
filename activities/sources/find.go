package sources

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sony/gobreaker/v2"
)

// answer is the result of one site.
type answer struct {
	place   int
	outcome Outcome
	items   []Item
}

// Find queries all sites concurrently and ends by Options.Deadline, or when ctx does. Late
// sites are reported as unreachable. Running it again is harmless.
func (f *Finder) Find(ctx context.Context, q Query) Report {
	ctx, cancel := context.WithTimeout(ctx, f.o.Deadline)
	defer cancel()
	q = q.normalised()
	answers := make(chan answer, len(f.asked)) // buffered, so that a late one does not block
	report := Report{Items: []Item{}, Providers: make([]Outcome, len(f.asked))}
	for i, a := range f.asked {
		report.Providers[i] = Outcome{Name: a.name, State: Unreachable, Reason: reasonSlow}
		go func() { answers <- f.ask(ctx, i, a, q) }()
	}
	var items []Item
	take := func(got answer) { report.Providers[got.place], items = got.outcome, append(items, got.items...) }
	for range f.asked {
		select {
		case got := <-answers:
			take(got)
			continue
		case <-ctx.Done():
		}
		select {
		case got := <-answers: // came at the same moment
			take(got)
		default:
		}
	}
	return f.finish(q, report, items)
}

func (f *Finder) finish(q Query, report Report, items []Item) Report {
	place := map[string]int{}
	for i, p := range report.Providers {
		place[p.Name] = i
	}
	// Answers come in any order; equal items must not.
	slices.SortStableFunc(items, func(a, b Item) int { return place[a.Source] - place[b.Source] })
	report.Items = distinct(ranked(q, items))
	return report
}

func (q Query) normalised() Query {
	q.Topic, q.Lesson = plain(q.Topic, maxTitle), plain(q.Lesson, maxTitle)
	q.Language, q.Level = first(known(q.Language), "en"), strings.ToLower(strings.TrimSpace(q.Level))
	if q.Limit <= 0 {
		q.Limit = 5
	}
	q.Limit = min(q.Limit, 10)
	return q
}

// ask returns one site's answer: cached, or fresh with its links checked.
func (f *Finder) ask(ctx context.Context, place int, a *asked, q Query) answer {
	out := answer{place: place, outcome: Outcome{Name: a.name}}
	if a.provider == nil {
		out.outcome.State, out.outcome.Reason = Off, reasonNotUsed
		return out
	}
	items, kept := f.load(ctx, a.name, q)
	if !kept {
		found, err := f.fresh(ctx, a, q)
		if err != nil {
			out.outcome.State, out.outcome.Reason = f.explain(ctx, a.name, err)
			return out
		}
		var sure bool
		found = ranked(q, found)
		items, sure = f.checked(ctx, found[:min(len(found), q.Limit)])
		f.store(ctx, a.name, q, items, sure)
		if len(found) > 0 && len(items) == 0 {
			out.outcome.State, out.outcome.Reason = None, reasonDeadLinks
			return out
		}
	}
	out.items = items
	out.outcome.State, out.outcome.Count, out.outcome.Cached = Found, len(items), kept
	if len(items) == 0 {
		out.outcome.State, out.outcome.Reason = None, reasonNothing
	}
	return out
}

// fresh queries the site itself, unless its breaker is open.
func (f *Finder) fresh(ctx context.Context, a *asked, q Query) ([]Item, error) {
	return a.breaker.Execute(func() (items []Item, err error) {
		within, cancel := context.WithTimeout(ctx, f.o.Timeout)
		defer cancel()
		defer func() {
			if bug := recover(); bug != nil {
				items, err = nil, senseless(fmt.Errorf("panic: %v", bug))
			}
			if err != nil && ctx.Err() != nil {
				err = errors.Join(errGone, err)
			}
		}()
		return a.provider.Find(within, q)
	})
}

// explain converts a failure to a state and a reason, and logs it.
func (f *Finder) explain(ctx context.Context, name string, err error) (State, string) {
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return Unreachable, reasonBroken
	}
	why := faultOf(err)
	if why.state != Off {
		f.o.Logger.WarnContext(ctx, "a source gave nothing", "source", name, "state", string(why.state), "status", why.status, "reason", why.reason, "cause", why.cause)
	}
	return why.state, why.reason
}
