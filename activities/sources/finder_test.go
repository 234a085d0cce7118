package sources_test

import (
	"testing"

	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/activities/sources/sourcetest"
	"github.com/stretchr/testify/require"
)

var all = []string{sources.Wikipedia, sources.OpenLibrary, sources.ArXiv, sources.ITunes, sources.YouTube}

func finder(s *sourcetest.Server, change ...func(*sources.Options)) *sources.Finder {
	o := s.Options()
	for _, c := range change {
		c(&o)
	}
	return sources.New(o)
}

func query() sources.Query {
	return sources.Query{Topic: "sourdough bread", Language: "en", Level: "intermediate"}
}

func outcome(t *testing.T, r sources.Report, name string) sources.Outcome {
	t.Helper()
	for _, o := range r.Providers {
		if o.Name == name {
			return o
		}
	}
	t.Fatalf("no outcome of %s", name)
	return sources.Outcome{}
}

func of(r sources.Report, name string) []sources.Item {
	var out []sources.Item
	for _, item := range r.Items {
		if item.Source == name {
			out = append(out, item)
		}
	}
	return out
}

func TestAllSites(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	r := finder(s).Find(t.Context(), query())
	require.Len(t, r.Providers, 5)
	require.Empty(t, r.Note())
	for i, name := range all {
		require.Equal(t, name, r.Providers[i].Name)
		require.Equal(t, sources.Found, r.Providers[i].State, r.Providers[i])
		require.Empty(t, r.Providers[i].Reason)
		require.Len(t, of(r, name), r.Providers[i].Count, name)
	}
	for i, item := range r.Items {
		require.NotEmpty(t, item.License)
		require.Contains(t, item.Attribution, item.Title)
		require.NotEmpty(t, item.ExternalID)
		require.NotEmpty(t, item.Summary)
		require.Contains(t, item.SourceURL, s.URL())
		require.NotContains(t, item.Summary, "<")
		require.Positive(t, item.Relevance)
		require.LessOrEqual(t, item.Relevance, 1.0)
		if i > 0 {
			require.LessOrEqual(t, item.Relevance, r.Items[i-1].Relevance)
		}
	}
	agent := s.Requests("")[0].Header.Get("User-Agent")
	require.Equal(t, "Lyo/test (https://lyo.example)", agent)
}

func TestShapes(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	r := finder(s).Find(t.Context(), query())

	wiki := of(r, sources.Wikipedia)
	require.Len(t, wiki, 3, "the list of meanings is no article")
	require.Equal(t, "Sourdough bread", wiki[0].Title)
	require.Equal(t, "“Sourdough bread”, Wikipedia contributors, CC BY-SA 4.0", wiki[0].Attribution)
	require.Equal(t, "CC BY-SA 4.0", wiki[0].License)
	require.Equal(t, sources.TypeArticle, wiki[0].Type)
	require.Equal(t, s.URL()+"/wikipedia/en/wiki/Sourdough_bread", wiki[0].SourceURL)
	require.Contains(t, wiki[0].ThumbnailURL, "/wikipedia-thumbs/")

	books := of(r, sources.OpenLibrary)
	require.Len(t, books, 2, "what cannot be read is left out")
	open, lent := books[0], books[1]
	if lent.IsFree {
		open, lent = lent, open
	}
	require.True(t, open.IsFree)
	require.False(t, open.RequiresSubscription)
	require.False(t, lent.IsFree)
	require.True(t, lent.RequiresSubscription)
	require.Equal(t, 180, *open.Pages)
	require.Equal(t, 1990, open.PublishedAt.Year())
	require.Equal(t, "en", open.Language)
	require.Contains(t, open.ThumbnailURL, "/b/id/")

	papers := of(r, sources.ArXiv)
	require.Len(t, papers, 2)
	require.Equal(t, sources.TypePDF, papers[0].Type)
	require.Contains(t, papers[0].Attribution, "A. Berg, J. Lind, K. Sato et al.")
	require.Equal(t, "arXiv.org non-exclusive licence", papers[0].License)
	require.NotNil(t, papers[0].Pages)
	require.NotContains(t, papers[0].Title, "\n")

	episodes := of(r, sources.ITunes)
	require.Len(t, episodes, 3)
	require.GreaterOrEqual(t, *episodes[0].DurationSec, 1500)
	require.Equal(t, "Two friends talk about sourdough bread.", episodes[0].Summary)
	require.Equal(t, []string{"Education"}, episodes[0].Tags)
	require.NotNil(t, episodes[0].PublishedAt)

	videos := of(r, sources.YouTube)
	require.Len(t, videos, 2, "a private one is left out")
	require.Equal(t, 605, *videos[0].DurationSec)
	require.ElementsMatch(t, []string{"Standard YouTube License", "CC BY"}, []string{videos[0].License, videos[1].License})
	require.Equal(t, "en-US", videos[0].Language)
}

