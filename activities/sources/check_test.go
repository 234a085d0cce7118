package sources_test

import (
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/activities/sources/sourcetest"
	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	f := finder(s, func(o *sources.Options) { o.CheckTimeout = 300 * time.Millisecond })
	page := s.URL() + "/wikipedia/en/wiki/Bread"
	for name, c := range map[string]struct {
		fault sourcetest.Fault
		want  sources.LinkState
	}{
		"good": {sourcetest.Fault{}, sources.LinkGood}, "404": {sourcetest.DeadLinks(), sources.LinkDead}, "410": {sourcetest.LinkStatus(410), sources.LinkDead},
		"500": {sourcetest.LinkStatus(500), sources.LinkDead}, "403": {sourcetest.LinkStatus(403), sources.LinkDead}, "429": {sourcetest.LinkStatus(429), sources.LinkUnreachable},
		"no HEAD": {sourcetest.NoHead(405), sources.LinkGood}, "forbidden HEAD": {sourcetest.NoHead(403), sources.LinkGood},
		"stall": {sourcetest.StallLinks(), sources.LinkUnreachable}, "inside": {sourcetest.RedirectLinks("http://169.254.169.254/"), sources.LinkRefused},
		"elsewhere": {sourcetest.RedirectLinks("https://example.com/"), sources.LinkRefused},
	} {
		s.Set(sources.Wikipedia, c.fault)
		require.Equal(t, c.want, f.Check(t.Context(), page), name)
	}
	require.Equal(t, sources.LinkRefused, f.Check(t.Context(), "http://169.254.169.254/"))
	require.Equal(t, sources.LinkRefused, f.Check(t.Context(), "https://example.com/"))
	require.Equal(t, sources.LinkRefused, f.Check(t.Context(), "nonsense\x7f"))
}
