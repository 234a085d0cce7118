package sources

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"
)

// Finder queries the sites. Create one with New and share it.
type Finder struct {
	o      Options
	asked  []*asked
	wikis  []*wiki
	links  *http.Client
	places *semaphore.Weighted // links opened at once
}

// asked is one site with its breaker; a nil provider is switched off.
type asked struct {
	name     string
	provider Provider
	breaker  *gobreaker.CircuitBreaker[[]Item]
}

const linksAtOnce = 12

// New returns a Finder. It makes no request before Find is called.
func New(o Options) *Finder {
	o = o.withDefaults()
	all := newSites(o.BaseURLs)
	f := &Finder{o: o, links: o.client(o.CheckTimeout, all.linked(), all), places: semaphore.NewWeighted(linksAtOnce)}
	get := func(name string, every time.Duration, burst int) (site, *getter) {
		return all[name], &getter{client: o.client(o.Timeout, all[name].asked, all), limiter: rate.NewLimiter(rate.Every(every), burst), now: o.Now}
	}
	for _, name := range []string{Wikipedia, Wikibooks, Wikiversity} {
		s, g := get(name, 100*time.Millisecond, 12)
		f.wikis = append(f.wikis, &wiki{wikiKind: wikiKinds[name], name: name, off: !f.uses(name), site: s, getter: g, breaker: newBreaker[Article](o, name)})
	}
	for _, name := range []string{Wikipedia, OpenLibrary, ArXiv, ITunes, YouTube} {
		f.add(name, f.provider(name, get))
	}
	return f
}

func (f *Finder) uses(name string) bool { return f.o.Use == nil || slices.Contains(f.o.Use, name) }

// provider returns a site's provider with the rate limit that the site asks for: the wikis
// a few at a time, Open Library three a second for identified clients, arXiv one in three
// seconds, Apple about twenty a minute; YouTube counts by the day.
func (f *Finder) provider(name string, get func(string, time.Duration, int) (site, *getter)) Provider {
	if !f.uses(name) {
		return nil
	}
	switch name {
	case Wikipedia:
		w := f.wikis[0] // one limit for items and articles
		return &wikipedia{site: w.site, getter: w.getter}
	case OpenLibrary:
		s, g := get(name, time.Second, 2)
		return &openLibrary{site: s, getter: g}
	case ArXiv:
		s, g := get(name, 3*time.Second, 1)
		return &arXiv{site: s, getter: g}
	case ITunes:
		s, g := get(name, 3*time.Second, 4)
		return &iTunes{site: s, getter: g}
	case YouTube:
		if f.o.YouTubeKey == "" {
			return nil
		}
		s, g := get(name, time.Second, 4)
		return &youTube{site: s, getter: g, key: f.o.YouTubeKey}
	}
	return nil
}

func (f *Finder) add(name string, p Provider) {
	f.asked = append(f.asked, &asked{name: name, provider: p, breaker: newBreaker[Item](f.o, name)})
}

func newBreaker[T any](o Options, name string) *gobreaker.CircuitBreaker[[]T] {
	return gobreaker.NewCircuitBreaker[[]T](gobreaker.Settings{
		Name: name, Timeout: o.BreakFor,
		ReadyToTrip: func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= o.BreakAfter },
		IsExcluded:  harmlessFailure,
	})
}

// harmlessFailure reports failures that say nothing about a site's health.
func harmlessFailure(err error) bool {
	if errors.Is(err, errGone) {
		return true
	}
	f, ok := errors.AsType[*fault](err)
	return ok && (f.state == Limited || f.state == Off)
}

var errGone = errors.New("the caller has gone")
