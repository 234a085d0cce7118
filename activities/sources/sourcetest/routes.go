package sourcetest

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/lyoapp/lyo/activities/sources"
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	api := func(site, pattern string, serve http.HandlerFunc) {
		mux.Handle("GET "+pattern, s.route(site, false, serve))
	}
	page := func(site, pattern string) { mux.Handle("GET "+pattern, s.route(site, true, document)) }

	api(sources.Wikipedia, "/wikipedia/{lang}/w/rest.php/v1/search/page", s.wikipediaSearch)
	api(sources.Wikipedia, "/wikipedia/{lang}/api/rest_v1/page/summary/{key}", s.wikipediaSummary)
	api(sources.Wikibooks, "/wikibooks/{lang}/w/rest.php/v1/search/page", s.wikiSearch(sources.Wikibooks))
	api(sources.Wikiversity, "/wikiversity/{lang}/w/rest.php/v1/search/page", s.wikiSearch(sources.Wikiversity))
	for _, site := range []string{sources.Wikipedia, sources.Wikibooks, sources.Wikiversity} {
		api(site, "/"+site+"/{lang}/w/api.php", s.wikiAPI(site))
		page(site, "/"+site+"/{lang}/w/index.php")
		page(site, "/"+site+"/{lang}/wiki/{key...}")
	}
	api(sources.OpenLibrary, "/openlibrary/search.json", s.openLibrary)
	page(sources.OpenLibrary, "/openlibrary/works/{id}")
	api(sources.ArXiv, "/arxiv/api/query", s.arXiv)
	page(sources.ArXiv, "/arxiv/pdf/{id}")
	api(sources.ITunes, "/itunes/search", s.iTunes)
	page(sources.ITunes, "/itunes/podcast/{id}")
	api(sources.YouTube, "/youtube/youtube/v3/search", s.youTubeSearch)
	api(sources.YouTube, "/youtube/youtube/v3/videos", s.youTubeVideos)
	page(sources.YouTube, "/youtube/watch")
	for _, pictures := range []string{"/wikipedia-thumbs/", "/openlibrary/b/id/", "/itunes/art/", "/youtube/vi/"} {
		mux.HandleFunc("GET "+pictures, picture)
	}
	return mux
}

// route records a request and has its site's fault answer, if it has one of the kind.
func (s *Server) route(site string, link bool, serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := s.arrived(site, link, r); fault.serve != nil && fault.link == link && (fault.only == nil || fault.only(r)) {
			fault.serve(s, w, r)
			return
		}
		serve(w, r)
	})
}

func document(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!doctype html><title>A stand-in</title><p>This page stands in for one of another site.</p>")
}

func picture(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#889"/></svg>`)
}

func answer(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// object is a JSON object.
type object = map[string]any
