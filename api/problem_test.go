package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/store"
)

func TestEveryErrorBecomesItsProblem(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	engine, model := errorOf(store.Unavailable), errorOf(store.Unavailable)
	engine.Part, engine.RetryAfter = "workflow-engine", 1500*time.Millisecond
	model.Part = "model"
	slow := errorOf(store.RateLimited)
	slow.RetryAfter = 90 * time.Second
	table := map[string]struct {
		err  error
		slug string
	}{
		"/t/invalid":     {store.BadField("body", "/topic", "is odd"), slugValidation},
		"/t/auth":        {errorOf(store.Unauthenticated), slugAuth},
		"/t/forbidden":   {errorOf(store.Forbidden), slugDenied},
		"/t/missing":     {fmt.Errorf("wrapped: %w", store.Missing("course", uuid.UUID{7})), slugNotFound},
		"/t/conflict":    {errorOf(store.Conflict), slugConflict},
		"/t/condition":   {errorOf(store.Precondition), slugCondition},
		"/t/key":         {errorOf(store.ReusedKey), slugReusedKey},
		"/t/slow":        {slow, slugRateLimited},
		"/t/engine":      {engine.Because(errors.New("secret-cause")), slugEngine},
		"/t/model":       {model, slugModel},
		"/t/dependency":  {errorOf(store.Unavailable), slugDependency},
		"/t/deadline":    {fmt.Errorf("query: %w", context.DeadlineExceeded), slugDependency},
		"/t/postgres":    {&pgconn.PgError{Code: "57P01", Message: "secret-cause"}, slugDependency},
		"/t/broken":      {fmt.Errorf("query: %w", pgconn.ErrConnClosed), slugDependency},
		"/t/cut":         {fmt.Errorf("query: %w", io.ErrUnexpectedEOF), slugDependency},
		"/t/sql":         {&pgconn.PgError{Code: "42601", Message: "secret-cause"}, slugServer},
		"/t/anything":    {errors.New("secret-cause"), slugServer},
		"/t/cursor":      {malformed("The cursor is bad."), slugMalformed},
		"/t/huma-status": {huma.Error409Conflict("secret-cause"), slugServer},
	}
	for path, row := range table {
		w.failing(path, row.err)
		a := w.do("GET", path, "")
		p := w.problem(a, row.slug)
		require.Equal(t, path, p["instance"])
		require.NotContains(t, string(a.body), "secret-cause")
	}
	require.Equal(t, "2", w.do("GET", "/t/engine", "").header.Get("Retry-After"))
	require.Equal(t, "90", w.do("GET", "/t/slow", "").header.Get("Retry-After"))
	missing := w.do("GET", "/t/missing", "").json(t)
	require.Equal(t, "course", missing["resource_type"])
	require.Equal(t, uuid.UUID{7}.String(), missing["resource_id"])
	require.Equal(t, []any{map[string]any{"pointer": "/topic", "location": "body", "message": "is odd"}},
		w.do("GET", "/t/invalid", "").json(t)["errors"])
}

func TestInternalErrorIsLoggedOnceUnderItsRequestID(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.failing("/t/anything", errors.New("the cause"))
	w.do("GET", "/t/anything", "", "X-Request-ID", "my-own.id_1")
	require.Equal(t, 1, strings.Count(w.logs.String(), "the cause"))
	require.Contains(t, w.logs.String(), `"msg":"request failed","request_id":"my-own.id_1"`)
}

func TestRouterProblems(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.problem(w.do("GET", "/nowhere", ""), slugNotFound)
	require.Equal(t, "/nowhere", p["resource_id"])
	a := w.do("PATCH", "/v1/auth/login", "{}")
	w.problem(a, slugMethod)
	require.Equal(t, "POST", a.header.Get("Allow"))
	a = w.do("DELETE", "/v1/users/me/usage", "")
	w.problem(a, slugMethod)
	require.Equal(t, "GET, HEAD", a.header.Get("Allow"))
	a = w.do("PUT", "/v1/courses:generate", "{}")
	w.problem(a, slugMethod)
	require.Contains(t, a.header.Get("Allow"), "POST")
}

func TestPanicBecomesAProblem(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	register(w.server.API, huma.Operation{OperationID: "p", Method: "GET", Path: "/panic"},
		func(context.Context, *nothing) (*body[string], error) { panic("secret-cause") }, public)
	a := w.do("GET", "/panic", "")
	w.problem(a, slugServer)
	require.NotContains(t, string(a.body), "secret-cause")
	require.Contains(t, w.logs.String(), "secret-cause")
}

