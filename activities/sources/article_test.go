package sources_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/activities/sources/sourcetest"
	"github.com/lyoapp/lyo/models/text"
	"github.com/stretchr/testify/require"
)

var wikis = []string{sources.Wikipedia, sources.Wikibooks, sources.Wikiversity}

func volcanoes() sources.Query { return sources.Query{Topic: "How volcanoes work", Language: "en"} }

func outcomeIn(t *testing.T, outcomes []sources.Outcome, name string) sources.Outcome {
	t.Helper()
	return outcome(t, sources.Report{Providers: outcomes}, name)
}

func headingsOf(a sources.Article) []string {
	var out []string
	for _, section := range a.Sections {
		out = append(out, strings.Repeat("=", section.Level)+" "+section.Heading)
	}
	return out
}

func TestArticlesOfAllWikis(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	now := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	f := finder(s, func(o *sources.Options) { o.Now = func() time.Time { return now } })
	articles, outcomes := f.Articles(t.Context(), volcanoes(), 5)
	require.Len(t, outcomes, 3)
	for i, name := range wikis {
		require.Equal(t, name, outcomes[i].Name)
		require.Equal(t, sources.Found, outcomes[i].State, outcomes[i])
	}
	require.Equal(t, 2, outcomes[0].Count)
	require.Len(t, articles, 4)
	byTitle := map[string]sources.Article{}
	for _, a := range articles {
		byTitle[a.Title] = a
		require.Equal(t, "en", a.Language)
		require.Equal(t, "CC BY-SA 4.0", a.License)
		require.Equal(t, now.Truncate(time.Second), a.FetchedAt)
		require.Greater(t, text.CountWords(a.Text), 590, a.Title)
		require.False(t, a.Cut)
		for _, word := range []string{"[1]", "[edit]", "==", "( ", "\n\n\n", "handbook of volcanoes", "Seismology"} {
			require.NotContains(t, a.Text, word, a.Title)
		}
		for paragraph := range strings.SplitSeq(a.Text, "\n\n") {
			require.True(t, text.EndsSentence(paragraph), paragraph)
		}
		require.Equal(t, sources.LinkGood, f.Check(t.Context(), a.URL))
		require.Equal(t, sources.LinkGood, f.Check(t.Context(), a.Permalink))
	}
	require.Equal(t, "Geology/How volcanoes work", articles[0].Title, "its title has every word")
	book := articles[0]
	require.Equal(t, sources.Wikibooks, book.Site)
	require.Equal(t, s.URL()+"/wikibooks/en/wiki/Geology/How_volcanoes_work", book.URL)
	require.Equal(t, s.URL()+"/wikibooks/en/w/index.php?oldid="+book.Revision, book.Permalink)
	require.Equal(t, "“Geology/How volcanoes work”, Wikibooks contributors, CC BY-SA 4.0", book.Attribution)

	volcano := byTitle["Volcano"]
	require.Equal(t, []string{
		"= ", "== How magma forms", "=== Falling pressure", "=== Added water", "=== Heat from below", "== What drives an eruption",
		"== Shapes of volcanoes", "== Dangers", "== Benefits",
	}, headingsOf(volcano))
	require.True(t, strings.HasPrefix(volcano.Text, "A volcano (from the name of the Roman god of fire) is an opening"), volcano.Text[:80])
	part := volcano.Sections[3]
	require.True(t, strings.HasPrefix(volcano.Text[part.Start:part.End], "Where one plate sinks beneath another"))

	for _, r := range s.Requests("") {
		if strings.HasSuffix(r.Path, "/w/api.php") {
			require.Equal(t, "extracts|info|pageprops", r.Query.Get("prop"))
			require.NotContains(t, r.Query.Get("titles"), "|")
		}
		require.Equal(t, "Lyo/test (https://lyo.example)", r.Header.Get("User-Agent"))
	}
}

func TestAtMostSoManyArticles(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	f := finder(s)
	articles, outcomes := f.Articles(t.Context(), volcanoes(), 1)
	require.Len(t, articles, 1)
	require.Equal(t, 1, outcomes[0].Count)
	read := 0
	for _, r := range s.Requests(sources.Wikipedia) {
		if r.Path == "/wikipedia/en/w/api.php" {
			read++
		}
	}
	require.Equal(t, 1, read, "no page is read that is not needed")
	articles, outcomes = f.Articles(t.Context(), volcanoes(), 0)
	require.Empty(t, articles)
	require.Empty(t, outcomes)
}

