package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
)

func (w *testEnv) document() *openapi3.T {
	w.t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(w.do("GET", "/openapi.json", "").body)
	require.NoError(w.t, err)
	return doc
}

func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	doc := w.document()
	require.Equal(t, "3.1.0", doc.OpenAPI)
	require.NoError(t, doc.Validate(context.Background(), openapi3.DisableExamplesValidation()))
	require.Equal(t, "/", doc.Servers[0].URL, "the page to try it works under any name")
	require.Equal(t, "http://lyo.test", doc.Servers[1].URL)
	require.NotContains(t, doc.Components.Schemas, "ErrorModel")
	problem := doc.Components.Schemas["Problem"].Value
	require.Subset(t, problem.Required, []string{"type", "title", "status", "detail", "instance", "request_id"})
}

func TestEveryRouteIsInTheDocument(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	doc := w.document()
	for _, route := range w.server.Routes() {
		var path []string
		for segment := range strings.SplitSeq(route.Path, "/") {
			if name, ok := strings.CutPrefix(segment, ":"); ok {
				segment = "{" + name + "}"
			}
			path = append(path, segment)
		}
		item := doc.Paths.Value(strings.Join(path, "/"))
		require.NotNil(t, item, route.Path)
		operation := item.GetOperation(route.Method)
		require.NotNil(t, operation, "%s %s", route.Method, route.Path)
		require.NotEmpty(t, operation.Summary)
		require.NotEmpty(t, operation.Tags)
	}
}

func TestOperationIDsAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for path, item := range newTestEnv(t).document().Paths.Map() {
		for method, operation := range item.Operations() {
			require.Empty(t, seen[operation.OperationID], "%s %s", method, path)
			seen[operation.OperationID] = method + " " + path
		}
	}
}

func TestDocumentListsProblems(t *testing.T) {
	t.Parallel()
	doc := newTestEnv(t).document()
	login := doc.Paths.Value("/v1/auth/login").Post
	for _, status := range []string{"200", "400", "401", "403", "413", "415", "422", "500", "503"} {
		require.NotNil(t, login.Responses.Value(status), status)
	}
	require.Nil(t, login.Responses.Value("default"))
	me := doc.Paths.Value("/v1/users/me").Get
	require.NotNil(t, me.Responses.Value("304"))
	require.NotNil(t, me.Responses.Value("401").Value.Headers["WWW-Authenticate"])
	require.Len(t, *me.Security, 1)
	require.NotContains(t, doc.Paths.Map(), "/v1/health/", "one spelling of each path")
	body := login.Responses.Value("200").Value.Content["application/json"].Schema.Value
	require.Subset(t, body.Required, []string{"access_token", "refresh_token", "token_type", "expires_in", "user"})
}

type hiddenPart struct {
	Deep string `query:"deep"`
}

type hidingInput struct{ hiddenPart }

func TestEmbeddedStructsThatHumaPassesOver(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	require.PanicsWithValue(t, "api: api.hidingInput embeds api.hiddenPart: export that type, or Huma passes over its fields", func() {
		rest.Register(w.server.API, huma.Operation{OperationID: "h", Method: "GET", Path: "/h"},
			func(context.Context, *hidingInput) (*rest.NoInput, error) { return nil, nil })
	})
}

func TestDocsComeFromHere(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	page := w.do("GET", "/docs", "")
	require.Equal(t, 200, page.status)
	require.Contains(t, page.header.Get("Content-Security-Policy"), "script-src 'self'")
	require.NotContains(t, string(page.body), "http")
	for _, file := range []string{"swagger-ui-bundle.js", "swagger-ui.css", "docs.css", "start.js", "favicon-32x32.png"} {
		a := w.do("GET", "/docs/"+file, "", "Accept-Encoding", "gzip")
		require.Equal(t, http.StatusOK, a.status, file)
		require.NotEmpty(t, a.header.Get("Content-Type"))
	}
	w.problem(w.do("GET", "/docs/other.js", ""), rest.SlugNotFound)
	w.problem(w.do("GET", "/docs/..%2fstart.js", ""), rest.SlugNotFound)
}

func TestRoot(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	v := w.do("GET", "/", "").json(t)
	require.Equal(t, "healthy", v["status"])
	require.Equal(t, "test", v["version"])
	require.Equal(t, "development", v["environment"])
	require.Equal(t, "http://lyo.test/docs", v["api_docs"])
	require.Subset(t, v["features"], []any{
		"async_course_generation", "websocket_progress", "jwt_authentication", "rfc9457_errors",
		"ai_content_curation", "push_notifications", "gamification", "community_feeds",
	})
	page := w.do("GET", "/", "", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	require.Contains(t, string(page.body), `src="/console/app.js"`)
	require.Contains(t, string(page.body), `href="http://lyo.test:8233"`, "in development it leads to Temporal's page")
	require.Contains(t, page.header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'")
	require.Contains(t, string(w.do("GET", "/.well-known/jwks.json", "").body), `"crv":"Ed25519"`)
}

func TestConsoleFiles(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	for name, media := range map[string]string{"app.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml"} {
		a := w.do("GET", "/console/"+name, "")
		require.Equal(t, http.StatusOK, a.status, name)
		require.Contains(t, a.header.Get("Content-Type"), media)
		tag := a.header.Get("ETag")
		require.NotEmpty(t, tag)
		again := w.do("GET", "/console/"+name, "", "If-None-Match", tag)
		require.Equal(t, http.StatusNotModified, again.status)
		require.Empty(t, again.body)
		packed := w.do("GET", "/console/"+name, "", "Accept-Encoding", "gzip", "If-None-Match", packedTag(tag))
		require.Equal(t, http.StatusNotModified, packed.status)
	}
	w.problem(w.do("GET", "/console/index.html", ""), rest.SlugNotFound)
	w.problem(w.do("GET", "/console/..%2froot.go", ""), rest.SlugNotFound)
}

// packedTag returns the tag of the compressed form.
func packedTag(tag string) string { return strings.TrimSuffix(tag, `"`) + rest.GzipSuffix + `"` }
