package sources

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// arXiv searches papers. Papers do not help beginners: it is used for courses of another
// level than beginner, and for topics that name an academic field.
type arXiv struct {
	site site
	*getter
}

func (a *arXiv) Name() string { return ArXiv }

func (a *arXiv) Find(ctx context.Context, q Query) ([]Item, error) {
	if !academic(q) {
		return nil, &fault{state: Off, reason: "Papers are looked up for courses beyond the beginning."}
	}
	return firstFound(q.searches(), func(text string) ([]Item, error) {
		values := url.Values{
			"search_query": {arXivQuery(text)}, "start": {"0"}, "max_results": {strconv.Itoa(q.Limit)},
			"sortBy": {"relevance"}, "sortOrder": {"descending"},
		}
		body, err := a.get(ctx, a.site.api+"/api/query?"+values.Encode(), nil)
		if err != nil {
			return nil, err
		}
		return a.items(body)
	})
}

var fields = set("physic quantum relativity mathematic math algebra topology calculu geometry statistic probability astronomy astrophysic cosmology " +
	"algorithm cryptography neural transformer robotic econometric bioinformatic thermodynamic mechanic optic")

func academic(q Query) bool {
	return q.Level != "" && q.Level != "beginner" || slices.ContainsFunc(words(q.Topic), func(word string) bool { return fields[word] })
}

func arXivQuery(text string) string {
	parts := strings.Fields(quoteOdd(text))
	parts = slices.DeleteFunc(parts, func(word string) bool { return common[strings.ToLower(word)] })
	for i, part := range parts {
		parts[i] = "all:" + part
	}
	if len(parts) == 0 {
		return "all:" + quoteOdd(text)
	}
	return strings.Join(parts, " AND ")
}

type arXivFeed struct {
	Entries []arXivEntry `xml:"http://www.w3.org/2005/Atom entry"`
}

type arXivEntry struct {
	ID        string   `xml:"http://www.w3.org/2005/Atom id"`
	Title     string   `xml:"http://www.w3.org/2005/Atom title"`
	Summary   string   `xml:"http://www.w3.org/2005/Atom summary"`
	Published string   `xml:"http://www.w3.org/2005/Atom published"`
	Rights    string   `xml:"http://www.w3.org/2005/Atom rights"`
	Authors   []string `xml:"http://www.w3.org/2005/Atom author>name"`
	Links     []struct {
		Href  string `xml:"href,attr"`
		Rel   string `xml:"rel,attr"`
		Title string `xml:"title,attr"`
	} `xml:"http://www.w3.org/2005/Atom link"`
	Categories []struct {
		Term string `xml:"term,attr"`
	} `xml:"http://www.w3.org/2005/Atom category"`
	Comment string `xml:"http://arxiv.org/schemas/atom comment"`
}

func (a *arXiv) items(body []byte) ([]Item, error) {
	var feed arXivFeed
	decoder := xml.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&feed); err != nil {
		return nil, senseless(err)
	}
	var out []Item
	for _, entry := range feed.Entries {
		if item, ok := a.item(entry); ok {
			out = append(out, item)
		}
	}
	return out, nil
}

// arXivPages matches the length in an author's comment, such as "12 pages, 3 figures".
var arXivPages = regexp.MustCompile(`(?i)\b([1-9][0-9]{0,3})\s*(?:pages|pp)\b`)

const arXivLicense = "arXiv.org non-exclusive licence"

func (a *arXiv) item(entry arXivEntry) (Item, bool) {
	address, license := "", entry.Rights
	for _, link := range entry.Links {
		switch {
		case link.Title == "pdf":
			address = a.site.link(link.Href)
		case link.Rel == "license":
			license = first(license, link.Href)
		}
	}
	title := plain(entry.Title, maxTitle)
	_, id, known := strings.Cut(entry.ID, "/abs/")
	if title == "" || title == "Error" || address == "" || !known {
		return Item{}, false
	}
	license = first(plain(license, maxTitle), arXivLicense)
	var categories []string
	for _, category := range entry.Categories {
		categories = append(categories, category.Term)
	}
	item := Item{
		Type: TypePDF, Title: title, Source: ArXiv, SourceURL: address, Summary: plain(entry.Summary, maxSummary),
		Attribution: joined(", ", "“"+title+"”", names(entry.Authors), "arXiv:"+plain(id, 40)), License: license,
		Tags: tags(categories), IsFree: true, ExternalID: plain(id, 40), PublishedAt: moment(entry.Published),
	}
	if found := arXivPages.FindStringSubmatch(entry.Comment); found != nil {
		if n, err := strconv.Atoi(found[1]); err == nil {
			item.Pages = positive(n)
		}
	}
	return item, true
}

// moment parses a time in the sites' formats; nil if it is in none.
func moment(text string) *time.Time {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
	if err != nil || at.Year() < 1000 || at.Year() > 2999 {
		return nil
	}
	at = at.UTC()
	return &at
}
