package sourcetest

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	readHeaderTimeout = 5 * time.Second
	maxLog            = 10_000
)

// Fault is how a site fails. Those with Link in their name are of its pages, the others
// of its API.
type Fault struct {
	link  bool
	serve func(s *Server, w http.ResponseWriter, r *http.Request)
}

// Stall never answers.
func Stall() Fault { return Fault{serve: stall} }

// Status answers with a status and nothing of use.
func Status(code int) Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }}
}

// TooMany answers 429 and asks to be left alone for a while.
func TooMany(after time.Duration) Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
		w.WriteHeader(http.StatusTooManyRequests)
	}}
}

// Quota answers as Google does when the day's quota is used up.
func Quota() Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusForbidden, refusal(http.StatusForbidden, "quotaExceeded", "The request cannot be completed because you have exceeded your quota."))
	}}
}

// Broken answers with what is neither JSON nor XML.
func Broken() Fault { return body(`{"pages": [{"id": 1, <feed><entry>`) }

// Empty answers properly, with no result.
func Empty() Fault {
	return Fault{serve: func(_ *Server, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/arxiv/api/query" {
			_, _ = io.WriteString(w, `<feed xmlns="http://www.w3.org/2005/Atom"></feed>`)
			return
		}
		_, _ = io.WriteString(w, `{"pages": [], "docs": [], "results": [], "items": []}`)
	}}
}

// Body answers with this text.
func Body(text string) Fault { return body(text) }

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

// Redirect answers with the way to another address.
func Redirect(to string) Fault { return redirect(false, to) }

// RedirectLinks does so where items point.
func RedirectLinks(to string) Fault { return redirect(true, to) }

// DeadLinks answers 404 where items point.
func DeadLinks() Fault { return LinkStatus(http.StatusNotFound) }

// LinkStatus answers with a status where items point.
func LinkStatus(code int) Fault {
	return Fault{link: true, serve: func(_ *Server, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }}
}

// StallLinks never answers where items point.
func StallLinks() Fault { return Fault{link: true, serve: stall} }

// NoHead refuses HEAD where items point, with a status, and answers GET.
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
