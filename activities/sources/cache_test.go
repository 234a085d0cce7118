package sources_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/activities/sources/sourcetest"
	"github.com/stretchr/testify/require"
)

// memory is a cache for tests.
type memory struct {
	mu     sync.Mutex
	rows   map[string][]byte
	ttl    map[string]time.Duration
	fails  bool
	stored chan string
}

func (m *memory) Load(_ context.Context, provider, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails {
		return nil, false, errors.New("no cache today")
	}
	row, found := m.rows[provider+key]
	return row, found, nil
}

func (m *memory) Store(_ context.Context, provider, key string, items []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails {
		return errors.New("no cache today")
	}
	if m.rows == nil {
		m.rows, m.ttl = map[string][]byte{}, map[string]time.Duration{}
	}
	m.rows[provider+key], m.ttl[provider] = items, ttl
	if m.stored != nil {
		m.stored <- provider
	}
	return nil
}

func TestCache(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	cache := &memory{}
	f := finder(s, func(o *sources.Options) {
		o.Cache = cache
		o.Timeout = 2 * time.Second
		o.CheckTimeout = 300 * time.Millisecond
	})
	s.Set(sources.OpenLibrary, sourcetest.Empty())
	s.Set(sources.ArXiv, sourcetest.Status(500))
	s.Set(sources.YouTube, sourcetest.StallLinks())
	fresh := f.Find(t.Context(), query())
	require.Equal(t, map[string]time.Duration{
		sources.Wikipedia: 72 * time.Hour, sources.ITunes: 72 * time.Hour,
		sources.OpenLibrary: 15 * time.Minute, sources.YouTube: 15 * time.Minute,
	}, cache.ttl, "what is empty or uncertain is kept shortly, a failure never")

	asked := len(s.Requests(""))
	again := query()
	again.Topic = " Sourdough  BREAD "
	kept := finder(s, func(o *sources.Options) {
		o.Cache = cache
		o.Use = []string{sources.Wikipedia, sources.ITunes, sources.OpenLibrary}
	}).Find(t.Context(), again)
	require.Len(t, s.Requests(""), asked, "a hit asks nobody")
	require.Equal(t, fresh.Items, kept.Items)
	require.True(t, outcome(t, kept, sources.Wikipedia).Cached)
	require.Equal(t, sources.None, outcome(t, kept, sources.OpenLibrary).State)

	for key := range cache.rows {
		require.NotContains(t, key, "sourdough")
		cache.rows[key] = []byte("{broken")
	}
	again.Limit = 0
	require.NotEmpty(t, finder(s, func(o *sources.Options) { o.Cache = cache; o.Use = []string{sources.Wikipedia} }).Find(t.Context(), again).Items)
	require.Greater(t, len(s.Requests("")), asked, "a broken row is a miss")
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
