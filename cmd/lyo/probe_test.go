package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ready" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	_, _, err := run(nil, "probe", server.URL+"/ready")
	require.NoError(t, err)
	_, _, err = run(nil, "probe", server.URL+"/other")
	require.ErrorContains(t, err, "answers 503")
	server.Close()
	_, _, err = run(nil, "probe", server.URL+"/ready")
	require.Error(t, err)
}
