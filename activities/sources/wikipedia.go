package sources

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// wikipedia searches an edition by MediaWiki's REST API and reads each page's summary,
// which distinguishes articles from disambiguation pages.
type wikipedia struct {
	site site
	*getter
}

func (w *wikipedia) Name() string { return Wikipedia }

// summariesAtOnce respects the site's request for few concurrent requests.
const summariesAtOnce = 3

func (w *wikipedia) Find(ctx context.Context, q Query) ([]Item, error) {
	lang := wikipediaIn(q.Language)
	return firstFound(q.searches(), func(text string) ([]Item, error) {
		values := url.Values{"q": {text}, "limit": {strconv.Itoa(q.Limit)}}
		body, err := w.get(ctx, w.site.in(lang)+"/w/rest.php/v1/search/page?"+values.Encode(), nil)
		if err != nil {
			return nil, err
		}
		pages, err := wikipediaPages(body)
		if err != nil {
			return nil, err
		}
		return w.summaries(ctx, lang, pages[:min(len(pages), q.Limit)])
	})
}

// summaries reads several pages concurrently. One that fails is left out; only if all fail
// it returns an error.
func (w *wikipedia) summaries(ctx context.Context, lang string, pages []wikipediaPage) ([]Item, error) {
	items, failures := make([]*Item, len(pages)), make([]error, len(pages))
	var all errgroup.Group
	all.SetLimit(summariesAtOnce)
	for i, page := range pages {
		all.Go(func() error {
			body, err := w.get(ctx, w.site.in(lang)+"/api/rest_v1/page/summary/"+url.PathEscape(page.Key), nil)
			if err == nil {
				items[i], err = w.item(lang, page, body)
			}
			failures[i] = err
			return nil
		})
	}
	_ = all.Wait() // the failures are in the list
	return gather(items, failures)
}

// gather returns what was read; the first failure counts only if nothing was.
func gather(items []*Item, failures []error) ([]Item, error) {
	var out []Item
	var first error
	answered := false
	for i, item := range items {
		if item != nil {
			out = append(out, *item)
		}
		answered = answered || failures[i] == nil
		if first == nil {
			first = failures[i]
		}
	}
	if answered {
		return out, nil
	}
	return nil, first
}

// wikipediaPage is a result of the search.
type wikipediaPage struct {
	ID      int64  `json:"id"`
	Key     string `json:"key"`
	Title   string `json:"title"`
	Excerpt string `json:"excerpt"`
}

func wikipediaPages(body []byte) ([]wikipediaPage, error) {
	var answer struct {
		Pages []json.RawMessage `json:"pages"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, senseless(err)
	}
	var out []wikipediaPage
	for _, page := range each[wikipediaPage](answer.Pages) {
		if page.Key != "" && page.Key != "." && page.Key != ".." {
			out = append(out, page)
		}
	}
	return out, nil
}

// item converts a summary to an item; nil for a page that is no article.
func (w *wikipedia) item(lang string, page wikipediaPage, body []byte) (*Item, error) {
	var summary struct {
		Type   string `json:"type"`
		Titles struct {
			Normalized string `json:"normalized"`
		} `json:"titles"`
		Title     string `json:"title"`
		PageID    int64  `json:"pageid"`
		Extract   string `json:"extract"`
		Lang      string `json:"lang"`
		Thumbnail struct {
			Source string `json:"source"`
		} `json:"thumbnail"`
		ContentURLs struct {
			Desktop struct {
				Page string `json:"page"`
			} `json:"desktop"`
		} `json:"content_urls"`
	}
	if err := json.Unmarshal(body, &summary); err != nil {
		return nil, senseless(err)
	}
	title := plain(first(summary.Titles.Normalized, summary.Title, page.Title), maxTitle)
	address := w.site.link(summary.ContentURLs.Desktop.Page)
	if summary.Type != "standard" || title == "" || address == "" {
		return nil, nil //nolint:nilnil // no article, and no failure either
	}
	return &Item{
		Type: TypeArticle, Title: title, Source: Wikipedia, SourceURL: address,
		ThumbnailURL: w.site.thumbnail(summary.Thumbnail.Source),
		Summary:      plain(first(summary.Extract, page.Excerpt), maxSummary),
		Attribution:  "“" + title + "”, Wikipedia contributors, CC BY-SA 4.0",
		License:      "CC BY-SA 4.0", Language: lang, IsFree: true,
		ExternalID: lang + ":" + strconv.FormatInt(max(summary.PageID, page.ID), 10),
	}, nil
}

// first returns the first non-empty text.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
