package sourcetest

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	readHeaderTimeout = 5 * time.Second
	maxLog            = 10_000
)

// Fault is a failure of a site. Those with Link in their name affect its pages, the others
// its API.
type Fault struct {
	link  bool
	only  func(r *http.Request) bool // the requests that fail; nil: all
	serve func(s *Server, w http.ResponseWriter, r *http.Request)
}

// Stall never answers.
func Stall() Fault { return Fault{serve: stall} }

// Status answers with a status and nothing useful.
func Status(code int) Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }}
}

// TooMany answers 429 with a Retry-After.
func TooMany(after time.Duration) Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		w.WriteHeader(http.StatusTooManyRequests)
	}}
}

// Lagged answers as MediaWiki does when its databases lag: an error with status 200 and a Retry-After.
func Lagged(after time.Duration) Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		w.Header().Set("X-Database-Lag", "7")
		mediaWikiError(w, http.StatusOK, "maxlag", "Waiting for a database server: 7 seconds lagged.")
	}}
}

// Overloaded answers 503 with a Retry-After and a page in HTML.
func Overloaded(after time.Duration) Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		w.WriteHeader(http.StatusServiceUnavailable)
		document(w, r)
	}}
}

// APIError answers as MediaWiki reports an error: with status 200.
func APIError(code string) Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		mediaWikiError(w, http.StatusOK, code, "It did not work.")
	}}
}

// CutBody ends an answer in its middle.
func CutBody() Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5000")
		_, _ = io.WriteString(w, `{"batchcomplete":true,"query":{"pages":[{"pageid":1,"title":"Volcano","extract":"A volcano is`)
	}}
}

// Trickle begins an answer and never ends it.
func Trickle() Fault {
	return Fault{serve: func(s *Server, w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"query":`)
		_ = http.NewResponseController(w).Flush()
		stall(s, w, r)
	}}
}

// PagesOnly limits a fault to the requests for whole pages of a wiki, or for those with these titles.
// Its search works.
func PagesOnly(f Fault, titles ...string) Fault {
	f.only = func(r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, "/w/api.php") && (len(titles) == 0 || slices.Contains(titles, r.URL.Query().Get("titles")))
	}
	return f
}

// Quota answers as Google does when the day's quota is used up.
func Quota() Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusForbidden, refusal(http.StatusForbidden, "quotaExceeded", "The request cannot be completed because you have exceeded your quota."))
	}}
}

// Broken answers with neither valid JSON nor XML.
func Broken() Fault { return body(`{"pages": [{"id": 1, <feed><entry>`) }

// Empty answers validly, without a result.
func Empty() Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/arxiv/api/query" {
			_, _ = io.WriteString(w, `<feed xmlns="http://www.w3.org/2005/Atom"></feed>`)
			return
		}
		_, _ = io.WriteString(w, `{"pages": [], "docs": [], "results": [], "items": []}`)
	}}
}

// Huge answers without end.
func Huge() Fault {
	return Fault{serve: func(s *Server, w http.ResponseWriter, r *http.Request) {
		for block := make([]byte, 32<<10); ; {
			select {
			case <-s.done:
				return
			case <-r.Context().Done():
				return
			default:
			}
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}}
}

// Redirect redirects to another address.
func Redirect(to string) Fault { return redirect(false, to) }

// RedirectLinks redirects the links of items.
func RedirectLinks(to string) Fault { return redirect(true, to) }

// DeadLinks answers 404 to the links of items.
func DeadLinks() Fault { return LinkStatus(http.StatusNotFound) }

// LinkStatus answers with a status to the links of items.
func LinkStatus(code int) Fault {
	return Fault{link: true, serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }}
}

// StallLinks never answers the links of items.
func StallLinks() Fault { return Fault{link: true, serve: stall} }

// NoHead answers HEAD with a status for the links of items, and answers GET normally.
func NoHead(code int) Fault {
	return Fault{link: true, serve: func(_ *Server, w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(code)
			return
		}
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, "x")
	}}
}

func stall(s *Server, _ http.ResponseWriter, r *http.Request) {
	select {
	case <-s.done:
	case <-r.Context().Done():
	}
}

func body(text string) Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }}
}

func redirect(link bool, to string) Fault {
	return Fault{link: link, serve: func(_ *Server, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, to, http.StatusFound)
	}}
}
