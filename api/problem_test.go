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

	"github.com/lyoapp/lyo/api/rest"
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
		"/t/invalid":     {store.BadField("body", "/topic", "is odd"), rest.SlugValidation},
		"/t/auth":        {errorOf(store.Unauthenticated), rest.SlugAuth},
		"/t/forbidden":   {errorOf(store.Forbidden), rest.SlugDenied},
		"/t/missing":     {fmt.Errorf("wrapped: %w", store.Missing("course", uuid.UUID{7})), rest.SlugNotFound},
		"/t/conflict":    {errorOf(store.Conflict), rest.SlugConflict},
		"/t/condition":   {errorOf(store.Precondition), rest.SlugCondition},
		"/t/key":         {errorOf(store.ReusedKey), rest.SlugReusedKey},
		"/t/slow":        {slow, rest.SlugRateLimited},
		"/t/engine":      {engine.Because(errors.New("secret-cause")), rest.SlugEngine},
		"/t/model":       {model, rest.SlugModel},
		"/t/dependency":  {errorOf(store.Unavailable), rest.SlugDependency},
		"/t/deadline":    {fmt.Errorf("query: %w", context.DeadlineExceeded), rest.SlugDependency},
		"/t/postgres":    {&pgconn.PgError{Code: "57P01", Message: "secret-cause"}, rest.SlugDependency},
		"/t/broken":      {fmt.Errorf("query: %w", pgconn.ErrConnClosed), rest.SlugDependency},
		"/t/cut":         {fmt.Errorf("query: %w", io.ErrUnexpectedEOF), rest.SlugDependency},
		"/t/sql":         {&pgconn.PgError{Code: "42601", Message: "secret-cause"}, rest.SlugServer},
		"/t/anything":    {errors.New("secret-cause"), rest.SlugServer},
		"/t/cursor":      {rest.Malformed("The cursor is bad."), rest.SlugMalformed},
		"/t/huma-status": {huma.Error409Conflict("secret-cause"), rest.SlugServer},
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
	p := w.problem(w.do("GET", "/nowhere", ""), rest.SlugNotFound)
	require.Equal(t, "/nowhere", p["resource_id"])
	a := w.do("PATCH", "/v1/auth/login", "{}")
	w.problem(a, rest.SlugMethod)
	require.Equal(t, "POST", a.header.Get("Allow"))
	a = w.do("DELETE", "/v1/users/me/usage", "")
	w.problem(a, rest.SlugMethod)
	require.Equal(t, "GET, HEAD", a.header.Get("Allow"))
	a = w.do("PUT", "/v1/courses:generate", "{}")
	w.problem(a, rest.SlugMethod)
	require.Contains(t, a.header.Get("Allow"), "POST")
}

func TestPanicBecomesAProblem(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	rest.Register(w.server.API, huma.Operation{OperationID: "p", Method: "GET", Path: "/panic"},
		func(context.Context, *rest.NoInput) (*rest.Body[string], error) { panic("secret-cause") }, rest.Public)
	a := w.do("GET", "/panic", "")
	w.problem(a, rest.SlugServer)
	require.NotContains(t, string(a.body), "secret-cause")
	require.Contains(t, w.logs.String(), "secret-cause")
}

func TestHandlerThatTakesTooLong(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	rest.Register(w.server.API, huma.Operation{OperationID: "s", Method: "GET", Path: "/slow"},
		func(ctx context.Context, _ *rest.NoInput) (*rest.Body[string], error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, rest.Public, rest.Within(20*time.Millisecond))
	w.problem(w.do("GET", "/slow", ""), rest.SlugDependency)
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.echoing()
	text := func(size int) string {
		head, tail := `{"topic":"abc","free":{"x":"`, `"}}`
		return head + strings.Repeat("y", size-len(head)-len(tail)) + tail
	}
	require.Equal(t, 200, w.do("POST", "/probe", text(rest.MaxBody)).status)
	w.problem(w.do("POST", "/probe", text(rest.MaxBody+1)), rest.SlugTooLarge)
	// Without a length a body is sent in chunks.
	chunked := func(size int) io.Reader { return io.MultiReader(strings.NewReader(text(size))) }
	require.Equal(t, 200, w.send("POST", "/probe", chunked(rest.MaxBody)).status)
	w.problem(w.send("POST", "/probe", chunked(rest.MaxBody+1)), rest.SlugTooLarge)
	w.problem(w.send("POST", "/probe", chunked(3*rest.MaxBody)), rest.SlugTooLarge)
	w.problem(w.do("GET", "/v1/users/me", text(rest.MaxBody+1)), rest.SlugTooLarge)
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
		w.problem(a, rest.SlugMalformed)
	}
	w.problem(w.do("POST", "/probe", ""), rest.SlugMalformed)
	w.problem(w.do("POST", "/probe", "topic=abc", "Content-Type", "application/x-www-form-urlencoded"), rest.SlugMedia)
	w.problem(w.do("POST", "/probe", "{}", "Content-Type", "application/json; charset=latin1"), rest.SlugMedia)
	require.Equal(t, 200, w.do("POST", "/probe", `{"topic":"abc"}`, "Content-Type", "application/json; charset=UTF-8").status)
	require.Equal(t, 200, w.do("POST", "/probe", `{"topic":"abc","unknown":{"x":[1]}}`).status)
}

