package sources

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// getter sends requests to one site, within its rate limit.
type getter struct {
	client  *http.Client
	limiter *rate.Limiter
	now     func() time.Time

	mu    sync.Mutex
	until time.Time // the end of the site's Retry-After
}

// get returns the body at an address. A wait that would outlast ctx counts as limited.
func (g *getter) get(ctx context.Context, address string, header http.Header) ([]byte, error) {
	if err := g.pause(ctx); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, &fault{state: Unreachable, reason: reasonUnreachable}
	}
	maps.Copy(req.Header, header)
	res, err := g.client.Do(req)
	if err != nil {
		return nil, g.failed(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || res.Header.Get(mediaWikiError) != "" {
		return nil, g.refusal(res)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, g.failed(ctx, err)
	}
	return body, nil
}

func (g *getter) pause(ctx context.Context) error {
	g.mu.Lock()
	left := g.until.Sub(g.now())
	g.mu.Unlock()
	if left > 0 {
		return limited(left)
	}
	if err := g.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return g.failed(ctx, err)
		}
		return limited(0)
	}
	return nil
}

func (g *getter) failed(ctx context.Context, err error) error {
	f := faultOf(err)
	if ctx.Err() != nil {
		f.reason, f.cause = reasonSlow, ctx.Err()
	}
	return f
}

func (g *getter) refusal(res *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(res.Body, 16<<10))
	if err != nil {
		body = nil
	}
	f := &fault{state: Unreachable, reason: reasonRefused, status: res.StatusCode, body: body}
	switch {
	case res.StatusCode == http.StatusTooManyRequests, busy(res.Header.Get(mediaWikiError)), res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "":
		f.state, f.reason, f.after = Limited, reasonLimited, retryAfter(res, g.now())
		g.hold(f.after)
	case res.StatusCode >= 500:
		f.reason = reasonUnreachable
	}
	return f
}

// mediaWikiError is the header with the code of an error, which MediaWiki answers with status 200.
const mediaWikiError = "Mediawiki-Api-Error"

func busy(code string) bool { return code == "maxlag" || code == "ratelimited" }

// hold stops requests to the site for a while.
func (g *getter) hold(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := g.now().Add(d); until.After(g.until) {
		g.until = until
	}
}

// each decodes the parts of a list one by one, so that an invalid one affects only itself.
func each[T any](raw []json.RawMessage) []T {
	out := make([]T, 0, len(raw))
	for _, part := range raw {
		var value T
		if json.Unmarshal(part, &value) == nil {
			out = append(out, value)
		}
	}
	return out
}

// usable returns the items that can be made of the parts of a list.
func usable[T any](raw []json.RawMessage, item func(T) (Item, bool)) (items []Item) {
	for _, part := range each[T](raw) {
		if i, ok := item(part); ok {
			items = append(items, i)
		}
	}
	return items
}

// firstFound tries searches until one has a result.
func firstFound(searches []string, search func(text string) ([]Item, error)) ([]Item, error) {
	for _, text := range searches {
		if items, err := search(text); err != nil || len(items) > 0 {
			return items, err
		}
	}
	return nil, nil
}
