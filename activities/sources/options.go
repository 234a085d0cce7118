package sources

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/lyoapp/lyo/activities/sources/guard"
)

// Cache stores the answers of sites. Both methods are called concurrently; an error is
// logged and costs only a request.
type Cache interface {
	Load(ctx context.Context, provider, key string) (items []byte, found bool, err error)
	Store(ctx context.Context, provider, key string, items []byte, ttl time.Duration) error
}

// Options configure a Finder. The zero value queries the real sites, except YouTube, which
// needs a key.
type Options struct {
	Use        []string // the sites to query; nil: all of them
	YouTubeKey string   // sent to YouTube in a header, and nowhere else
	Contact    string   // put into the user agent, as the sites require: a mail address or a page
	Version    string   // of Lyo, for the user agent

	// BaseURLs are other addresses of sites, for tests; see At. {lang} stands for a
	// language. A moved site is queried only there, and its items point there. An
	// address on the loopback is allowed if it is written as a number.
	BaseURLs map[string]string

	Timeout      time.Duration // for each site; 6 s
	Deadline     time.Duration // for the whole of Find; 10 s
	CheckTimeout time.Duration // for one link; 3 s
	KeepFor      time.Duration // how long an answer is cached; 72 h
	KeepEmptyFor time.Duration // how long an empty or uncertain one is; 15 min

	// After BreakAfter failures in a row a site is not queried for BreakFor; 5 and 1 min.
	BreakAfter uint32
	BreakFor   time.Duration

	Cache    Cache          // nil: none
	Resolver guard.Resolver // the system's
	Logger   *slog.Logger   // nil: none
	Now      func() time.Time
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, 6*time.Second)
	o.Deadline = cmp.Or(o.Deadline, 10*time.Second)
	o.CheckTimeout = cmp.Or(o.CheckTimeout, 3*time.Second)
	o.KeepFor = cmp.Or(o.KeepFor, 72*time.Hour)
	o.KeepEmptyFor = cmp.Or(o.KeepEmptyFor, 15*time.Minute)
	o.BreakAfter = cmp.Or(o.BreakAfter, 5)
	o.BreakFor = cmp.Or(o.BreakFor, time.Minute)
	o.Version = cmp.Or(o.Version, "dev")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (o Options) userAgent() string {
	agent := "Lyo/" + o.Version
	if contact := plain(o.Contact, 200); contact != "" {
		agent += " (" + contact + ")"
	}
	return agent
}

// client returns the HTTP client for these hosts only.
func (o Options) client(timeout time.Duration, hosts []string, all sites) *http.Client {
	return guard.Client(guard.Options{
		Hosts: hosts, HTTPSOnly: true, Resolver: o.Resolver, MaxRedirects: 4, Timeout: timeout + time.Second, // contexts end first
		MaxBytes: 2 << 20, UserAgent: o.userAgent(), AllowLoopback: all.loopback(),
	})
}
