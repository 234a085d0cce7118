package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	require.Equal(t, "a.B-9_", w.do("GET", "/health", "", "X-Request-ID", "a.B-9_").header.Get("X-Request-ID"))
	for _, bad := range []string{"", "with space", strings.Repeat("x", 129), "ü"} {
		id := w.do("GET", "/health", "", "X-Request-ID", bad).header.Get("X-Request-ID")
		require.NoError(t, uuid.Validate(id), bad)
	}
	require.NotEmpty(t, w.do("GET", "/nowhere", "").header.Get("X-Request-ID"))
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t, func(d *Deps) { d.Config.HTTP.TrustedProxies = []string{"127.0.0.0/8", "::1"} })
	for _, path := range []string{"/health", "/nowhere", "/v1/users/me"} {
		h := w.do("GET", path, "").header
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
		require.Empty(t, h.Get("Strict-Transport-Security"))
	}
	require.NotEmpty(t, w.do("GET", "/health", "", "X-Forwarded-Proto", "https").header.Get("Strict-Transport-Security"))
	open := newTestEnv(t)
	require.Empty(t, open.do("GET", "/health", "", "X-Forwarded-Proto", "https").header.Get("Strict-Transport-Security"))
	secure := newTestEnv(t, func(d *Deps) { d.Config.HTTP.PublicURL = "https://lyo.test" })
	require.NotEmpty(t, secure.do("GET", "/health", "").header.Get("Strict-Transport-Security"))
}

func TestForwardedAddressCountsOnlyFromProxies(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.do("GET", "/nowhere", "", "X-Forwarded-For", "203.0.113.7")
	require.NotContains(t, w.logs.String(), "203.0.113.7")
	behind := newTestEnv(t, func(d *Deps) { d.Config.HTTP.TrustedProxies = []string{"127.0.0.1", "::1"} })
	behind.do("GET", "/nowhere", "", "X-Forwarded-For", "203.0.113.7")
	require.Contains(t, behind.logs.String(), "203.0.113.7")
}