func TestNotes(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	r := finder(s, func(o *sources.Options) { o.Use = []string{} }).Find(t.Context(), query())
	require.Contains(t, r.Note(), "No outside sources were asked")
	s.Set(sources.Wikipedia, sourcetest.Empty())
	r = finder(s, func(o *sources.Options) { o.Use = []string{sources.Wikipedia} }).Find(t.Context(), query())
	require.Contains(t, r.Note(), "nothing that fits")
	require.Len(t, s.Requests(""), 1)
}

func TestNoKeyNoYouTube(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	r := finder(s, func(o *sources.Options) { o.YouTubeKey = "" }).Find(t.Context(), query())
	require.Equal(t, sources.Off, outcome(t, r, sources.YouTube).State)
	require.Empty(t, s.Requests(sources.YouTube))
}

func TestPapersAreForTheAdvanced(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	f := finder(s, func(o *sources.Options) { o.Use = []string{sources.ArXiv} })
	r := f.Find(t.Context(), sources.Query{Topic: "sourdough", Level: "beginner"})
	require.Equal(t, sources.Off, outcome(t, r, sources.ArXiv).State)
	require.Empty(t, s.Requests(""))
	r = f.Find(t.Context(), sources.Query{Topic: "Quantum physics", Level: "beginner"})
	require.Equal(t, sources.Found, outcome(t, r, sources.ArXiv).State)
	require.Equal(t, "all:Quantum AND all:physics", s.Requests(sources.ArXiv)[0].Query.Get("search_query"))
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	f := finder(s, func(o *sources.Options) {
		o.Use = []string{sources.Wikipedia, sources.OpenLibrary, sources.ITunes, sources.YouTube}
	})
	q := sources.Query{Topic: "Sauerteig", Language: "de-AT"}
	r := f.Find(t.Context(), q)
	require.Equal(t, "de", of(r, sources.Wikipedia)[0].Language)
	require.Contains(t, of(r, sources.Wikipedia)[0].SourceURL, "/wikipedia/de/wiki/Sauerteig")
	require.Equal(t, "AT", s.Requests(sources.ITunes)[0].Query.Get("country"))
	require.Contains(t, s.Requests(sources.OpenLibrary)[0].Query.Get("q"), "language:ger")
	require.Equal(t, "de", s.Requests(sources.YouTube)[0].Query.Get("relevanceLanguage"))
}

func TestFromTheParticularToTheGeneral(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	s.Set(sources.ITunes, sourcetest.Empty())
	q := query()
	q.Lesson = "Feeding the starter"
	r := finder(s, func(o *sources.Options) { o.Use = []string{sources.ITunes} }).Find(t.Context(), q)
	require.Equal(t, sources.None, outcome(t, r, sources.ITunes).State)
	requests := s.Requests("")
	require.Len(t, requests, 2)
	require.Equal(t, "sourdough bread Feeding the starter", requests[0].Query.Get("term"))
	require.Equal(t, "sourdough bread", requests[1].Query.Get("term"))
}

func TestLimitIsPerSite(t *testing.T) {
	t.Parallel()
	s := sourcetest.New(t)
	q := query()
	q.Limit = 1
	r := finder(s).Find(t.Context(), q)
	for _, o := range r.Providers {
		require.LessOrEqual(t, o.Count, 1)
	}
	require.Equal(t, "1", s.Requests(sources.ITunes)[0].Query.Get("limit"))
}
