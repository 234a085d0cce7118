package main

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/extract"
	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/activities/sources/guard"
	"github.com/lyoapp/lyo/models"
)

// researching asks the content sites that are configured.
func (a *app) researching() *activities.Researching {
	r := &activities.Researching{DB: a.db, Clock: clock, Log: a.log}
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

// answers keeps what content sites answered in Postgres.
type answers struct{ db *gorm.DB }

// Load gives a kept answer.
func (c answers) Load(ctx context.Context, provider, key string) ([]byte, bool, error) {
	return models.FindAnswer(ctx, c.db, provider, key, clock())
}

// Store keeps one.
func (c answers) Store(ctx context.Context, provider, key string, items []byte, ttl time.Duration) error {
	now := clock()
	return models.KeepAnswer(ctx, c.db, models.SourceAnswer{Provider: provider, Key: key, Items: items, ExpiresAt: now.Add(ttl)}, now)
}

// fetchWithin is the time for a learner's page of up to 10 MiB.
const fetchWithin = 45 * time.Second

// material reads what learners bring along. The reader is to be closed in the end.
func (a *app) material() (*activities.Material, *extract.Reader) {
	reader := extract.NewReader(extract.Options{CacheDir: filepath.Join(a.cfg.StateDir, "pdfium")})
	fetcher := guard.NewFetcher(guard.Options{HTTPSOnly: true, UserAgent: "Lyo/" + version(), Timeout: fetchWithin})
	return &activities.Material{DB: a.db, Fetch: fetcher.Fetch, Reader: reader, Clock: clock}, reader
}
