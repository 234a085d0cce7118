package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// testEnv is a server over HTTP on a database of its own, with a clock that the test
// moves.
type testEnv struct {
	t      *testing.T
	server *Server
	url    string
	clock  *testClock
	logs   *lockedBuffer
	routes routers.Router // of the OpenAPI document
}

type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func testConfig() config.Config {
	return config.Config{
		Env: config.Development,
		HTTP: config.HTTP{
			PublicURL: "http://lyo.test", CursorKey: "a test key of thirty-two characters",
			CORSOrigins: []string{"https://app.lyo.test"},
		},
		Course: config.Course{AtOnce: 100},
		Dev:    config.Dev{TemporalUIPort: 8233},
		Auth:   config.Auth{BcryptCost: 4, AccessFor: 30 * time.Minute, RefreshFor: 720 * time.Hour, SessionMax: 4320 * time.Hour},
	}
}

func testDeps(t testing.TB) (Deps, *testClock, *lockedBuffer) {
	text, err := auth.Generate()
	require.NoError(t, err)
	keys, err := auth.ParseKeys(text)
	require.NoError(t, err)
	clock := &testClock{at: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	logs := &lockedBuffer{}
	return Deps{
		Config: testConfig(), Keys: keys, Clock: clock.now, Version: "test",
		Log: slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, clock, logs
}

// newTestEnv starts a server; change may replace collaborators.
func newTestEnv(t *testing.T, change ...func(*Deps)) *testEnv {
	t.Helper()
	deps, clock, logs := testDeps(t)
	deps.DB = storetest.New(t)
	for _, c := range change {
		c(&deps)
	}
	return serve(t, deps, clock, logs)
}

func serve(t *testing.T, deps Deps, clock *testClock, logs *lockedBuffer) *testEnv {
	t.Helper()
	if deps.Hub == nil {
		deps.Hub = rowsHub(t, deps)
	}
	if deps.Dispatcher == nil {
		deps.Dispatcher = &outbox.Dispatcher{DB: deps.DB, Clock: time.Now, Log: deps.Log}
	}
	if deps.Tickets == nil {
		deps.Tickets = realtime.NewTickets(deps.Redis)
	}
	server, err := New(deps)
	require.NoError(t, err)
	listener := httptest.NewServer(server.Handler())
	t.Cleanup(listener.Close)
	return &testEnv{t: t, server: server, url: listener.URL, clock: clock, logs: logs, routes: documentedRoutes(t, server)}
}

// documentedRoutes returns the routes of the server's OpenAPI document. Building and parsing it takes
// long, and servers with the same routes and addresses have the same document, so that is done once for each.
func documentedRoutes(t testing.TB, server *Server) routers.Router {
	t.Helper()
	named := server.Config.HTTP.PublicURL
	for _, route := range server.Routes() {
		named += " " + route.Method + " " + route.Path
	}
	read, _ := routesOf.LoadOrStore(named, sync.OnceValues(func() (routers.Router, error) {
		document, err := server.Document()
		if err != nil {
			return nil, err
		}
		doc, err := openapi3.NewLoader().LoadFromData(document)
		if err != nil {
			return nil, err
		}
		doc.Servers = nil
		return legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	}))
	routes, err := read.(func() (routers.Router, error))()
	require.NoError(t, err)
	return routes
}

var routesOf sync.Map // by the addresses and routes of servers: functions that parse a document once

// conform checks a response against the OpenAPI document, if the path is documented.
func (w *testEnv) conform(r *http.Request, a answer) {
	w.t.Helper()
	clone := r.Clone(context.Background())
	clone.URL.Path = w.server.Canonical(r.Method, r.URL.Path)
	route, parameters, err := w.routes.FindRoute(clone)
	if err != nil || r.Method == http.MethodHead || a.header.Get("Content-Encoding") != "" {
		return
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: clone, PathParams: parameters, Route: route},
		Status:                 a.status, Header: a.header,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, ExcludeResponseBody: !strings.Contains(a.header.Get("Content-Type"), "json"),
		},
	}
	input.SetBodyBytes(a.body)
	require.NoError(w.t, openapi3filter.ValidateResponse(context.Background(), input), "%s %s: %s", r.Method, r.URL.Path, a.body)
}

