package sources_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/activities/sources/sourcetest"
	"github.com/stretchr/testify/require"
)

func TestFaultsOfOneSiteStayThere(t *testing.T) {
	t.Parallel()
	kinds := map[string]struct {
		fault sourcetest.Fault
		state sources.State
	}{
		"stall": {sourcetest.Stall(), sources.Unreachable}, "429": {sourcetest.TooMany(7 * time.Second), sources.Limited},
		"500": {sourcetest.Status(500), sources.Unreachable}, "400": {sourcetest.Status(400), sources.Unreachable},
		"broken": {sourcetest.Broken(), sources.Unreachable}, "huge": {sourcetest.Huge(), sources.Unreachable},
		"redirect":  {sourcetest.Redirect("http://169.254.169.254/latest/meta-data/"), sources.Unreachable},
		"elsewhere": {sourcetest.Redirect("https://example.com/"), sources.Unreachable},
		"empty":     {sourcetest.Empty(), sources.None}, "dead links": {sourcetest.DeadLinks(), sources.None},
		"broken links": {sourcetest.LinkStatus(503), sources.None}, "stalled links": {sourcetest.StallLinks(), sources.None},
		"links lead inside": {sourcetest.RedirectLinks("http://127.0.0.1:1/"), sources.None},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, site := range all {
				t.Run(site, func(t *testing.T) {
					t.Parallel()
					s := sourcetest.New(t)
					s.Set(site, kind.fault)
					patience := 2 * time.Second
					if strings.HasPrefix(name, "stall") {
						patience = time.Second
					}
					others := []string{site, sources.Wikipedia, sources.OpenLibrary}
					r := finder(s, func(o *sources.Options) { o.Use = others; o.Timeout = patience; o.CheckTimeout = patience }).Find(t.Context(), query())
					got := outcome(t, r, site)
					require.Equal(t, kind.state, got.State, got)
					require.NotEmpty(t, got.Reason)
					require.Empty(t, of(r, site))
					for _, other := range others[1:] {
						if other != site {
							require.Equal(t, sources.Found, outcome(t, r, other).State)
						}
					}
				})
			}
		})
	}
}

func TestStalledSiteHoldsUpNobody(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	s.Set(sources.OpenLibrary, sourcetest.Stall())
	const patience = 700 * time.Millisecond
	cache := &memory{stored: make(chan string, 10)}
	f := finder(s, func(o *sources.Options) { o.Timeout = patience; o.Cache = cache })
	began := time.Now()
	reports := make(chan sources.Report, 1)
	go func() { reports <- f.Find(t.Context(), query()) }()
	for range 4 {
		require.NotEqual(t, sources.OpenLibrary, <-cache.stored) // the others finish while it stalls
	}
	r := <-reports
	require.GreaterOrEqual(t, time.Since(began), patience)
	require.Less(t, time.Since(began), patience+3*time.Second)
	require.Equal(t, sources.Unreachable, outcome(t, r, sources.OpenLibrary).State)
	require.Equal(t, "It did not answer in time.", outcome(t, r, sources.OpenLibrary).Reason)
	require.Len(t, r.Items, 10)
}

func TestNobodyReachable(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	s.Close()
	r := finder(s).Find(t.Context(), query())
	require.NotNil(t, r.Items)
	require.Empty(t, r.Items)
	for _, name := range all {
		require.Equal(t, sources.Unreachable, outcome(t, r, name).State)
	}
	require.Contains(t, r.Note(), "No outside source could be reached")
}
