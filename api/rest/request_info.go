package rest

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
)

// RequestInfo is what the middleware and the handler share about one request. It belongs to the
// request's goroutine.
type RequestInfo struct {
	ID      string // X-Request-ID
	Method  string // as sent, so HEAD stays HEAD
	path    string // as sent, before aliases
	Query   string // raw, as sent
	started time.Time
	Address string // of the client, behind trusted proxies
	Agent   string // User-Agent, as sent
	User    string // set once the token is checked, for the log
	answer  http.Header
	limits  []ratelimit.State // those charged so far
	broken  []store.Field     // texts of the body that break their rule
	room    func()            // gives back the place of a large body; nil: it has none
}

const maxUserAgent = 255 // characters

// StoredAgent returns the User-Agent field in the form in which it is stored.
func (r *RequestInfo) StoredAgent() string {
	return texts.CleanName(strings.ToValidUTF8(r.Agent, ""), maxUserAgent)
}

type requestInfoKey struct{}

// RequestInfoOf never returns nil. Outside of a request it returns an empty value.
func RequestInfoOf(ctx context.Context) *RequestInfo {
	if info, ok := ctx.Value(requestInfoKey{}).(*RequestInfo); ok {
		return info
	}
	return &RequestInfo{}
}

var wellFormedID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// begin assigns the request's id and canonical path.
func (a *API) begin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := &RequestInfo{
			ID: r.Header.Get("X-Request-ID"), Method: r.Method,
			path: r.URL.Path, Query: r.URL.RawQuery, started: a.options.Clock(), answer: w.Header(),
			Agent: r.UserAgent(),
		}
		if !wellFormedID.MatchString(info.ID) {
			info.ID = store.NewID().String()
		}
		w.Header().Set("X-Request-ID", info.ID)
		next.ServeHTTP(w, a.respell(r.WithContext(context.WithValue(r.Context(), requestInfoKey{}, info))))
	})
}

// respell makes HEAD a GET, whose body net/http omits, drops a trailing slash and resolves aliases, so
// that the router knows each address once. r is a copy whose URL is still shared.
func (a *API) respell(r *http.Request) *http.Request {
	if r.Method == http.MethodHead {
		r.Method = http.MethodGet
	}
	if path := a.Canonical(r.Method, r.URL.Path); path != r.URL.Path || r.URL.RawPath != "" {
		u := *r.URL
		u.Path, u.RawPath = path, ""
		r.URL = &u
	}
	return r
}