func TestCORS(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	a := w.do("OPTIONS", "/v1/users/me", "", "Origin", "https://app.lyo.test",
		"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
	require.Equal(t, 204, a.status)
	require.Equal(t, "https://app.lyo.test", a.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "authorization", a.header.Get("Access-Control-Allow-Headers"))
	a = w.do("OPTIONS", "/v1/users/me", "", "Origin", "https://app.lyo.test",
		"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization,baggage,if-range,range,traceparent,tracestate")
	require.Equal(t, "authorization,baggage,if-range,range,traceparent,tracestate", a.header.Get("Access-Control-Allow-Headers"))
	a = w.do("GET", "/health", "", "Origin", "https://app.lyo.test")
	for _, name := range []string{"X-Request-Id", "Location", "Link", "Retry-After", "Etag", "Ratelimit", "Ratelimit-Policy"} {
		require.Contains(t, strings.ToLower(a.header.Get("Access-Control-Expose-Headers")), strings.ToLower(name))
	}
	require.Empty(t, w.do("GET", "/health", "", "Origin", "https://evil.test").header.Get("Access-Control-Allow-Origin"))
	none := newTestEnv(t, func(d *Deps) { d.Config.HTTP.CORSOrigins = nil })
	require.Empty(t, none.do("GET", "/health", "", "Origin", "https://app.lyo.test").header.Get("Access-Control-Allow-Origin"))
}

func TestAccessLogKeepsSecrets(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	w.refreshed(p.refresh)
	w.do("GET", "/v1/users/me?token=tok-secret&ticket=tick-secret&plain=kept", "", p.header()...)
	w.do("POST", "/v1/auth/login", `{"email":"ada@example.com","password":"pass-secret"}`)
	logs := w.logs.String()
	for _, secret := range []string{p.access, p.refresh, "tok-secret", "tick-secret", "pass-secret", "correct horse", "ada@example.com"} {
		require.NotContains(t, logs, secret)
	}
	require.Contains(t, logs, "plain=kept")
	require.Contains(t, logs, `"route":"/v1/users/me"`)
	require.Contains(t, logs, `"user_id":"`+p.id+`"`)
}

func TestCompressionKeepsTagsApart(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	text := strings.Repeat("a long text ", 500)
	rest.Register(w.server.API, huma.Operation{OperationID: "long", Method: "GET", Path: "/long"},
		func(_ context.Context, in *struct{ rest.Reading }) (*rest.Tagged[string], error) {
			return rest.Conditional(in.IfNoneMatch, text)
		}, rest.Public)
	plain := w.do("GET", "/long", "")
	require.Empty(t, plain.header.Get("Content-Encoding"))
	packed := w.do("GET", "/long", "", "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", packed.header.Get("Content-Encoding"))
	require.Contains(t, strings.Join(packed.header.Values("Vary"), ","), "Accept-Encoding")
	require.NotEqual(t, plain.header.Get("ETag"), packed.header.Get("ETag"))
	reader, err := gzip.NewReader(bytes.NewReader(packed.body))
	require.NoError(t, err)
	unpacked, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Equal(t, plain.body, unpacked)
	for _, tag := range []string{plain.header.Get("ETag"), packed.header.Get("ETag"), "W/" + plain.header.Get("ETag"), `"x", ` + plain.header.Get("ETag"), "*"} {
		require.Equal(t, 304, w.do("GET", "/long", "", "Accept-Encoding", "gzip", "If-None-Match", tag).status, tag)
	}
	require.Equal(t, 200, w.do("GET", "/long", "", "If-None-Match", `"other"`).status)
	require.Empty(t, w.do("GET", "/health", "", "Accept-Encoding", "gzip").header.Get("Content-Encoding"), "too short")
}

func TestHEADAndTrailingSlashes(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	for _, path := range []string{"/", "/health", "/health/", "/v1/health", "/v1/health/", "/v1/health//", "/docs/", "/openapi.json"} {
		a := w.do("HEAD", path, "")
		require.Equal(t, http.StatusOK, a.status, path)
		require.Empty(t, a.body)
		require.Equal(t, http.StatusOK, w.do("GET", path, "").status, path)
	}
	w.problem(w.do("GET", "/v1/users/me/", ""), rest.SlugAuth)
}

func TestAliases(t *testing.T) {
	t.Parallel()
	id := uuid.NewString()
	a, err := rest.New(rest.Options{Aliases: aliases()})
	require.NoError(t, err)
	for _, row := range [][3]string{
		{"POST", "/v1/courses:generate", "/v1/courses/generate"},
		{"GET", "/v1/tasks/" + id, "/v1/tasks/" + id + "/status"},
		{"GET", "/v1/tasks/" + id + "/", "/v1/tasks/" + id + "/status"},
		{"DELETE", "/v1/tasks/" + id, "/v1/tasks/" + id},
		{"GET", "/v1/tasks", "/v1/tasks"},
		{"GET", "/v1/tasks/", "/v1/tasks"},
		{"GET", "/v1/ws/tasks/" + id, "/v1/tasks/ws/" + id},
		{"GET", "/v1/tasks/" + id + "/status", "/v1/tasks/" + id + "/status"},
		{"GET", "/", "/"},
		{"GET", "", "/"},
		{"GET", "///", "/"},
	} {
		require.Equal(t, row[2], a.Canonical(row[0], row[1]), row)
	}
}

func TestTokensThatAreNotGood(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	p := w.signUp("ada@example.com")
	for _, header := range []string{"", "Bearer", "Bearer ", "Basic " + p.access, p.access, "Bearer " + p.access + "x", "Bearer " + p.refresh} {
		w.problem(w.do("GET", "/v1/users/me", "", "Authorization", header), rest.SlugAuth)
	}
	require.Equal(t, 200, w.do("GET", "/v1/users/me", "", "Authorization", "bearer "+p.access).status)
	w.clock.advance(w.server.Config.Auth.AccessFor + 6e9)
	w.problem(w.do("GET", "/v1/users/me", "", p.header()...), rest.SlugAuth)
}
