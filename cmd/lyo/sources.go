package main

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/worker"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/extract/isolate"
	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/activities/sources/guard"
	"github.com/lyoapp/lyo/models/courses"
)

// researching returns the activities that query the configured content sites.
func (a *app) researching() *activities.SourceActivities {
	r := &activities.SourceActivities{DB: a.db, Clock: clock, Log: a.log}
	c := a.cfg.Sources
	if slices.Contains(c.Use, "none") {
		return r
	}
	o := sources.Options{
		Use: c.Use, YouTubeKey: c.YouTubeKey.Reveal(), Contact: c.Contact, Version: version(),
		Cache: answers{a.db}, Logger: a.log, Now: clock,
	}
	if o.Contact == "" {
		o.Contact = a.cfg.HTTP.PublicURL
	}
	if c.URL != "" {
		o.BaseURLs = sources.At(c.URL)
	}
	r.Finder = sources.New(o)
	return r
}

// answers caches responses of content sites in Postgres.
type answers struct{ db *gorm.DB }

// Load returns a cached response.
func (c answers) Load(ctx context.Context, provider, key string) ([]byte, bool, error) {
	return courses.FindAnswer(ctx, c.db, provider, key, clock())
}

// Store caches a response.
func (c answers) Store(ctx context.Context, provider, key string, items []byte, ttl time.Duration) error {
	now := clock()
	return courses.KeepAnswer(ctx, c.db, courses.SourceAnswer{Provider: provider, Key: key, Items: items, ExpiresAt: now.Add(ttl)}, now)
}

// fetchWithin bounds the download of a page of up to 10 MiB.
const fetchWithin = 45 * time.Second

// Limits of a worker on source material. A reader uses a core, and memory up to the limit of package
// isolate; a page stays in memory until it is stored. Waiting for a turn costs little.
const (
	readersAtOnce  = 2
	fetchersAtOnce = 4
	waitingAtOnce  = 200
)

// material returns the activities that read source material. The PDF reader is prepared in the
// background until ctx ends.
func (a *app) material(ctx context.Context) *activities.MaterialActivities {
	reader := isolate.New(isolate.Options{Args: []string{readDocument}, CacheDir: a.cfg.Sources.PDFCache})
	go func() {
		if err := reader.Warm(ctx); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "no PDF can be read here", "error", err)
		}
	}()
	fetcher := guard.NewFetcher(guard.Options{HTTPSOnly: true, UserAgent: "Lyo/" + version(), Timeout: fetchWithin, EvenLookUps: evenLookUps})
	return &activities.MaterialActivities{
		DB: a.db, Fetch: fetcher.Fetch, Reader: reader, Clock: clock, Log: a.log,
		Fetching: activities.NewTurns(fetchersAtOnce), Reading: activities.NewTurns(readersAtOnce),
	}
}

// evenLookUps is the duration of every failed look-up of a user's address, so that the time reveals
// nothing about internal names.
const evenLookUps = 3 * time.Second

func readingOptions(base worker.Options) worker.Options {
	base.DisableWorkflowWorker = true
	base.MaxConcurrentActivityExecutionSize = waitingAtOnce
	return base
}