func TestArticlesInTheLanguageThatWasAsked(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	f := finder(s)
	articles, outcomes := f.Articles(t.Context(), sources.Query{Topic: "Wie Vulkane funktionieren", Language: "de-AT"}, 3)
	require.Len(t, articles, 1)
	require.Equal(t, "Vulkan", articles[0].Title)
	require.Equal(t, "de", articles[0].Language)
	require.NotContains(t, articles[0].Text, "Lehrbuch der Geologie")
	require.Equal(t, "== Überwachung", headingsOf(articles[0])[6])
	require.Equal(t, sources.None, outcomes[2].State)

	asked := len(s.Requests(""))
	articles, outcomes = f.Articles(t.Context(), sources.Query{Topic: "How volcanoes work", Language: "tlh"}, 3)
	require.Empty(t, articles)
	for _, o := range outcomes {
		require.Equal(t, sources.None, o.State)
		require.Equal(t, "It has nothing in this language.", o.Reason)
	}
	require.Len(t, s.Requests(""), asked, "a wiki without an edition is not asked")

	articles, outcomes = f.Articles(t.Context(), sources.Query{Topic: "Kieselstein", Language: "en"}, 3)
	require.Empty(t, articles, "a page of the English wiki in German")
	require.Equal(t, sources.None, outcomes[0].State)
}

func TestPagesThatAreNoArticles(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	for topic, reason := range map[string]string{
		"Mercury": "[disambiguation]", "List of deep lakes": "[list]", "Lake depths": "[list]", "Quartz vein": "[stub]", "Blank page": "[empty]", "Melting points": "[empty]",
		"Kieselstein": "[language]", "Vanished island": "[withdrawn]", "Askew [bracket": "[withdrawn]", "sourdough bread": "[stub disambiguation stub list]",
	} {
		var log lines
		f := finder(s, func(o *sources.Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		articles, outcomes := f.Articles(t.Context(), sources.Query{Topic: topic}, 3)
		require.Empty(t, articles, topic)
		require.Equal(t, sources.Outcome{Name: sources.Wikipedia, State: sources.None, Reason: "It has nothing that fits."}, outcomes[0], topic)
		require.Contains(t, log.String(), reason, topic)
		require.NotContains(t, strings.ToLower(log.String()), strings.ToLower(topic), "no topic in a log")
	}
}

func TestHugePageIsCutAfterASentence(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	articles, _ := finder(s).Articles(t.Context(), sources.Query{Topic: "Endless river"}, 1)
	require.Len(t, articles, 1)
	require.True(t, articles[0].Cut)
	require.LessOrEqual(t, len(articles[0].Text), 400_000)
	require.Greater(t, len(articles[0].Text), 399_000)
	require.True(t, strings.HasSuffix(articles[0].Text, "ends with a full stop."))
	require.Equal(t, len(articles[0].Text), articles[0].Sections[0].End)
}

func TestMarkupInAPage(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	articles, _ := finder(s).Articles(t.Context(), sources.Query{Topic: "Tangled markup"}, 1)
	require.Len(t, articles, 1)
	got := articles[0].Text
	require.True(t, strings.HasPrefix(got, "The tangled markup of this page was never closed.\n\nSentence 1 says one thing more about the tangled markup here, and"), got[:200])
	require.True(t, strings.HasSuffix(got, "\n\nWhere a < b, nothing is lost."), got[len(got)-60:])
	require.Equal(t, []string{"= ", "== History"}, headingsOf(articles[0]))
}

func TestFaultsOfAWiki(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]struct {
		fault sourcetest.Fault
		state sources.State
	}{
		"429": {sourcetest.TooMany(7 * time.Second), sources.Limited}, "lagged": {sourcetest.Lagged(5 * time.Second), sources.Limited},
		"503": {sourcetest.Overloaded(5 * time.Second), sources.Limited}, "500": {sourcetest.Status(500), sources.Unreachable},
		"error": {sourcetest.APIError("internal_api_error_DBQueryError"), sources.Unreachable}, "broken": {sourcetest.Broken(), sources.Unreachable},
		"cut": {sourcetest.CutBody(), sources.Unreachable}, "huge": {sourcetest.Huge(), sources.Unreachable},
		"stall": {sourcetest.Stall(), sources.Unreachable}, "slow": {sourcetest.Trickle(), sources.Unreachable},
		"inside": {sourcetest.Redirect("http://169.254.169.254/latest/meta-data/"), sources.Unreachable}, "404": {sourcetest.Status(http.StatusNotFound), sources.None},
		"empty": {sourcetest.Empty(), sources.None},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sourcetest.New(t)
			s.Set(sources.Wikipedia, kind.fault)
			f := finder(s, func(o *sources.Options) { o.Timeout = 2 * time.Second })
			articles, outcomes := f.Articles(t.Context(), volcanoes(), 3)
			got := outcomeIn(t, outcomes, sources.Wikipedia)
			require.Equal(t, kind.state, got.State, got)
			require.NotEmpty(t, got.Reason)
			require.Equal(t, sources.Found, outcomeIn(t, outcomes, sources.Wikibooks).State, "the others are as ever")
			require.Len(t, articles, 2)
		})
	}
}