func TestBrokenRulesComeAllAtOnce(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.echoing()
	a := w.do("POST", "/probe?limit=99", `{"count":-1,"tags":["a",7,"c","d"],"inner":{"site":"http://[secret"},"free":"x"}`)
	w.problem(a, rest.SlugValidation)
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
	w.problem(w.do("POST", "/probe?limit=x", `{"topic":"abc"}`), rest.SlugValidation)
	w.problem(w.do("POST", "/probe", `[]`), rest.SlugValidation)
	w.problem(w.do("POST", "/probe", `null`), rest.SlugValidation)
	p := w.problem(w.do("POST", "/probe", `{"topic":"abc","count":1e30}`), rest.SlugValidation)
	require.Equal(t, "/count", p["errors"].([]any)[0].(map[string]any)["pointer"])
	p = w.problem(w.do("POST", "/probe", `{"topic":"abc","count":1e999}`), rest.SlugValidation)
	require.Equal(t, "/count", p["errors"].([]any)[0].(map[string]any)["pointer"])
}

func TestNULNeverReachesPostgres(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.echoing()
	p := w.problem(w.do("POST", "/probe", `{"topic":"a\u0000bc","free":{"x/y":["\u0000"]}}`), rest.SlugValidation)
	require.Len(t, p["errors"], 2)
	require.Equal(t, "/topic", p["errors"].([]any)[0].(map[string]any)["pointer"])
	require.Equal(t, "/free/x~1y/0", p["errors"].([]any)[1].(map[string]any)["pointer"])
	w.problem(w.do("GET", "/health?x=%00", ""), rest.SlugValidation)
	w.problem(w.do("GET", "/health?x=%ff", ""), rest.SlugMalformed)
}

type idInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

func TestIDsInThePath(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	rest.Register(w.server.API, huma.Operation{OperationID: "thing", Method: "GET", Path: "/things/{id}"},
		func(_ context.Context, in *idInput) (*rest.Body[string], error) {
			return rest.Answer(in.ID.String()), nil
		}, rest.Public)
	id := uuid.NewString()
	require.Equal(t, `"`+id+`"`+"\n", string(w.do("GET", "/things/"+strings.ToUpper(id), "").body))
	for _, bad := range []string{"7", "nope", strings.ReplaceAll(id, "-", ""), "{" + id + "}", "urn:uuid:" + id, "%00"} {
		w.problem(w.do("GET", "/things/"+bad, ""), rest.SlugMalformed)
	}
}

func TestProblemPages(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	for _, k := range rest.ProblemTypes() {
		page := w.do("GET", "/problems/"+k.Slug, "", "Accept", "text/html")
		require.Equal(t, 200, page.status)
		require.Contains(t, page.header.Get("Content-Type"), "text/html")
		require.Contains(t, page.header.Get("Content-Security-Policy"), "style-src 'sha256-")
		require.Contains(t, string(page.body), k.Title)
		require.Equal(t, k.Title, w.do("GET", "/problems/"+k.Slug, "", "Accept", "application/json").json(t)["title"])
		require.Contains(t, string(w.do("GET", "/problems", "").body), k.Slug)
	}
	w.problem(w.do("GET", "/problems/nope", ""), rest.SlugNotFound)
	require.Equal(t, http.StatusOK, w.do("HEAD", "/problems", "").status)
}
