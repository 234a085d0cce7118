package sourcetest

import (
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/lyoapp/lyo/activities/sources"
)

// number returns the same number for the same texts, so that ids do not change between requests.
func number(texts ...string) uint32 {
	sum := fnv.New32a()
	for _, text := range texts {
		_, _ = io.WriteString(sum, text+"\x00")
	}
	return sum.Sum32()
}

// titled capitalises a topic, as in a title.
func titled(topic string) string {
	runes := []rune(strings.TrimSpace(topic))
	if len(runes) == 0 {
		return "Nothing"
	}
	runes[0] = unicode.ToUpper(runes[0])
	return string(runes)
}

// some returns the first titles made of a topic, as many as the request asks for.
func some(r *http.Request, limit, topic string, patterns ...string) []string {
	n, err := strconv.Atoi(r.URL.Query().Get(limit))
	if err != nil || n < 0 {
		n = len(patterns)
	}
	var out []string
	for _, pattern := range patterns[:min(n, len(patterns))] {
		out = append(out, fmt.Sprintf(pattern, titled(topic)))
	}
	return out
}

func (s *Server) wikipediaSearch(w http.ResponseWriter, r *http.Request) {
	if len(s.matching(sources.Wikipedia, r.PathValue("lang"), r.URL.Query().Get("q"))) > 0 {
		s.wikiSearch(sources.Wikipedia)(w, r)
		return
	}
	results := []object{}
	for _, title := range some(r, "limit", r.URL.Query().Get("q"), "%s", "%s (disambiguation)", "History of %s", "Outline of %s") {
		results = append(results, searchResult(title, strings.ReplaceAll(title, " ", "_")))
	}
	answer(w, http.StatusOK, object{"pages": results})
}

func searchResult(title, key string) object {
	return object{
		"id": number(title), "key": key, "title": title, "matched_title": nil,
		"excerpt":     `<span class="searchmatch">` + html.EscapeString(title) + "</span> is treated here &amp; elsewhere",
		"description": "what this is about", "thumbnail": nil,
	}
}

// stub is the text of a page that was made up for a topic.
func stub(title string) string {
	return title + " is a subject with a history, a practice and a vocabulary of its own."
}

func (s *Server) wikipediaSummary(w http.ResponseWriter, r *http.Request) {
	key, lang := r.PathValue("key"), r.PathValue("lang")
	title, kind := strings.ReplaceAll(key, "_", " "), "standard"
	known, found := s.named(sources.Wikipedia, lang, key)
	text := stub(title)
	if found {
		text, _, _ = strings.Cut(known.extract, "\n")
	}
	if strings.HasSuffix(title, "(disambiguation)") || known.disambiguation {
		kind = "disambiguation"
	}
	page := s.URL() + "/wikipedia/" + lang + "/wiki/" + url.PathEscape(key)
	answer(w, http.StatusOK, object{
		"type": kind, "title": title, "displaytitle": "<i>" + html.EscapeString(title) + "</i>", "pageid": number(title), "lang": lang, "dir": "ltr",
		"titles":    object{"canonical": key, "normalized": title, "display": html.EscapeString(title)},
		"thumbnail": object{"source": s.URL() + "/wikipedia-thumbs/" + strconv.Itoa(int(number(title))) + ".svg", "width": 320, "height": 180},
		"timestamp": "2026-03-04T05:06:07Z", "description": "what this is about",
		"content_urls": object{"desktop": object{"page": page}, "mobile": object{"page": page}},
		"extract":      text,
	})
}

// ofLibrary and ofPapers match the parts of a query that are not the topic.
var (
	ofLibrary = regexp.MustCompile(`\S+:(\[[^\]]*\]|\S+)|"`)
	ofPapers  = regexp.MustCompile(`all:| AND |"`)
)

func (s *Server) openLibrary(w http.ResponseWriter, r *http.Request) {
	topic := strings.TrimSpace(ofLibrary.ReplaceAllString(r.URL.Query().Get("q"), ""))
	access := []string{"public", "borrowable", "printdisabled", "no_ebook"}
	docs := []object{}
	for i, title := range some(r, "limit", topic, "%s for everybody", "The book of %s", "%s unread", "%s lost") {
		docs = append(docs, object{
			"key": fmt.Sprintf("/works/OL%dW", number(title)), "title": title, "subtitle": "a handbook", "author_name": []string{"Ada Berg", "Jo Lind"},
			"first_publish_year": 1990 + i, "number_of_pages_median": 180 + 20*i, "cover_i": number(title) % 1_000_000, "ebook_access": access[i],
			"language": []string{"eng", "ger"}, "subject": []string{titled(topic), "Handbooks"}, "first_sentence": []string{"Everything begins with " + topic + "."},
		})
	}
	answer(w, http.StatusOK, object{"numFound": len(docs), "start": 0, "numFoundExact": true, "docs": docs})
}

