package sourcetest

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lyoapp/lyo/activities/sources"
)

// pages are extracts of whole pages, by site, language and title.
//
//go:embed pages
var pages embed.FS

// wikiPage is a page of one of the wikis.
type wikiPage struct {
	site, lang, title, extract string

	language       string // the page's own, if it is not the wiki's
	disambiguation bool
	missing        bool // withdrawn since the search engine saw it
	invalid        bool
}

// library returns the pages that the wikis have: articles on volcanoes, in English on all three and
// in German on Wikipedia, and pages of the English Wikipedia from which nothing can be learned:
//
//   - "Mercury" is a disambiguation page, "List of deep lakes" a list by its title and "Lake depths"
//     one by its shape;
//   - "Quartz vein" is a stub, "Blank page" empty, and "Melting points" had nothing but tables;
//   - "Kieselstein" is in German, "Vanished island" was deleted, "Askew [bracket" has an invalid title;
//   - "Endless river" is longer than any article that is kept, and "Tangled markup" has markup in it.
func library() []wikiPage {
	var out []wikiPage
	err := fs.WalkDir(pages, "pages", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := pages.ReadFile(path)
		part := strings.SplitN(strings.TrimSuffix(path, ".txt"), "/", 4)
		out = append(out, wikiPage{site: part[1], lang: part[2], title: strings.ReplaceAll(part[3], "_", " "), extract: string(text)})
		return err
	})
	if err != nil {
		panic(err) // the pages are in the program
	}
	for _, page := range badPages() {
		page.site, page.lang = sources.Wikipedia, "en"
		out = append(out, page)
	}
	return out
}

func badPages() []wikiPage {
	prose := func(subject string, sentences int) string {
		var out strings.Builder
		for i := range sentences {
			fmt.Fprintf(&out, "Sentence %d says one thing more about the %s, and it ends with a full stop.\n", i+1, subject)
		}
		return out.String()
	}
	var depths strings.Builder
	for i := range 60 {
		fmt.Fprintf(&depths, "Lake number %d, depth %d metres\n", i+1, 900-10*i)
	}
	return []wikiPage{
		{title: "Mercury", extract: "Mercury most commonly refers to:\nMercury (planet), the planet nearest to the Sun\nMercury (element), a metal\n\n\n== Other uses ==\n" + prose("name", 20), disambiguation: true},
		{title: "List of deep lakes", extract: prose("list of deep lakes", 20)},
		{title: "Lake depths", extract: "This page has the depths of lakes.\n\n\n== Depths ==\n" + depths.String()},
		{title: "Quartz vein", extract: "A quartz vein is a sheet of quartz within a rock. It forms when quartz crystallises from hot water."},
		{title: "Melting points", extract: "\n\n\n== Elements ==\n\n\n== Compounds ==\n\n\n=== Salts ===\n\n\n== References ==\nA handbook of the melting points.\n"},
		{title: "Blank page"},
		{title: "Kieselstein", extract: prose("Kieselstein", 20), language: "de"},
		{title: "Vanished island", missing: true},
		{title: "Askew [bracket", invalid: true},
		{title: "Endless river", extract: prose("endless river", 8000)},
		{title: "Tangled markup", extract: "<div class=\"box\">The tangled markup of this page was never closed.<br/>\n" + prose("tangled <i>markup</i>&nbsp;here", 20) +
			"<span style=\"color:red\n== History ==\nWhere a < b, nothing is lost.<script>alert(1)</script></p>\n"},
	}
}

func (p wikiPage) key() string { return strings.ReplaceAll(p.title, " ", "_") }

// named returns the page with a title.
func (s *Server) named(site, lang, title string) (wikiPage, bool) {
	title = strings.ReplaceAll(title, "_", " ")
	i := slices.IndexFunc(s.library, func(p wikiPage) bool { return p.site == site && p.lang == lang && p.title == title })
	if i < 0 {
		return wikiPage{}, false
	}
	return s.library[i], true
}

// matching returns the pages that have all words of a search, those first that have one in the title.
func (s *Server) matching(site, lang, search string) []wikiPage {
	words := strings.Fields(strings.ToLower(search))
	var first, then []wikiPage
	for _, page := range s.library {
		title := strings.ToLower(page.title)
		all := title + " " + strings.ToLower(page.extract)
		if page.site != site || page.lang != lang || len(words) == 0 || slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(all, word) }) {
			continue
		}
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(title, word) }) {
			first = append(first, page)
		} else {
			then = append(then, page)
		}
	}
	return append(first, then...)
}

// wikiSearch answers a search of Wikibooks and Wikiversity, which have no pages but those of the library.
func (s *Server) wikiSearch(site string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		results := []object{}
		for _, page := range s.matching(site, r.PathValue("lang"), r.URL.Query().Get("q")) {
			results = append(results, searchResult(page.title, page.key()))
		}
		answer(w, http.StatusOK, object{"pages": results})
	}
}

// wikiAPI answers MediaWiki's action API for one title. A title that the library does not have is a stub.
func (s *Server) wikiAPI(site string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query, lang := r.URL.Query(), r.PathValue("lang")
		if query.Get("action") != "query" || query.Get("format") != "json" || query.Get("formatversion") != "2" {
			mediaWikiError(w, http.StatusOK, "badvalue", "Unrecognized value.")
			return
		}
		title := strings.ReplaceAll(query.Get("titles"), "_", " ")
		page, found := s.named(site, lang, title)
		if !found {
			page = wikiPage{site: site, lang: lang, title: title, extract: stub(title), disambiguation: strings.HasSuffix(title, "(disambiguation)")}
		}
		answer(w, http.StatusOK, object{"batchcomplete": true, "query": object{"pages": []object{s.pageObject(page)}}})
	}
}

func (s *Server) pageObject(page wikiPage) object {
	switch {
	case page.missing:
		return object{"ns": 0, "title": page.title, "missing": true}
	case page.invalid:
		return object{"title": page.title, "invalidreason": "The requested page title contains invalid characters.", "invalid": true}
	}
	language := page.lang
	if page.language != "" {
		language = page.language
	}
	address := s.URL() + "/" + page.site + "/" + page.lang + "/wiki/" + (&url.URL{Path: page.key()}).EscapedPath()
	out := object{
		"pageid": number(page.title), "ns": 0, "title": page.title, "extract": page.extract, "contentmodel": "wikitext",
		"pagelanguage": language, "pagelanguagehtmlcode": language, "pagelanguagedir": "ltr", "touched": "2026-03-04T05:06:07Z",
		"lastrevid": number(page.title, page.extract), "length": len(page.extract), "fullurl": address, "canonicalurl": address,
		"editurl": s.URL() + "/" + page.site + "/" + page.lang + "/w/index.php?action=edit&title=" + url.QueryEscape(page.key()),
	}
	if page.disambiguation {
		out["pageprops"] = object{"disambiguation": ""}
	}
	return out
}

// mediaWikiError answers as MediaWiki reports an error: in a header and in the body.
func mediaWikiError(w http.ResponseWriter, status int, code, info string) {
	w.Header().Set("MediaWiki-API-Error", code) //nolint:canonicalheader // as MediaWiki spells it
	answer(w, status, object{"error": object{"code": code, "info": info, "docref": "See the documentation of the API."}, "servedby": "stand-in"})
}
