package sources_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/activities/sources/sourcetest"
	"github.com/stretchr/testify/require"
)

func TestArXivIsAskedOnceInThreeSeconds(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	f := finder(s, func(o *sources.Options) { o.Use = []string{sources.ArXiv}; o.Timeout = 2 * time.Second })
	require.Equal(t, sources.Found, outcome(t, f.Find(t.Context(), query()), sources.ArXiv).State)
	second := query()
	second.Topic = "rye"
	got := outcome(t, f.Find(t.Context(), second), sources.ArXiv)
	require.Equal(t, sources.Limited, got.State)
	api := 0
	for _, r := range s.Requests(sources.ArXiv) {
		if !r.Link {
			api++
		}
	}
	require.Equal(t, 1, api)
}

func TestRetryAfterIsKept(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	s.Set(sources.OpenLibrary, sourcetest.TooMany(40*time.Second))
	clock := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	f := finder(s, func(o *sources.Options) { o.Use = []string{sources.OpenLibrary}; o.Now = clock.Now })
	require.Equal(t, sources.Limited, outcome(t, f.Find(t.Context(), query()), sources.OpenLibrary).State)
	s.Set(sources.OpenLibrary, sourcetest.Fault{})
	clock.add(39 * time.Second)
	require.Equal(t, sources.Limited, outcome(t, f.Find(t.Context(), query()), sources.OpenLibrary).State)
	require.Len(t, s.Requests(""), 1)
	clock.add(2 * time.Second)
	require.Equal(t, sources.Found, outcome(t, f.Find(t.Context(), query()), sources.OpenLibrary).State)
}

func TestQuotaOfYouTube(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	s.Set(sources.YouTube, sourcetest.Quota())
	f := finder(s, func(o *sources.Options) { o.Use = []string{sources.YouTube} })
	for range 3 {
		require.Equal(t, sources.Limited, outcome(t, f.Find(t.Context(), query()), sources.YouTube).State)
	}
	require.Len(t, s.Requests(""), 1, "a used-up quota is not asked again")
}

func TestSecretsAndTopicsStayOutOfLogs(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	var out lines
	f := finder(s, func(o *sources.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&out, nil))
		o.YouTubeKey = "very-secret"
		o.Timeout = 2 * time.Second
		o.Cache = &memory{fails: true}
	})
	s.Set(sources.Wikipedia, sourcetest.Redirect("http://10.0.0.1/?sourdough"))
	s.Set(sources.ITunes, sourcetest.Status(500))
	s.Set(sources.OpenLibrary, sourcetest.Broken())
	r := f.Find(t.Context(), query())
	require.Equal(t, sources.Unreachable, outcome(t, r, sources.YouTube).State, "the key is refused")
	require.Equal(t, sources.Found, outcome(t, r, sources.ArXiv).State, "a failing cache costs nothing")
	require.Contains(t, out.String(), "source=youtube")
	require.Contains(t, out.String(), "the cache of sources failed")
	text, err := json.Marshal(r.Providers)
	require.NoError(t, err)
	for _, word := range []string{"very-secret", "sourdough", "127.0.0.1"} {
		require.NotContains(t, out.String(), word)
		require.NotContains(t, string(text), word)
	}
	for _, request := range s.Requests("") {
		require.NotContains(t, request.Query.Encode()+request.Path, "secret")
		require.Equal(t, request.Site == sources.YouTube, request.Header.Get("X-Goog-Api-Key") != "", request)
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	s.Set(sources.Wikipedia, sourcetest.Status(500))
	f := finder(s, func(o *sources.Options) {
		o.Use = []string{sources.Wikipedia}
		o.BreakAfter = 3
		o.BreakFor = time.Hour
	})
	for range 6 {
		require.Equal(t, sources.Unreachable, outcome(t, f.Find(t.Context(), query()), sources.Wikipedia).State)
	}
	require.Len(t, s.Requests(""), 3)
}
