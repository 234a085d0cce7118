package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// door records the clients and responds with a status.
type door struct {
	*logins
	mu        sync.Mutex
	addresses []string
	emails    []string
}

func newDoor(t *testing.T, answer func(http.ResponseWriter)) *door {
	t.Helper()
	d := &door{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var login struct{ Email, Password string }
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &login) != nil || login.Password != password || r.URL.Path != "/v1/auth/login" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		d.mu.Lock()
		d.addresses, d.emails = append(d.addresses, r.Header.Get("X-Forwarded-For")), append(d.emails, login.Email)
		d.mu.Unlock()
		answer(w)
	}))
	t.Cleanup(server.Close)
	d.logins = &logins{base: server.URL}
	return d
}

func refuse(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusTooManyRequests)
}

func TestLoginsComeFromEverywhereOrOneAddress(t *testing.T) {
	t.Parallel()
	d := newDoor(t, refuse)
	results, err := attack(t.Context(), d.everywhere(), 100, 100*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, len(results), count(results).refused)
	require.Len(t, unique(d.addresses), len(results))
	require.Len(t, unique(d.emails), len(results))

	d.addresses = nil
	results, err = attack(t.Context(), d.from("10.9.8.7"), 100, 100*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, len(results), count(results).refused)
	require.Equal(t, map[string]bool{"10.9.8.7": true}, unique(d.addresses))
}

func TestTheRefusedComeBackAsThemselves(t *testing.T) {
	t.Parallel()
	d := newDoor(t, refuse)
	results, err := attack(t.Context(), d.everywhere(), 100, 50*time.Millisecond)
	require.NoError(t, err)
	refused := count(results).last
	require.NotEmpty(t, refused)
	for i := range refused { // long ago, so that there is no wait
		refused[i].Timestamp = time.Time{}
	}
	before := unique(d.emails)
	d.emails = nil

	returned, welcome, err := comeBack(t.Context(), d.logins, refused)

	require.NoError(t, err)
	require.Equal(t, []int{len(refused), 0}, []int{returned, welcome})
	require.Subset(t, before, unique(d.emails))
	require.Len(t, unique(d.emails), len(refused))

	open := newDoor(t, func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) })
	dated := vegeta.Result{URL: "#7", Headers: http.Header{"Retry-After": {"1"}}}
	returned, welcome, err = comeBack(t.Context(), open.logins, []vegeta.Result{dated, {URL: "#8"}})
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{returned, welcome})
	require.Equal(t, []string{emailOf(7)}, open.emails)
}

func unique(values []string) map[string]bool {
	set := map[string]bool{}
	for _, v := range values {
		set[v] = true
	}
	return set
}
