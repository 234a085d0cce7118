package sources

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// odd is a scripted provider.
type odd struct {
	name string
	find func(context.Context) ([]Item, error)
}

func (o odd) Name() string { return o.name }

func (o odd) Find(ctx context.Context, _ Query) ([]Item, error) { return o.find(ctx) }

func only(o Options, providers ...odd) *Finder {
	o.Use = []string{}
	f := New(o)
	f.asked = nil
	for _, p := range providers {
		f.add(p.name, p)
	}
	return f
}

func TestTimesOfFind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		polite := odd{"polite", func(ctx context.Context) ([]Item, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		free := make(chan struct{})
		rude := odd{"rude", func(context.Context) ([]Item, error) {
			<-free
			return nil, nil
		}}
		began := time.Now()
		r := only(Options{}, polite).Find(t.Context(), Query{Topic: "x"})
		require.Equal(t, 6*time.Second, time.Since(began))
		require.Equal(t, Unreachable, r.Providers[0].State)

		began = time.Now()
		r = only(Options{}, polite, rude).Find(t.Context(), Query{Topic: "x"})
		require.Equal(t, 10*time.Second, time.Since(began), "even a provider that ignores its context holds up nobody for longer")
		require.Equal(t, Outcome{Name: "rude", State: Unreachable, Reason: reasonSlow}, r.Providers[1])
		close(free)
		synctest.Wait()
	})
}

func TestBreakerClosesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		f := only(Options{BreakAfter: 2, BreakFor: time.Minute}, odd{"site", func(context.Context) ([]Item, error) {
			asked++
			return nil, errors.New("down")
		}})
		find := func() Outcome { return f.Find(t.Context(), Query{Topic: "x"}).Providers[0] }
		find()
		find()
		require.Equal(t, reasonBroken, find().Reason)
		require.Equal(t, 2, asked)
		time.Sleep(time.Minute + time.Second)
		require.Equal(t, reasonUnreachable, find().Reason)
		require.Equal(t, 3, asked, "one request tries")
		require.Equal(t, reasonBroken, find().Reason)
	})
}

func TestCallerWhoGoesBreaksNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := only(Options{BreakAfter: 1, BreakFor: time.Hour}, odd{"site", func(ctx context.Context) ([]Item, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		f.Find(ctx, Query{Topic: "x"})
		synctest.Wait() // whatever was late has been counted, or not
		require.NotEqual(t, reasonBroken, f.Find(t.Context(), Query{Topic: "x"}).Providers[0].Reason)
		require.Equal(t, reasonBroken, f.Find(t.Context(), Query{Topic: "x"}).Providers[0].Reason, "the site's own delay counts")
	})
}

func TestPanicIsAnOutcome(t *testing.T) {
	t.Parallel()
	r := only(Options{}, odd{"site", func(context.Context) ([]Item, error) { panic("bug") }}).Find(t.Context(), Query{Topic: "x"})
	require.Equal(t, Unreachable, r.Providers[0].State)
}

func TestRanking(t *testing.T) {
	t.Parallel()
	q := Query{Topic: "Sourdough bread", Lesson: "Feeding the starter"}
	items := ranked(q, []Item{
		{Title: "Cars"},
		{Title: "Breads of the world"},
		{Title: "Feeding a sourdough starter", Summary: "for bread"},
		{Title: "Baking", Tags: []string{"Sourdough"}},
		{Title: "Sourdough bread"},
	})
	var titles []string
	for _, item := range items {
		titles = append(titles, item.Title)
	}
	require.Equal(t, []string{"Feeding a sourdough starter", "Sourdough bread", "Breads of the world", "Baking"}, titles)
	require.InDelta(t, 1.0, relevance(Query{Topic: "量子力学"}, Item{Title: "量子力学入門"}), 0)
	require.InDelta(t, 1.0, relevance(Query{Topic: "Crème brûlée"}, Item{Title: "Creme Brulee!"}), 0)
	require.Positive(t, relevance(Query{Topic: "the"}, Item{Title: "anything"}))
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	kept := distinct([]Item{
		{Type: "article", Title: "Go", SourceURL: "https://en.wikipedia.org/wiki/Go"},
		{Type: "article", Title: "go!", SourceURL: "https://en.wikipedia.org/wiki/Go_2"},
		{Type: "ebook", Title: "Go", SourceURL: "https://openlibrary.org/works/OL1W"},
		{Type: "podcast", Title: "A", SourceURL: "https://podcasts.apple.com/x?i=1&uo=4"},
		{Type: "podcast", Title: "B", SourceURL: "https://podcasts.apple.com/x?i=1"},
		{Type: "podcast", Title: "C", SourceURL: "https://podcasts.apple.com/x?i=2"},
	})
	require.Len(t, kept, 4)
}

