package sources

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// openLibrary searches books that can be read on the screen: at once, or borrowed with
// a free account. Others are of no use to a learner here.
type openLibrary struct {
	site site
	*getter
}

func (o *openLibrary) Name() string { return OpenLibrary }

const openLibraryFields = "key,title,subtitle,author_name,first_publish_year,number_of_pages_median,cover_i,ebook_access,language,subject,first_sentence"

func (o *openLibrary) Find(ctx context.Context, q Query) ([]Item, error) {
	return firstFound(q.searches(), func(text string) ([]Item, error) {
		values := url.Values{
			"q":      {quoteOdd(text) + " language:" + marc(q.Language) + " ebook_access:[borrowable TO *]"},
			"fields": {openLibraryFields},
			"limit":  {strconv.Itoa(q.Limit)},
		}
		body, err := o.get(ctx, o.site.api+"/search.json?"+values.Encode(), nil)
		if err != nil {
			return nil, err
		}
		return o.items(q.Language, body)
	})
}

// quoteOdd quotes words such as C++, whose characters would be operators.
func quoteOdd(text string) string {
	fields := strings.Fields(text)
	for i, field := range fields {
		switch {
		case strings.ContainsAny(field, "+#'’"):
			fields[i] = `"` + field + `"`
		case field == "AND" || field == "OR" || field == "NOT" || field == "TO" || field == "ANDNOT":
			fields[i] = strings.ToLower(field)
		}
	}
	return strings.Join(fields, " ")
}

type openLibraryBook struct {
	Key      string          `json:"key"`
	Title    string          `json:"title"`
	Subtitle string          `json:"subtitle"`
	Authors  []string        `json:"author_name"`
	Year     int             `json:"first_publish_year"`
	Pages    int             `json:"number_of_pages_median"`
	Cover    int64           `json:"cover_i"`
	Access   string          `json:"ebook_access"`
	Language []string        `json:"language"`
	Subjects []string        `json:"subject"`
	Sentence json.RawMessage `json:"first_sentence"` // a text or a list of texts
}

var openLibraryKey = regexp.MustCompile(`^/works/OL[0-9]{1,12}W$`)

func (o *openLibrary) items(language string, body []byte) ([]Item, error) {
	var answer struct {
		Docs []json.RawMessage `json:"docs"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, senseless(err)
	}
	return usable(answer.Docs, func(book openLibraryBook) (Item, bool) { return o.item(language, book) }), nil
}

func (o *openLibrary) item(language string, book openLibraryBook) (Item, bool) {
	title := plain(joined(": ", book.Title, book.Subtitle), maxTitle)
	open := book.Access == "public"
	if title == "" || !openLibraryKey.MatchString(book.Key) || (!open && book.Access != "borrowable") {
		return Item{}, false
	}
	by := names(book.Authors)
	item := Item{
		Type: TypeEbook, Title: title, Source: OpenLibrary, SourceURL: o.site.link(o.site.page + book.Key),
		Summary:     plain(first(sentence(book.Sentence), joined(" · ", by, year(book.Year))), maxSummary),
		Attribution: joined(", ", "“"+title+"”", by, year(book.Year), "Open Library"),
		License:     "In copyright, lent by the Internet Archive", RequiresSubscription: !open, IsFree: open,
		Tags: tags(book.Subjects), ExternalID: strings.TrimPrefix(book.Key, "/works/"),
		Pages: positive(book.Pages),
	}
	if open {
		item.License = "Open access at the Internet Archive"
	}
	if book.Cover > 0 {
		item.ThumbnailURL = o.site.thumbnail(o.site.image + "/b/id/" + strconv.FormatInt(book.Cover, 10) + "-M.jpg")
	}
	for _, code := range book.Language {
		if code == marc(language) {
			item.Language = baseLanguage(language)
		}
	}
	if book.Year > 0 && book.Year < 3000 {
		at := time.Date(book.Year, 1, 1, 0, 0, 0, 0, time.UTC)
		item.PublishedAt = &at
	}
	return item, item.SourceURL != ""
}

func sentence(raw json.RawMessage) string {
	var list []string
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		return list[0]
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return ""
}

func year(n int) string {
	if n <= 0 || n >= 3000 {
		return ""
	}
	return strconv.Itoa(n)
}

func positive(n int) *int {
	if n <= 0 {
		return nil
	}
	return &n
}

// joined joins the non-empty texts.
func joined(by string, texts ...string) string {
	var out []string
	for _, text := range texts {
		if text != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, by)
}
