package sources

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/models/text"
)

// wiki reads whole pages of a wiki of the Wikimedia Foundation, by MediaWiki's API.
type wiki struct {
	wikiKind
	name string
	off  bool
	site site
	*getter
	breaker *gobreaker.CircuitBreaker[[]Article]
}

type wikiKind struct {
	title    string
	editions []string
}

var wikiKinds = map[string]wikiKind{
	Wikipedia: {"Wikipedia", wikipedias}, Wikibooks: {"Wikibooks", wikibooks}, Wikiversity: {"Wikiversity", wikiversities},
}

// reading is what was read of a wiki.
type reading struct {
	articles []Article
	passed   []passed // why other pages were not taken
	sure     bool     // every page that was asked for came
}

// passed is a reason to pass a page over.
type passed string

const (
	passedWithdrawn      passed = "withdrawn"
	passedDisambiguation passed = "disambiguation"
	passedLanguage       passed = "language"
	passedEmpty          passed = "empty" // nothing, or tables alone
	passedList           passed = "list"
	passedStub           passed = "stub"
	passedTopic          passed = "topic"
)

const (
	maxArticle  = 400_000 // bytes of a text
	minArticle  = 120     // words of one
	pagesAtOnce = 3       // the API's etiquette wants few
)

// read searches an edition and reads the results in their order, until there are as many articles
// as the query asks for. Once there is one, a failure only ends the reading.
func (w *wiki) read(ctx context.Context, q Query) (reading, error) {
	out := reading{sure: true}
	titles, err := w.search(ctx, q)
	if err != nil {
		return out, err
	}
	for len(titles) > 0 && len(out.articles) < q.Limit {
		next := titles[:min(len(titles), q.Limit-len(out.articles))]
		titles = titles[len(next):]
		if err := w.pages(ctx, q, next, &out); err != nil {
			if len(out.articles) == 0 {
				return out, err
			}
			out.sure = false
			break
		}
	}
	return out, nil
}

// search returns the titles of the results. An edition that does not exist has none.
func (w *wiki) search(ctx context.Context, q Query) ([]string, error) {
	for _, phrase := range q.searches() {
		values := url.Values{"q": {phrase}, "limit": {strconv.Itoa(2*q.Limit + 2)}}
		body, err := w.get(ctx, w.site.in(edition(q.Language))+"/w/rest.php/v1/search/page?"+values.Encode(), nil)
		if f, ok := errors.AsType[*fault](err); ok && f.status == http.StatusNotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		pages, err := wikipediaPages(body)
		if err != nil {
			return nil, err
		}
		var titles []string
		for _, page := range pages {
			titles = append(titles, first(page.Title, page.Key))
		}
		if len(titles) > 0 {
			return titles, nil
		}
	}
	return nil, nil
}

// pages reads several pages concurrently and adds them in their order. It fails only if no page
// came.
func (w *wiki) pages(ctx context.Context, q Query, titles []string, out *reading) error {
	pages, failures := make([]*wikiPage, len(titles)), make([]error, len(titles))
	var all errgroup.Group
	all.SetLimit(pagesAtOnce)
	for i, title := range titles {
		all.Go(func() error {
			pages[i], failures[i] = w.page(ctx, edition(q.Language), title)
			return nil
		})
	}
	_ = all.Wait() // the failures are in the list
	came := false
	for i, page := range pages {
		if failures[i] != nil {
			out.sure = false
			continue
		}
		came = true
		if article, why := w.article(q, *page); why == "" {
			out.articles = append(out.articles, article)
		} else {
			out.passed = append(out.passed, why)
		}
	}
	if came {
		return nil
	}
	return failures[0]
}

// wikiPage is a page in the answer of the API.
type wikiPage struct {
	Title      string                     `json:"title"`
	Missing    bool                       `json:"missing"`
	Invalid    bool                       `json:"invalid"`
	Language   string                     `json:"pagelanguage"`
	Revision   int64                      `json:"lastrevid"`
	URL        string                     `json:"canonicalurl"`
	Properties map[string]json.RawMessage `json:"pageprops"`
	Extract    string                     `json:"extract"`
}

