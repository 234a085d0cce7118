package sources

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/lyoapp/lyo/activities/sources/guard"
)

// LinkState is the result of opening a link.
type LinkState string

// The states of links. Only items with a good one are offered.
const (
	LinkGood        LinkState = "good"
	LinkDead        LinkState = "dead"        // does not exist, or not for everyone
	LinkUnreachable LinkState = "unreachable" // no answer in time, or a temporary error
	LinkRefused     LinkState = "refused"     // leads to a host that is not allowed
)

// Check opens a link without reading it: by HEAD, or by GET of its first byte where a
// site does not allow that. It ends within Options.CheckTimeout, and only connects to
// the sites of this package.
func (f *Finder) Check(ctx context.Context, address string) LinkState {
	ctx, cancel := context.WithTimeout(ctx, f.o.CheckTimeout)
	defer cancel()
	status, err := f.open(ctx, http.MethodHead, address)
	if err == nil && (status == http.StatusMethodNotAllowed || status == http.StatusForbidden || status == http.StatusNotImplemented) {
		status, err = f.open(ctx, http.MethodGet, address)
	}
	switch {
	case errors.Is(err, guard.ErrRefused):
		return LinkRefused
	case err != nil, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return LinkUnreachable
	case status/100 == 2, status == http.StatusRequestedRangeNotSatisfiable:
		return LinkGood
	default:
		return LinkDead
	}
}

func (f *Finder) open(ctx context.Context, method, address string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return 0, guard.ErrRefused
	}
	if method == http.MethodGet {
		req.Header.Set("Range", "bytes=0-0")
	}
	res, err := f.links.Do(req)
	if err != nil {
		return 0, err
	}
	_ = res.Body.Close()
	return res.StatusCode, nil
}

// checked returns the items with good links. sure means that every link gave an answer.
func (f *Finder) checked(ctx context.Context, items []Item) (good []Item, sure bool) {
	states := make([]LinkState, len(items))
	var wait sync.WaitGroup
	for i, item := range items {
		wait.Go(func() {
			states[i] = LinkUnreachable
			if f.places.Acquire(ctx, 1) == nil {
				defer f.places.Release(1)
				states[i] = f.Check(ctx, item.SourceURL)
			}
		})
	}
	wait.Wait()
	sure = true
	for i, item := range items {
		sure = sure && states[i] != LinkUnreachable
		if states[i] == LinkGood {
			good = append(good, item)
		}
	}
	return good, sure
}