func TestHandlerThatTakesTooLong(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	register(w.server.API, huma.Operation{OperationID: "s", Method: "GET", Path: "/slow"},
		func(ctx context.Context, _ *nothing) (*body[string], error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, public, within(20*time.Millisecond))
	w.problem(w.do("GET", "/slow", ""), slugDependency)
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.echoing()
	text := func(size int) string {
		head, tail := `{"topic":"abc","free":{"x":"`, `"}}`
		return head + strings.Repeat("y", size-len(head)-len(tail)) + tail
	}
	require.Equal(t, 200, w.do("POST", "/probe", text(maxBody)).status)
	w.problem(w.do("POST", "/probe", text(maxBody+1)), slugTooLarge)
	// Without a length a body is sent in chunks.
	chunked := func(size int) io.Reader { return io.MultiReader(strings.NewReader(text(size))) }
	require.Equal(t, 200, w.send("POST", "/probe", chunked(maxBody)).status)
	w.problem(w.send("POST", "/probe", chunked(maxBody+1)), slugTooLarge)
	w.problem(w.send("POST", "/probe", chunked(3*maxBody)), slugTooLarge)
	w.problem(w.do("GET", "/v1/users/me", text(maxBody+1)), slugTooLarge)
}

func TestBodiesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.echoing()
	for name, text := range map[string]string{
		"not json":       `{"topic":`,
		"two values":     `{"topic":"abc"} {}`,
		"trailing":       `{"topic":"abc"}]`,
		"too deep":       `{"topic":"abc","free":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 41),
		"far too deep":   strings.Repeat("[", 100_000),
		"not utf-8":      "{\"topic\":\"ab\xff\"}",
		"a name twice":   `{"topic":"abc","topic":"abcdefghijklmnop"}`,
		"in another way": `{"topic":"abc","TOPIC":"abcdefghijklmnop"}`,
		"just a word":    `nope`,
	} {
		a := w.do("POST", "/probe", text)
		require.Equal(t, 400, a.status, name)
		w.problem(a, slugMalformed)
	}
	w.problem(w.do("POST", "/probe", ""), slugMalformed)
	w.problem(w.do("POST", "/probe", "topic=abc", "Content-Type", "application/x-www-form-urlencoded"), slugMedia)
	w.problem(w.do("POST", "/probe", "{}", "Content-Type", "application/json; charset=latin1"), slugMedia)
	require.Equal(t, 200, w.do("POST", "/probe", `{"topic":"abc"}`, "Content-Type", "application/json; charset=UTF-8").status)
	require.Equal(t, 200, w.do("POST", "/probe", `{"topic":"abc","unknown":{"x":[1]}}`).status)
}

func TestBrokenRulesComeAllAtOnce(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.echoing()
	a := w.do("POST", "/probe?limit=99", `{"count":-1,"tags":["a",7,"c","d"],"inner":{"site":"http://[secret"},"free":"x"}`)
	w.problem(a, slugValidation)
	require.NotContains(t, string(a.body), "secret")
	where := map[string]string{}
	for _, e := range a.json(t)["errors"].([]any) {
		f := e.(map[string]any)
		where[f["pointer"].(string)] = f["location"].(string)
		require.NotEmpty(t, f["message"])
	}
	require.Equal(t, map[string]string{
		"limit": "query", "/topic": "body", "/count": "body", "/tags": "body", "/tags/1": "body", "/inner/site": "body", "/free": "body",
	}, where)
	w.problem(w.do("POST", "/probe?limit=x", `{"topic":"abc"}`), slugValidation)
	w.problem(w.do("POST", "/probe", `[]`), slugValidation)
	w.problem(w.do("POST", "/probe", `null`), slugValidation)
	p := w.problem(w.do("POST", "/probe", `{"topic":"abc","count":1e30}`), slugValidation)
	require.Equal(t, "/count", p["errors"].([]any)[0].(map[string]any)["pointer"])
	p = w.problem(w.do("POST", "/probe", `{"topic":"abc","count":1e999}`), slugValidation)
	require.Equal(t, "/count", p["errors"].([]any)[0].(map[string]any)["pointer"])
}

func TestNULNeverReachesPostgres(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.echoing()
	p := w.problem(w.do("POST", "/probe", `{"topic":"a\u0000bc","free":{"x/y":["\u0000"]}}`), slugValidation)
	require.Len(t, p["errors"], 2)
	require.Equal(t, "/topic", p["errors"].([]any)[0].(map[string]any)["pointer"])
	require.Equal(t, "/free/x~1y/0", p["errors"].([]any)[1].(map[string]any)["pointer"])
	w.problem(w.do("GET", "/health?x=%00", ""), slugValidation)
	w.problem(w.do("GET", "/health?x=%ff", ""), slugMalformed)
}

type idInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

func TestIDsInThePath(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	register(w.server.API, huma.Operation{OperationID: "thing", Method: "GET", Path: "/things/{id}"},
		func(_ context.Context, in *idInput) (*body[string], error) { return &body[string]{in.ID.String()}, nil }, public)
	id := uuid.NewString()
	require.Equal(t, `"`+id+`"`+"\n", string(w.do("GET", "/things/"+strings.ToUpper(id), "").body))
	for _, bad := range []string{"7", "nope", strings.ReplaceAll(id, "-", ""), "{" + id + "}", "urn:uuid:" + id, "%00"} {
		w.problem(w.do("GET", "/things/"+bad, ""), slugMalformed)
	}
}

func TestProblemPages(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	for _, k := range problemTypes() {
		page := w.do("GET", "/problems/"+k.Slug, "", "Accept", "text/html")
		require.Equal(t, 200, page.status)
		require.Contains(t, page.header.Get("Content-Type"), "text/html")
		require.Contains(t, page.header.Get("Content-Security-Policy"), "style-src 'sha256-")
		require.Contains(t, string(page.body), k.Title)
		require.Equal(t, k.Title, w.do("GET", "/problems/"+k.Slug, "", "Accept", "application/json").json(t)["title"])
		require.Contains(t, string(w.do("GET", "/problems", "").body), k.Slug)
	}
	w.problem(w.do("GET", "/problems/nope", ""), slugNotFound)
	require.Equal(t, http.StatusOK, w.do("HEAD", "/problems", "").status)
}
