package api

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
)

// TestWhatTheServerRefusesByItself sends requests that no handler sees, as bytes.
func TestWhatTheServerRefusesByItself(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	plain, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: w.server.Handler(), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { _ = server.Serve(w.server.Listener(plain)) }()
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	const good = "GET /health/live HTTP/1.1\r\nHost: lyo.test\r\n\r\n"
	for name, c := range map[string]struct {
		request, slug string
		status        int
	}{
		"bad escape":       {"GET /v1/%zz HTTP/1.1\r\nHost: lyo.test\r\n\r\n", rest.SlugMalformed, 400},
		"no host":          {"GET / HTTP/1.1\r\n\r\n", rest.SlugMalformed, 400},
		"two hosts":        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", rest.SlugMalformed, 400},
		"bad field":        {"GET / HTTP/1.1\r\nHost: lyo.test\r\nno field\r\n\r\n", rest.SlugMalformed, 400},
		"another version":  {"GET / HTTP/3.7\r\nHost: lyo.test\r\n\r\n", rest.SlugMalformed, 400},
		"unknown transfer": {"POST / HTTP/1.1\r\nHost: lyo.test\r\nTransfer-Encoding: odd\r\n\r\n", rest.SlugMalformed, 400},
		"too large":        {"GET / HTTP/1.1\r\nHost: lyo.test\r\nX-Long: " + strings.Repeat("x", 80<<10) + "\r\n\r\n", rest.SlugHeaders, 431},
		"after a good one": {good + "GET /%zz HTTP/1.1\r\nHost: lyo.test\r\n\r\n", "", 0},
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", plain.Addr().String())
		require.NoError(t, err)
		require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		if after, ok := strings.CutPrefix(c.request, good); ok {
			_, err = io.WriteString(conn, good)
			require.NoError(t, err)
			c.request, c.slug, c.status = after, rest.SlugMalformed, 400
		}
		reader := bufio.NewReader(conn)
		if c.slug == rest.SlugMalformed && name == "after a good one" {
			first, err := http.ReadResponse(reader, nil)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, first.Body)
			require.NoError(t, err)
		}
		_, err = io.WriteString(conn, c.request)
		require.NoError(t, err)
		response, err := http.ReadResponse(reader, nil)
		require.NoError(t, err, name)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, c.status, response.StatusCode, "%s: %s", name, body)
		require.Equal(t, "application/problem+json", response.Header.Get("Content-Type"), "%s: %s", name, body)
		var p map[string]any
		require.NoError(t, json.Unmarshal(body, &p))
		require.Equal(t, "http://lyo.test/problems/"+c.slug, p["type"], name)
		require.Equal(t, response.Header.Get("X-Request-ID"), p["request_id"])
		require.NoError(t, conn.Close())
	}
}
