package sources

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
)

// answer is the result of one site.
type answer[T any] struct {
	place   int
	outcome Outcome
	found   []T
}

// Find queries all sites concurrently and ends by Options.Deadline, or when ctx does. Late
// sites are reported as unreachable. Running it again is harmless.
func (f *Finder) Find(ctx context.Context, q Query) Report {
	q = q.normalised()
	outcomes, items := together(ctx, f.o.Deadline, f.asked, func(a *asked) string { return a.name }, func(ctx context.Context, a *asked) (Outcome, []Item) {
		return f.ask(ctx, a, q)
	})
	return f.finish(q, Report{Items: []Item{}, Providers: outcomes}, items)
}

// together asks all sites concurrently. Those that have not answered by the deadline, or when
// ctx ends, are unreachable.
func together[S, T any](ctx context.Context, deadline time.Duration, all []S, name func(S) string, ask func(context.Context, S) (Outcome, []T)) ([]Outcome, []T) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	answers := make(chan answer[T], len(all)) // buffered, so that a late one does not block
	outcomes := make([]Outcome, len(all))
	for i, s := range all {
		outcomes[i] = Outcome{Name: name(s), State: Unreachable, Reason: reasonSlow}
		go func() {
			outcome, found := ask(ctx, s)
			answers <- answer[T]{i, outcome, found}
		}()
	}
	var found []T
	take := func(got answer[T]) { outcomes[got.place], found = got.outcome, append(found, got.found...) }
	for range all {
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
	return outcomes, found
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
func (f *Finder) ask(ctx context.Context, a *asked, q Query) (Outcome, []Item) {
	if a.provider == nil {
		return Outcome{Name: a.name, State: Off, Reason: reasonNotUsed}, nil
	}
	key := q.key(formItems)
	items, kept := load[Item](ctx, f, a.name, key)
	if !kept {
		found, err := fresh(ctx, f, a.breaker, func(ctx context.Context) ([]Item, error) { return a.provider.Find(ctx, q) })
		if err != nil {
			return f.explain(ctx, a.name, err), nil
		}
		var sure bool
		found = ranked(q, found)
		items, sure = f.checked(ctx, found[:min(len(found), q.Limit)])
		save(ctx, f, a.name, key, items, sure)
		if len(found) > 0 && len(items) == 0 {
			return Outcome{Name: a.name, State: None, Reason: reasonDeadLinks}, nil
		}
	}
	return counted(a.name, len(items), kept), items
}

// counted returns the outcome of a site that answered.
func counted(name string, count int, cached bool) Outcome {
	if count == 0 {
		return Outcome{Name: name, State: None, Cached: cached, Reason: reasonNothing}
	}
	return Outcome{Name: name, State: Found, Count: count, Cached: cached}
}

// fresh queries a site itself, unless its breaker is open.
func fresh[T any](ctx context.Context, f *Finder, breaker *gobreaker.CircuitBreaker[[]T], query func(context.Context) ([]T, error)) ([]T, error) {
	return breaker.Execute(func() (found []T, err error) {
		within, cancel := context.WithTimeout(ctx, f.o.Timeout)
		defer cancel()
		defer func() {
			if bug := recover(); bug != nil {
				found, err = nil, senseless(fmt.Errorf("panic: %v", bug))
			}
			if err != nil && ctx.Err() != nil {
				err = errors.Join(errGone, err)
			}
		}()
		return query(within)
	})
}

// explain converts a failure to an outcome, and logs it.
func (f *Finder) explain(ctx context.Context, name string, err error) Outcome {
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return Outcome{Name: name, State: Unreachable, Reason: reasonBroken}
	}
	why := faultOf(err)
	if why.state != Off {
		f.o.Logger.WarnContext(ctx, "a source gave nothing", "source", name, "state", string(why.state), "status", why.status, "reason", why.reason, "cause", why.cause)
	}
	return Outcome{Name: name, State: why.state, Reason: why.reason}
}
