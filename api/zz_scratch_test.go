package api

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestScratchSlowBody(t *testing.T) {
	w := newWorld(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	fmt.Fprintf(c, "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"em")
	began := time.Now()
	line, err := bufio.NewReader(c).ReadString('\n')
	t.Log(line, err, time.Since(began))
}

func BenchmarkScratchHealth(b *testing.B) { bench(b, "/health", "") }
func BenchmarkScratchMe(b *testing.B)     { bench(b, "/v1/users/me", "x") }
func BenchmarkScratchLive(b *testing.B)   { bench(b, "/v1/health/live", "") }

func bench(b *testing.B, path, auth string) {
	t := &testing.T{}
	_ = t
	var w *world
	b.Run("x", func(b *testing.B) {
		w = benchWorld(b)
		if auth != "" {
			auth = "Bearer " + benchToken(b, w)
		}
		b.ResetTimer()
		for b.Loop() {
			r := httptest.NewRequest("GET", path, nil)
			if auth != "" {
				r.Header.Set("Authorization", auth)
			}
			rec := httptest.NewRecorder()
			w.server.Handler().ServeHTTP(rec, r)
			if rec.Code != http.StatusOK {
				b.Fatal(rec.Code, rec.Body.String())
			}
		}
	})
}
