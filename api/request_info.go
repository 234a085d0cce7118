package api

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/models/store"
)

// requestInfo is what the middleware and the handler share about one request. It belongs to the
// request's goroutine.
type requestInfo struct {
	id      string // X-Request-ID
	method  string // as sent, so HEAD stays HEAD
	path    string // as sent, before aliases
	query   string // raw, as sent
	started time.Time
	address string // of the client, behind trusted proxies
	agent   string // User-Agent, as sent
	user    string // set once the token is checked, for the log
	answer  http.Header
	limits  []ratelimit.State // those charged so far
	broken  []store.Field     // texts of the body that break their rule
}

type requestInfoKey struct{}

// requestInfoOf never returns nil. Outside of a request it returns an empty value.
func requestInfoOf(ctx context.Context) *requestInfo {
	if ex, ok := ctx.Value(requestInfoKey{}).(*requestInfo); ok {
		return ex
	}
	return &requestInfo{}
}

var wellFormedID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// begin assigns the request's id and canonical path.
func (a *API) begin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ex := &requestInfo{
			id: r.Header.Get("X-Request-ID"), method: r.Method,
			path: r.URL.Path, query: r.URL.RawQuery, started: a.options.Clock(), answer: w.Header(),
			agent: r.UserAgent(),
		}
		if !wellFormedID.MatchString(ex.id) {
			ex.id = store.NewID().String()
		}
		w.Header().Set("X-Request-ID", ex.id)
		next.ServeHTTP(w, a.respell(r.WithContext(context.WithValue(r.Context(), requestInfoKey{}, ex))))
	})
}

// respell makes HEAD a GET, whose body net/http omits, drops a trailing slash and resolves aliases, so
// that the router knows each address once. r is a copy whose URL is still shared.
func (a *API) respell(r *http.Request) *http.Request {
	if r.Method == http.MethodHead {
		r.Method = http.MethodGet
	}
	if path := a.canonical(r.Method, r.URL.Path); path != r.URL.Path || r.URL.RawPath != "" {
		u := *r.URL
		u.Path, u.RawPath = path, ""
		r.URL = &u
	}
	return r
}