// page requests one page, since the API gives whole texts for one page only.
func (w *wiki) page(ctx context.Context, edition, title string) (*wikiPage, error) {
	values := url.Values{
		"action": {"query"}, "format": {"json"}, "formatversion": {"2"}, "redirects": {"1"}, "titles": {title},
		"prop": {"extracts|info|pageprops"}, "explaintext": {"1"}, "exsectionformat": {"wiki"}, "exlimit": {"1"},
		"inprop": {"url"}, "ppprop": {"disambiguation"},
	}
	body, err := w.get(ctx, w.site.in(edition)+"/w/api.php?"+values.Encode(), nil)
	if err != nil {
		return nil, err
	}
	return onePage(body)
}

func onePage(body []byte) (*wikiPage, error) {
	var answer struct {
		Query struct {
			Pages []wikiPage `json:"pages"`
		} `json:"query"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, senseless(err)
	}
	if len(answer.Query.Pages) != 1 {
		return nil, senseless(errors.New("not one page"))
	}
	return &answer.Query.Pages[0], nil
}

// article converts a page to an article, or returns why it is passed over.
func (w *wiki) article(q Query, page wikiPage) (Article, passed) {
	in := edition(q.Language)
	title := plain(page.Title, maxTitle)
	address := w.site.link(page.URL)
	_, disambiguation := page.Properties["disambiguation"]
	switch {
	case page.Missing, page.Invalid, title == "", address == "", page.Revision <= 0:
		return Article{}, passedWithdrawn
	case disambiguation:
		return Article{}, passedDisambiguation
	case page.Language != "" && edition(page.Language) != in:
		return Article{}, passedLanguage
	case namesList(in, title):
		return Article{}, passedList
	}
	body := parseExtract(in, page.Extract, maxArticle)
	switch {
	case body.text == "":
		return Article{}, passedEmpty
	case body.listed > body.prose:
		return Article{}, passedList
	case text.CountWords(body.text) < minArticle:
		return Article{}, passedStub
	}
	revision := strconv.FormatInt(page.Revision, 10)
	a := Article{
		Site: w.name, Title: title, URL: address, Permalink: w.site.in(in) + "/w/index.php?oldid=" + revision, Language: baseLanguage(q.Language),
		License: "CC BY-SA 4.0", Attribution: "“" + title + "”, " + w.title + " contributors, CC BY-SA 4.0",
		Revision: revision, FetchedAt: w.now().UTC().Truncate(time.Second), Text: body.text, Sections: body.sections, Cut: body.cut,
	}
	if a.relevance(q) <= 0 {
		return Article{}, passedTopic
	}
	return a, ""
}

// namesList reports a title such as "List of lakes".
func namesList(edition, title string) bool {
	title = strings.ToLower(title)
	return slices.ContainsFunc(listTitles[edition], func(pattern string) bool {
		before, after, _ := strings.Cut(pattern, "*")
		rest, ok := strings.CutPrefix(title, before)
		return ok && strings.HasSuffix(rest, after) && !strings.HasPrefix(rest, "(")
	})
}

// listTitles are the titles that lists have, in lower case.
var listTitles = map[string][]string{
	"en": {"list of *", "lists of *", "index of *", "outline of *"}, "de": {"liste der *", "liste von *", "liste des *", "liste aller *", "listen *"},
	"es": {"lista de *", "anexo:*"}, "fr": {"liste de *", "liste des *", "liste d'*", "listes de*"}, "it": {"lista di *", "lista de*", "liste di *"},
	"pt": {"lista de *", "lista dos *", "lista das *", "anexo:*"}, "nl": {"lijst van *", "lijsten van *"}, "pl": {"lista *"}, "ru": {"список *", "списки *"},
	"uk": {"список *", "списки *"}, "tr": {"*listesi"}, "ar": {"قائمة *", "قوائم *"}, "fa": {"فهرست *"}, "ur": {"فہرست *"}, "hi": {"*की सूची"},
	"bn": {"*তালিকা"}, "th": {"รายชื่อ*", "รายการ*"}, "vi": {"danh sách *"}, "zh": {"*列表"}, "ja": {"*一覧"}, "ko": {"*의 목록", "* 목록"},
}