type atomFeed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	Title   string   `xml:"title"`
	Total   int      `xml:"http://a9.com/-/spec/opensearch/1.1/ totalResults"`
	Entries []atomEntry
}

type atomEntry struct {
	XMLName   xml.Name   `xml:"entry"`
	ID        string     `xml:"id"`
	Updated   string     `xml:"updated"`
	Published string     `xml:"published"`
	Title     string     `xml:"title"`
	Summary   string     `xml:"summary"`
	Authors   []string   `xml:"author>name"`
	Comment   string     `xml:"http://arxiv.org/schemas/atom comment"`
	Links     []atomLink `xml:"link"`
	Category  atomTerm   `xml:"category"`
}

type atomLink struct {
	Href  string `xml:"href,attr"`
	Rel   string `xml:"rel,attr"`
	Type  string `xml:"type,attr"`
	Title string `xml:"title,attr,omitempty"`
}

type atomTerm struct {
	Term   string `xml:"term,attr"`
	Scheme string `xml:"scheme,attr"`
}

func (s *Server) arXiv(w http.ResponseWriter, r *http.Request) {
	topic := strings.Join(strings.Fields(ofPapers.ReplaceAllString(r.URL.Query().Get("search_query"), " ")), " ")
	feed := atomFeed{Title: "ArXiv Query: search_query=" + r.URL.Query().Get("search_query")}
	for i, title := range some(r, "max_results", topic, "On the foundations of\n  %s", "%s: a survey") {
		id := fmt.Sprintf("2401.%05dv1", number(title)%100_000)
		feed.Entries = append(feed.Entries, atomEntry{
			ID: "http://arxiv.org/abs/" + id, Updated: "2024-01-09T10:00:00Z", Published: "2024-01-08T09:00:00Z", Title: title,
			Summary: "  We review " + topic + "\nand ask what is open.\n", Authors: []string{"A. Berg", "J. Lind", "K. Sato", "L. Roy"},
			Comment: fmt.Sprintf("%d pages, 3 figures", 12+i), Category: atomTerm{Term: "cs.CY", Scheme: "http://arxiv.org/schemas/atom"},
			Links: []atomLink{
				{Href: "http://arxiv.org/abs/" + id, Rel: "alternate", Type: "text/html"},
				{Href: s.URL() + "/arxiv/pdf/" + id, Rel: "related", Type: "application/pdf", Title: "pdf"},
			},
		})
	}
	feed.Total = len(feed.Entries)
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	_, _ = io.WriteString(w, xml.Header)
	_ = xml.NewEncoder(w).Encode(feed)
}

func (s *Server) iTunes(w http.ResponseWriter, r *http.Request) {
	topic := r.URL.Query().Get("term")
	results := []object{}
	for i, title := range some(r, "limit", topic, "%s, explained", "Talking about %s", "Why %s matters") {
		id := int64(1_000_000_000_000) + int64(number(title))
		results = append(results, object{
			"wrapperType": "podcastEpisode", "kind": "podcast-episode", "trackId": id, "trackName": title, "collectionId": number("show"),
			"collectionName": "The Curious Hour", "trackViewUrl": fmt.Sprintf("%s/itunes/podcast/id%d?i=%d&uo=4", s.URL(), number("show"), id),
			"description": "<p>Two friends talk about <b>" + html.EscapeString(topic) + "</b>.</p><script>alert(1)</script>", "shortDescription": "",
			"trackTimeMillis": 1_500_000 + 60_000*i, "releaseDate": "2025-06-0" + strconv.Itoa(i+1) + "T07:00:00Z", "artworkUrl600": s.URL() + "/itunes/art/600.svg",
			"contentAdvisoryRating": "Clean", "country": "USA", "genres": []object{{"name": "Education", "id": "1304"}}, "episodeContentType": "audio", "closedCaptioning": "none",
		})
	}
	answer(w, http.StatusOK, object{"resultCount": len(results), "results": results})
}
