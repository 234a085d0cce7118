package api

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/storetest"
)

func testLimits() config.Limits {
	return config.Limits{
		Mode: config.LimitsOn, LockFor: 30 * time.Minute,
		User: config.Rate{Quota: 40, Per: time.Minute}, Address: config.Rate{Quota: 60, Per: time.Minute},
		Generate: config.Rate{Quota: 3, Per: time.Hour}, Register: config.Rate{Quota: 10, Per: time.Hour},
		Login: config.Rate{Quota: 20, Per: 15 * time.Minute}, Refresh: config.Rate{Quota: 600, Per: time.Minute},
		Sources: config.Rate{Quota: 5, Per: time.Minute}, SourcesDay: config.Rate{Quota: 8, Per: 24 * time.Hour},
		Failures: config.Rate{Quota: 5, Per: 15 * time.Minute}, Everywhere: config.Rate{Quota: 30, Per: 15 * time.Minute}, Mail: config.Rate{Quota: 5, Per: time.Hour},
	}
}

// limited returns a test environment with limits, on the Redis that tests share. Its
// clients must have addresses of their own.
func limited(t *testing.T, change ...func(*Deps)) *testEnv {
	t.Helper()
	client := storetest.Redis(t)
	return newTestEnv(t, append([]func(*Deps){func(d *Deps) { d.Redis, d.Config.Limits, d.LimitWithin = client, testLimits(), time.Minute }}, change...)...)
}

// network returns the addresses of a /64 that no other test uses, one for each host.
func network() func(host byte) string {
	var base [16]byte
	id := uuid.New()
	copy(base[:8], id[8:])
	base[0] = 0xfd
	return func(host byte) string {
		address := base
		address[15] = host
		return netip.AddrFrom16(address).String()
	}
}

// from sends a request from an address.
func (w *testEnv) from(address, method, path, body string, headers ...string) answer {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(body))
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(address), 1234).String()
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(recorder, r)
	result := recorder.Result()
	return answer{result.StatusCode, result.Header, recorder.Body.Bytes()}
}

func (w *testEnv) signUpFrom(address, email string) person {
	w.t.Helper()
	a := w.from(address, "POST", "/v1/auth/register", `{"email":"`+email+`","password":"correct horse","full_name":"Ada L"}`)
	require.Equal(w.t, http.StatusCreated, a.status, string(a.body))
	v := a.json(w.t)
	return person{v["user"].(map[string]any)["id"].(string), v["access_token"].(string), v["refresh_token"].(string)}
}

func (w *testEnv) logInFrom(address, email, password string, headers ...string) answer {
	w.t.Helper()
	return w.from(address, "POST", "/v1/auth/login", `{"email":"`+email+`","password":"`+password+`"}`, headers...)
}

// waited moves the clock on by the time that a refusal asked for.
func (w *testEnv) waited(a answer) {
	w.t.Helper()
	p := w.problem(a, rest.SlugRateLimited)
	seconds := p["retry_after"].(float64)
	require.Equal(w.t, a.header.Get("Retry-After"), strconv.Itoa(int(seconds)))
	w.clock.advance(time.Duration(seconds) * time.Second)
}