func TestLinksOfItems(t *testing.T) {
	t.Parallel()
	all := newSites(nil)
	wiki := all[Wikipedia]
	require.Equal(t, "https://en.wikipedia.org/wiki/Go", wiki.link("http://en.wikipedia.org/wiki/Go#x"))
	require.Equal(t, "https://upload.wikimedia.org/a.jpg", wiki.thumbnail("//upload.wikimedia.org/a.jpg"))
	require.Equal(t, "https://arxiv.org/pdf/2401.00001v1", all[ArXiv].link("http://arxiv.org/pdf/2401.00001v1"))
	require.Equal(t, "https://is1-ssl.mzstatic.com/a.jpg", all[ITunes].thumbnail("https://is1-ssl.mzstatic.com/a.jpg"))
	for _, raw := range []string{
		"", "javascript:alert(1)", "https://evil.example.com/", "https://en.wikipedia.org.evil.example.com/", "https://u:p@en.wikipedia.org/", "ftp://en.wikipedia.org/",
		"https://en.wikipedia.org:8443/", "/wiki/Go", "https://mzstatic.com.example.com/", "https://en.wikipedia.org/" + strings.Repeat("a", 3000), "%zz",
	} {
		require.Empty(t, wiki.link(raw), raw)
		require.Empty(t, all[ITunes].thumbnail(raw), raw)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"a <b>bold</b>er\n word": "a bolder word", "<p>one</p><p>two</p>": "one two", "x<script>alert(1)</script>y": "x y", "A &amp; B &lt; C": "A & B < C",
		"a\x00b\u202ec\u200bd": "abcd", "\xffok": "ok", "if a < b": "if a < b", "  ": "",
	} {
		require.Equal(t, want, plain(raw, 100), raw)
	}
	require.Equal(t, "one two…", plain("one two, three", 10))
	require.Len(t, []rune(plain(strings.Repeat("語", 5000), 100)), 100)
}

func TestSearches(t *testing.T) {
	t.Parallel()
	require.Empty(t, Query{Topic: " --- "}.searches())
	require.Equal(t, []string{"C++ templates"}, Query{Topic: `C++ (templates) -"`}.searches())
	require.Equal(t, []string{"Bread for all", "bread"}, Query{Topic: "bread", Lesson: "Bread for all"}.searches())
	require.Equal(t, `all:"C++" AND all:templates`, arXivQuery("C++ templates"))
	require.Equal(t, "cat or dog", quoteOdd("cat OR dog"))
}

func TestLanguageTables(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string][3]string{
		"en": {"en", "eng", "US"}, "de-CH": {"de", "ger", "CH"}, "pt-BR": {"pt", "por", "BR"}, "zh-Hant": {"zh", "chi", "TW"}, "nb": {"no", "nob", "NO"},
		"fr": {"fr", "fre", "FR"}, "fa": {"fa", "per", "US"}, "tlh": {"en", "tlh", "US"}, "../evil": {"en", "eng", "US"}, "": {"en", "eng", "US"},
	} {
		require.Equal(t, want, [3]string{wikipediaIn(tag), marc(tag), store(tag)}, tag)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"PT10M5S": 605 * time.Second, "PT1H": time.Hour, "P1DT1S": 24*time.Hour + time.Second, "P0D": 0, "10:05": 0, "PT99999999S": 0} {
		require.Equal(t, want, isoDuration(text), text)
	}
}

func FuzzParsers(f *testing.F) {
	for _, seed := range []string{
		`{"pages":[{"id":1,"key":"Go","title":"Go","excerpt":"<b>Go</b>"},{"id":"x"}]}`,
		`{"type":"standard","title":"Go","pageid":1,"extract":"Go.","content_urls":{"desktop":{"page":"https://en.wikipedia.org/wiki/Go"}}}`,
		`{"docs":[{"key":"/works/OL1W","title":"Go","ebook_access":"public","first_sentence":["A"],"cover_i":7},{"title":7}]}`,
		`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/1</id><title>T</title><link title="pdf" href="http://arxiv.org/pdf/1"/></entry></feed>`,
		`{"results":[{"kind":"podcast-episode","trackId":1,"trackName":"T","trackViewUrl":"https://podcasts.apple.com/us/podcast/id1","genres":["A",{"name":"B"}],"trackTimeMillis":1e3}]}`,
		`{"items":[{"id":"abcdefghijk","snippet":{"title":"T"},"contentDetails":{"duration":"PT1S"},"status":{"privacyStatus":"public"}}]}`,
		`{"items":[{"id":{"videoId":"abcdefghijk"}}]}`, `[]`, `null`, ``,
	} {
		f.Add([]byte(seed))
	}
	all := newSites(nil)
	w, o, a := &wikipedia{site: all[Wikipedia]}, &openLibrary{site: all[OpenLibrary]}, &arXiv{site: all[ArXiv]}
	i, y := &iTunes{site: all[ITunes]}, &youTube{site: all[YouTube]}
	f.Fuzz(func(t *testing.T, body []byte) {
		var items []Item
		for _, parse := range []func([]byte) ([]Item, error){a.items, i.items, y.items, func(b []byte) ([]Item, error) { return o.items("en", b) }} {
			found, err := parse(body)
			require.True(t, err == nil || found == nil)
			items = append(items, found...)
		}
		if item, err := w.item("en", wikipediaPage{Key: "K"}, body); err == nil && item != nil {
			items = append(items, *item)
		}
		_, _ = wikipediaPages(body)
		_, _ = youTubeIDs(body)
		_ = youTubeQuota(body)
		for _, item := range items {
			require.NotEmpty(t, item.Title)
			require.NotEmpty(t, item.License)
			require.NotEmpty(t, item.Attribution)
			require.True(t, strings.HasPrefix(item.SourceURL, "https://"), item.SourceURL)
			require.LessOrEqual(t, len([]rune(item.Summary)), maxSummary)
			require.NotContains(t, item.Title+item.Summary+item.Attribution+item.License, "\n")
		}
	})
}
