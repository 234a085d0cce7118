package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// FuzzProblem checks, for any body, query or path, that the response is a success or
// a complete problem document, without internal details.
func FuzzProblem(f *testing.F) {
	deps, _, _ := testDeps(f)
	deps.DB, deps.Tickets = storetest.New(f), realtime.NewTickets(nil)
	deps.Hub = realtime.NewHub(realtime.Options{Source: rowsOnly{deps.DB}})
	deps.Dispatcher = &outbox.Dispatcher{DB: deps.DB, Clock: time.Now, Log: deps.Log}
	server, err := New(deps)
	require.NoError(f, err)
	(&testEnv{server: server}).echoing()
	handler := server.Handler()
	for _, body := range []string{
		`{"topic":"Tides"}`, `{"topic":`, `[]`, `null`, `"x"`, "", `{"topic":"x","count":-1,"tags":["a","b","c","d"]}`, `{"topic":7,"inner":{"site":"no"}}`,
		`{"topic":"\ud800"}`, `{"a":{"a":{"a":{"a":{"a":{}}}}}}`, "{\"topic\":\"\x00\xff\"}", `{"count":1e400,"topic":"abc"}`, `{"topic":"abc","topic":"de"}`,
	} {
		f.Add("/probe", "limit=3", "application/json", body)
	}
	f.Add("/v1/courses/x", "cursor=%zz", "text/plain", "")
	f.Add("/v1/tasks/%00/status", "since=-1&wait=99999h", "application/json; charset=latin1", "{}")
	f.Add("//probe/", "limit=1&limit=2", "application/problem+json", `{"topic":"Tides"}`)
	f.Fuzz(func(t *testing.T, path, query, kind, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.Path, r.URL.RawQuery = path, query
		if !strings.HasPrefix(path, "/") {
			r.URL.Path = "/" + path
		}
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Less(t, w.Code, 500, w.Body.String())
		require.NotEmpty(t, w.Header().Get("X-Request-ID"))
		if w.Code < 300 {
			return
		}
		require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), "%d %s", w.Code, w.Body)
		requireWholeProblem(t, w)
	})
}

// requireWholeProblem requires every member of a problem, in readable text.
func requireWholeProblem(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	require.True(t, utf8.Valid(w.Body.Bytes()))
	var p rest.Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, w.Code, p.Status)
	slug, ok := strings.CutPrefix(p.Type, "http://lyo.test/problems/")
	require.True(t, ok, p.Type)
	k, known := rest.ProblemTypeOf(slug)
	require.True(t, known, slug)
	require.Equal(t, k.Title, p.Title)
	require.NotEmpty(t, p.Detail)
	require.Equal(t, w.Header().Get("X-Request-ID"), p.RequestID)
	for _, fault := range p.Errors {
		require.NotEmpty(t, fault.Message)
		require.Contains(t, []string{"body", "query", "path", "header"}, fault.Location)
	}
	for _, inside := range []string{"goroutine", ".go:", "gorm", "json: cannot", "strconv."} {
		require.NotContains(t, p.Detail, inside)
	}
}
