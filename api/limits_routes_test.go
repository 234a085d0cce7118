package api

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/storetest"
)

// newLimitedEnvWithoutTemporal is newEnvWithoutTemporal with rate limits.
func newLimitedEnvWithoutTemporal(t *testing.T) *testEnv {
	t.Helper()
	w := newEnvWithoutTemporal(t)
	deps := w.server.Deps
	deps.Redis, deps.Config.Limits = storetest.Redis(t), testLimits()
	deps.Config.Limits.User.Quota, deps.Config.HTTP.TrustedProxies = 200, []string{"127.0.0.1", "::1"}
	return serve(t, deps, w.clock, w.logs)
}

func TestAskingForCourses(t *testing.T) {
	t.Parallel()
	w, at := newLimitedEnvWithoutTemporal(t), network()
	p := w.signUpFrom(at(1), "ada@example.com")
	ask := func(topic string) answer {
		return w.from(at(1), "POST", "/v1/courses:generate", fmt.Sprintf(`{"topic":%q}`, topic), p.header()...)
	}
	a := ask("Tides")
	require.Equal(t, http.StatusAccepted, a.status, string(a.body))
	require.Equal(t, `"user";q=200;w=60, "generate";q=3;w=3600`, a.header.Get(ratelimit.PolicyField))
	require.Equal(t, `"user";r=190;t=3, "generate";r=2;t=1200`, a.header.Get(ratelimit.LimitField), "a course weighs ten requests")
	require.Equal(t, http.StatusAccepted, ask("Moons").status)
	require.Equal(t, http.StatusAccepted, ask("Stars").status)
	a = ask("Comets")
	require.EqualValues(t, 1200, w.problem(a, rest.SlugRateLimited)["retry_after"])
	require.Equal(t, `"user";r=170;t=9, "generate";r=0;t=1200`, a.header.Get(ratelimit.LimitField), "a refusal costs nothing")
	require.Equal(t, 200, w.from(at(1), "GET", "/v1/courses", "", p.header()...).status)
	w.waited(a)
	require.Equal(t, http.StatusAccepted, ask("Comets").status)
}

func TestAHundredRepetitionsAtOnceAreOneCourse(t *testing.T) {
	t.Parallel()
	w, at := newLimitedEnvWithoutTemporal(t), network()
	p := w.signUpFrom(at(1), "ada@example.com")
	headers := append(p.header(), "Idempotency-Key", "tides-1")
	var all sync.WaitGroup
	var accepted atomic.Int32
	for range 100 {
		all.Go(func() {
			if w.from(at(1), "POST", "/v1/courses/generate", `{"topic":"Tides"}`, headers...).status == http.StatusAccepted {
				accepted.Add(1)
			}
		})
	}
	all.Wait()
	require.Equal(t, int32(100), accepted.Load())
	a := w.from(at(1), "POST", "/v1/courses/generate", `{"topic":"Tides"}`, headers...)
	require.Equal(t, "true", a.header.Get("Idempotent-Replayed"))
	require.Contains(t, a.header.Get(ratelimit.LimitField), `"user";r=90;`, "ten, and one for each of the others")
	require.Contains(t, a.header.Get(ratelimit.LimitField), `"generate";r=2;`)
}

func TestHandshakesOfSocketsCount(t *testing.T) {
	t.Parallel()
	w, at := newLimitedEnvWithoutTemporal(t), network()
	p := w.signUpFrom(at(1), "ada@example.com")
	open := func(token string) (*http.Response, error) {
		header := http.Header{"X-Forwarded-For": {at(1)}, "Authorization": {"Bearer " + token}}
		conn, response, err := websocket.Dial(t.Context(), w.url+"/v1/tasks/ws/"+uuid.NewString(), &websocket.DialOptions{HTTPHeader: header})
		if err == nil {
			_ = conn.CloseNow()
		}
		return response, err
	}
	response, err := open(p.access)
	require.NoError(t, err)
	require.Equal(t, `"user";r=199;t=1`, response.Header.Get(ratelimit.LimitField))
	response, err = open("guess")
	require.NoError(t, err)
	require.Contains(t, response.Header.Get(ratelimit.LimitField), `"address";r=58;`, "one was the registration")
	for range 199 {
		require.Equal(t, 200, w.from(at(1), "GET", "/v1/users/me", "", p.header()...).status)
	}
	response, err = open(p.access)
	require.Error(t, err)
	require.Equal(t, http.StatusTooManyRequests, response.StatusCode)
	require.Equal(t, "1", response.Header.Get("Retry-After"))
}

func TestTheDocumentNamesLimits(t *testing.T) {
	t.Parallel()
	doc := newTestEnv(t).document()
	for _, row := range []struct {
		operation *openapi3.Operation
		limited   bool
		success   string
	}{
		{doc.Paths.Value("/v1/auth/login").Post, true, "200"},
		{doc.Paths.Value("/v1/auth/register").Post, true, "201"},
		{doc.Paths.Value("/v1/auth/refresh").Post, true, "200"},
		{doc.Paths.Value("/v1/auth/logout").Post, true, "204"},
		{doc.Paths.Value("/v1/users/me").Get, true, "200"},
		{doc.Paths.Value("/v1/provenance/check").Post, true, "200"},
		{doc.Paths.Value("/.well-known/lyo-provenance-keys.json").Get, true, "200"},
		{doc.Paths.Value("/v1/courses/generate").Post, true, "202"},
		{doc.Paths.Value("/v1/tasks/ws/{task_id}").Get, true, "101"},
		{doc.Paths.Value("/health").Get, false, "200"},
		{doc.Paths.Value("/docs").Get, false, "200"},
	} {
		name, refusal := row.operation.OperationID, row.operation.Responses.Value("429")
		require.Equal(t, row.limited, refusal != nil, name)
		_, found := row.operation.Responses.Value(row.success).Value.Headers["RateLimit"]
		require.Equal(t, row.limited, found, name)
		if row.limited {
			require.Contains(t, refusal.Value.Headers, "Retry-After", name)
			require.Contains(t, refusal.Value.Headers, "RateLimit-Policy", name)
			require.Contains(t, refusal.Value.Content, "application/problem+json", name)
		}
	}
}