// answer is a response with its body.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// json returns the body as an object.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal(a.body, &v), string(a.body))
	return v
}

func (w *testEnv) do(method, path, body string, headers ...string) answer {
	w.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	return w.send(method, path, reader, headers...)
}

// send takes header names and values alternately.
func (w *testEnv) send(method, path string, body io.Reader, headers ...string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, w.url+path, body)
	require.NoError(w.t, err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := (&http.Client{Transport: transport, CheckRedirect: refuse}).Do(r)
	require.NoError(w.t, err)
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	a := answer{response.StatusCode, response.Header, read}
	w.conform(r, a)
	return a
}

// problem checks that a response is a complete problem document of the slug.
func (w *testEnv) problem(a answer, slug string) map[string]any {
	w.t.Helper()
	k, ok := rest.ProblemTypeOf(slug)
	require.True(w.t, ok)
	require.Equal(w.t, k.Status, a.status, string(a.body))
	require.Equal(w.t, "application/problem+json", a.header.Get("Content-Type"))
	p := a.json(w.t)
	require.Equal(w.t, "http://lyo.test/problems/"+slug, p["type"])
	require.Equal(w.t, k.Title, p["title"])
	require.EqualValues(w.t, k.Status, p["status"])
	require.NotEmpty(w.t, p["detail"])
	require.NotEmpty(w.t, p["instance"])
	require.Equal(w.t, a.header.Get("X-Request-ID"), p["request_id"])
	if k.Status == http.StatusUnauthorized {
		require.Equal(w.t, "Bearer", a.header.Get("WWW-Authenticate"))
	}
	if k.Status == http.StatusServiceUnavailable || k.Status == http.StatusTooManyRequests {
		require.NotEmpty(w.t, a.header.Get("Retry-After"))
		require.NotZero(w.t, p["retry_after"])
	}
	return p
}

// person is a signed-in user.
type person struct{ id, access, refresh string }

func (p person) header() []string { return []string{"Authorization", "Bearer " + p.access} }

func (w *testEnv) signUp(email string) person {
	w.t.Helper()
	a := w.do("POST", "/v1/auth/register", `{"email":"`+email+`","password":"correct horse","full_name":"Ada L"}`)
	require.Equal(w.t, 201, a.status, string(a.body))
	v := a.json(w.t)
	return person{v["user"].(map[string]any)["id"].(string), v["access_token"].(string), v["refresh_token"].(string)}
}

// failing adds an operation that returns an error.
func (w *testEnv) failing(path string, err error) {
	rest.Register(w.server.API, huma.Operation{OperationID: path, Method: "GET", Path: path},
		func(context.Context, *rest.NoInput) (*rest.Body[string], error) { return nil, err }, rest.Public)
}

type probeInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"50" default:"20"`
	Body  probeBody
}

type probeBody struct {
	Topic string       `json:"topic" minLength:"3" maxLength:"10"`
	Count int          `json:"count,omitempty" minimum:"0"`
	Tags  []string     `json:"tags,omitempty" maxItems:"3"`
	Free  store.Object `json:"free,omitempty"`
	Inner struct {
		Site string `json:"site,omitempty" format:"uri"`
	} `json:"inner,omitzero"`
}

// echoing adds POST /probe, which returns the body.
func (w *testEnv) echoing() {
	rest.Register(w.server.API, huma.Operation{OperationID: "probe", Method: "POST", Path: "/probe"},
		func(_ context.Context, in *probeInput) (*rest.Body[probeBody], error) {
			return rest.Answer(in.Body), nil
		}, rest.Public)
}

func errorOf(code store.Code) *store.Error { return store.Errorf(code, "In words.") }
