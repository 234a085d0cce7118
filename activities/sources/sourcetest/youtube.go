package sourcetest

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

func (s *Server) youTubeSearch(w http.ResponseWriter, r *http.Request) {
	if !authorized(w, r) {
		return
	}
	items := []object{}
	for _, title := range some(r, "maxResults", r.URL.Query().Get("q"), "%s in ten minutes", "%s & you", "%s kept private") {
		id := fmt.Sprintf("st%09d", number(title)%1_000_000_000)
		s.mu.Lock()
		s.videos[id] = title
		s.mu.Unlock()
		items = append(items, object{
			"kind": "youtube#searchResult", "id": object{"kind": "youtube#video", "videoId": id},
			"snippet": object{"title": html.EscapeString(title), "channelTitle": "Plain Lessons", "publishedAt": "2025-02-03T04:05:06Z"},
		})
	}
	answer(w, http.StatusOK, object{"kind": "youtube#searchListResponse", "regionCode": "US", "items": items, "pageInfo": object{"totalResults": len(items), "resultsPerPage": 5}})
}

func (s *Server) youTubeVideos(w http.ResponseWriter, r *http.Request) {
	if !authorized(w, r) {
		return
	}
	items := []object{}
	for i, id := range strings.Split(r.URL.Query().Get("id"), ",") {
		s.mu.Lock()
		title, found := s.videos[id]
		s.mu.Unlock()
		if !found {
			continue
		}
		privacy, license := "public", "youtube"
		if strings.HasSuffix(title, "kept private") {
			privacy = "private"
		}
		if i == 1 {
			license = "creativeCommon"
		}
		items = append(items, object{
			"kind": "youtube#video", "id": id,
			"snippet": object{
				"title": title, "description": "A short lesson: " + title + ".", "channelTitle": "Plain Lessons", "publishedAt": "2025-02-03T04:05:06Z",
				"tags": []string{"lesson", "education"}, "defaultAudioLanguage": "en-US",
				"thumbnails": object{"default": object{"url": s.URL() + "/youtube/vi/" + id + "/default.svg"}, "high": object{"url": s.URL() + "/youtube/vi/" + id + "/hq.svg"}},
			},
			"contentDetails": object{"duration": "PT10M5S", "definition": "hd"},
			"status":         object{"privacyStatus": privacy, "license": license, "embeddable": true, "uploadStatus": "processed"},
		})
	}
	answer(w, http.StatusOK, object{"kind": "youtube#videoListResponse", "items": items})
}

func authorized(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("X-Goog-Api-Key") == Key {
		return true
	}
	answer(w, http.StatusBadRequest, refusal(http.StatusBadRequest, "badRequest", "API key not valid. Please pass a valid API key."))
	return false
}

func refusal(code int, reason, message string) object {
	return object{"error": object{"code": code, "message": message, "errors": []object{{"message": message, "domain": "youtube.quota", "reason": reason}}}}
}
