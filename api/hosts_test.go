package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/config"
)

// named returns a server configured for production, whose public address is https://lyo.test.
func named(t *testing.T, more ...string) *testEnv {
	t.Helper()
	return newTestEnv(t, func(d *Deps) {
		d.Config.Env, d.Config.HTTP.PublicURL, d.Config.HTTP.AllowedHosts = config.Production, "https://lyo.test", more
	})
}

// asked sends a request with a Host.
func (w *testEnv) asked(host, method, path string, headers ...string) answer {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, http.NoBody)
	r.Host = host
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(recorder, r)
	return answer{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
}

func TestOnlyItsOwnNamesAreAnswered(t *testing.T) {
	t.Parallel()
	w := named(t, "lyo-api.lyo.svc", "10.1.2.3", "::1")
	for _, host := range []string{"lyo.test", "LYO.test:443", "lyo.test.", "lyo.test:8000", "lyo-api.lyo.svc:80", "10.1.2.3:8000", "[::1]:8000", "[::1]"} {
		require.Equal(t, 200, w.asked(host, "GET", "/openapi.json").status, host)
	}
	for _, host := range []string{"evil.test", "lyo.test.evil.test", "evil-lyo.test", "127.0.0.1:8000", "localhost", "", "10.1.2.4", "lyo.test@evil.test"} {
		for _, path := range []string{"/", "/openapi.json", "/v1/users/me", "/nowhere", "/v1/health/nowhere", "/console/app.js"} {
			a := w.asked(host, "GET", path)
			require.Equal(t, 400, a.status, "%s%s", host, path)
			p := a.json(t)
			require.Equal(t, "https://lyo.test/problems/malformed-request", p["type"], "nothing of the answer follows the field")
			require.Contains(t, p["detail"], "Host")
			require.NotContains(t, string(a.body), "evil.test")
		}
		require.Equal(t, 400, w.asked(host, "POST", "/v1/auth/password-reset/request").status)
		require.Equal(t, 400, w.asked(host, "OPTIONS", "/v1/users/me", "Origin", "https://app.lyo.test", "Access-Control-Request-Method", "GET").status)
		for _, path := range []string{"/health", "/v1/health", "/v1/health/", "/v1/health/live", "/v1/health/ready"} {
			require.Equal(t, 200, w.asked(host, "GET", path).status, "%s%s: probes ask by address", host, path)
		}
	}
}

func TestInDevelopmentAnyNameWillDo(t *testing.T) {
	t.Parallel()
	require.Equal(t, 200, newTestEnv(t).asked("anything:8000", "GET", "/openapi.json").status)
}

// TestSocketsOfStrangePages: a page whose own name resolves to our address has equal Host and
// Origin, which used to be accepted.
func TestSocketsOfStrangePages(t *testing.T) {
	t.Parallel()
	w := named(t, "127.0.0.1")
	address := "ws" + strings.TrimPrefix(w.url, "http") + "/v1/ws/tasks/0198c0de-0000-7000-8000-000000000000"
	open := func(origin, host string) int {
		conn, response, err := websocket.Dial(context.Background(), address, &websocket.DialOptions{Host: host, HTTPHeader: http.Header{"Origin": {origin}}})
		if err == nil {
			_ = conn.CloseNow()
		}
		require.NotNil(t, response, "%s %s", origin, err)
		return response.StatusCode
	}
	for _, origin := range []string{"https://lyo.test", "https://LYO.test:443", "https://app.lyo.test"} {
		require.Equal(t, http.StatusSwitchingProtocols, open(origin, "lyo.test"), origin)
	}
	for _, origin := range []string{"http://lyo.test", "https://lyo.test:8443", "https://evil.test", "null", "https://lyo.test.evil.test", w.url, "https://127.0.0.1", "file://", "app.lyo.test"} {
		require.Equal(t, http.StatusForbidden, open(origin, "lyo.test"), origin)
	}
	require.Equal(t, http.StatusForbidden, open(w.url, ""), "the Host it names is no reason to let it in")
	require.Equal(t, http.StatusBadRequest, open("https://lyo.test", "evil.test"))
}
