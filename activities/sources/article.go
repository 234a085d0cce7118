package sources

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Article is the text of a page of a wiki as it was at one revision.
type Article struct {
	Site        string `json:"site"` // its name
	Title       string `json:"title"`
	URL         string `json:"url"`       // as readers know it
	Permalink   string `json:"permalink"` // of the revision
	Language    string `json:"language"`  // BCP 47
	License     string `json:"license"`
	Attribution string `json:"attribution"`

	Revision  string    `json:"revision"`
	FetchedAt time.Time `json:"fetched_at"`

	// Text is plain: paragraphs divided by a blank line, without headings. The entries of a list
	// are lines of one paragraph.
	Text     string    `json:"text"`
	Sections []Section `json:"sections"`
	Cut      bool      `json:"cut"` // the page is longer; Text ends after a whole sentence
}

// Section is a part of an article. The bodies of all sections, with a blank line between any two,
// are the article's text.
type Section struct {
	Heading string `json:"heading"` // empty for what comes before the first one
	Level   int    `json:"level"`   // 1 to 6
	// Start and End are the offsets of the body, in bytes. They are equal for a section that
	// consists of those below it.
	Start int `json:"start"`
	End   int `json:"end"`
}

// Articles reads the pages of the wikis that fit a topic best, at most n and at most 10, the best
// first. It takes none in another language, no list and nothing too short to teach from. Like
// Find it ends by Options.Deadline and never fails: the outcomes are those of the wikis, each
// with the number of articles that it had. Running it again is harmless.
func (f *Finder) Articles(ctx context.Context, q Query, n int) ([]Article, []Outcome) {
	if n <= 0 {
		return nil, nil
	}
	q.Limit = n
	q = q.normalised()
	outcomes, found := together(ctx, f.o.Deadline, f.wikis, func(w *wiki) string { return w.name }, func(ctx context.Context, w *wiki) (Outcome, []Article) {
		return f.askWiki(ctx, w, q)
	})
	return bestArticles(q, found), outcomes
}

// askWiki returns the articles of one wiki, cached or fresh.
func (f *Finder) askWiki(ctx context.Context, w *wiki, q Query) (Outcome, []Article) {
	switch {
	case w.off:
		return Outcome{Name: w.name, State: Off, Reason: reasonNotUsed}, nil
	case !slices.Contains(w.editions, edition(q.Language)):
		return Outcome{Name: w.name, State: None, Reason: reasonLanguage}, nil
	}
	key := q.key(formArticles)
	articles, kept := load[Article](ctx, f, w.name, key)
	if !kept {
		var read reading
		_, err := fresh(ctx, f, w.breaker, func(ctx context.Context) (_ []Article, err error) {
			read, err = w.read(ctx, q)
			return read.articles, err
		})
		if err != nil {
			return f.explain(ctx, w.name, err), nil
		}
		if articles = read.articles; len(read.passed) > 0 {
			f.o.Logger.DebugContext(ctx, "pages of a wiki were passed over", "source", w.name, "reasons", read.passed)
		}
		save(ctx, f, w.name, key, articles, read.sure)
	}
	return counted(w.name, len(articles), kept), articles
}

// bestArticles returns the most relevant articles, as many as the query's limit. Equal ones are in
// the order of the sites, and then in that of their search.
func bestArticles(q Query, articles []Article) []Article {
	place := map[string]int{Wikipedia: 0, Wikibooks: 1, Wikiversity: 2}
	slices.SortStableFunc(articles, func(a, b Article) int {
		return cmp.Or(cmp.Compare(b.relevance(q), a.relevance(q)), cmp.Compare(place[a.Site], place[b.Site]))
	})
	return articles[:min(len(articles), q.Limit)]
}

// relevance compares the title, the beginning and the headings with the query.
func (a Article) relevance(q Query) float64 {
	item := Item{Title: a.Title}
	for i, section := range a.Sections {
		if i == 0 {
			item.Summary = cut(a.Text[section.Start:section.End], maxSummary)
		}
		item.Tags = append(item.Tags, section.Heading)
	}
	return relevance(q, item)
}