func TestFaultsOfPagesAlone(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	for _, fault := range []sourcetest.Fault{
		sourcetest.Status(500), sourcetest.CutBody(), sourcetest.Broken(), sourcetest.Empty(), sourcetest.APIError("readonly"),
		sourcetest.Huge(), sourcetest.Status(http.StatusNotFound), sourcetest.TooMany(time.Second),
	} {
		s.Set(sources.Wikipedia, sourcetest.PagesOnly(fault))
		_, outcomes := finder(s, func(o *sources.Options) { o.Timeout = 2 * time.Second }).Articles(t.Context(), volcanoes(), 2)
		require.Contains(t, []sources.State{sources.Unreachable, sources.Limited}, outcomes[0].State)
		require.NotContains(t, outcomes[0].Reason, "fits", "it is not said that there is nothing")
	}
}

func TestPageThatFailsIsLeftOut(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	s.Set(sources.Wikipedia, sourcetest.PagesOnly(sourcetest.CutBody(), "Volcano"))
	cache := &memory{}
	f := finder(s, func(o *sources.Options) { o.Use = []string{sources.Wikipedia}; o.Cache = cache })
	articles, outcomes := f.Articles(t.Context(), volcanoes(), 2)
	require.Len(t, articles, 1)
	require.Equal(t, "Volcanic eruption", articles[0].Title)
	require.Equal(t, sources.Found, outcomes[0].State)
	require.Equal(t, 15*time.Minute, cache.ttl[sources.Wikipedia], "it is asked again soon")
}

func TestRetryAfterHoldsItemsAndArticles(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	s.Set(sources.Wikipedia, sourcetest.Lagged(40*time.Second))
	clock := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	f := finder(s, func(o *sources.Options) { o.Use = []string{sources.Wikipedia}; o.Now = clock.Now })
	_, outcomes := f.Articles(t.Context(), volcanoes(), 1)
	require.Equal(t, sources.Limited, outcomes[0].State)
	require.Equal(t, sources.Off, outcomes[1].State)
	require.Equal(t, sources.Off, outcomes[2].State)
	s.Set(sources.Wikipedia, sourcetest.Fault{})
	clock.add(39 * time.Second)
	require.Equal(t, sources.Limited, outcome(t, f.Find(t.Context(), volcanoes()), sources.Wikipedia).State)
	require.Len(t, s.Requests(""), 1)
	clock.add(2 * time.Second)
	articles, _ := f.Articles(t.Context(), volcanoes(), 1)
	require.Len(t, articles, 1)
}

func TestBreakerOfAWiki(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	s.Set(sources.Wikiversity, sourcetest.Status(500))
	f := finder(s, func(o *sources.Options) {
		o.Use = []string{sources.Wikiversity}
		o.BreakAfter, o.BreakFor = 2, time.Hour
	})
	for range 4 {
		_, outcomes := f.Articles(t.Context(), volcanoes(), 1)
		require.Equal(t, sources.Unreachable, outcomes[2].State)
	}
	require.Len(t, s.Requests(""), 2)
}

func TestArticlesAreCached(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	cache := &memory{}
	f := finder(s, func(o *sources.Options) { o.Cache = cache })
	items := f.Find(t.Context(), volcanoes())
	first, _ := f.Articles(t.Context(), volcanoes(), 5)
	asked := len(s.Requests(""))
	second, outcomes := f.Articles(t.Context(), volcanoes(), 5)
	require.Equal(t, first, second)
	require.True(t, outcomes[0].Cached)
	require.Len(t, s.Requests(""), asked)
	require.Equal(t, items.Items, f.Find(t.Context(), volcanoes()).Items, "items and articles are kept apart")
	require.Equal(t, 72*time.Hour, cache.ttl[sources.Wikibooks])

	s.Set(sources.Wikibooks, sourcetest.Status(500))
	other := volcanoes()
	other.Topic = "volcanoes work"
	_, outcomes = f.Articles(t.Context(), other, 5)
	require.Equal(t, sources.Unreachable, outcomes[1].State)
	s.Set(sources.Wikibooks, sourcetest.Fault{})
	_, outcomes = f.Articles(t.Context(), other, 5)
	require.Equal(t, sources.Found, outcomes[1].State, "a failure is not cached")
}

func TestOffsetsAreWhereRunesBegin(t *testing.T) {
	t.Parallel()
	articles, _ := finder(sourcetest.New(t)).Articles(t.Context(), sources.Query{Topic: "Wie Vulkane funktionieren", Language: "de"}, 1)
	for _, section := range articles[0].Sections {
		require.True(t, utf8.ValidString(articles[0].Text[section.Start:section.End]))
	}
}
