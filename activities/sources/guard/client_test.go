package guard_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/sources/guard"
)

// script answers each look-up of a name with the next of its answers; the last one repeats.
type script struct {
	mu      sync.Mutex
	answers map[string][]string
	asked   int
}

func (s *script) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	list := s.answers[host]
	if len(list) == 0 {
		return nil, errors.New("no such host")
	}
	if len(list) > 1 {
		s.answers[host] = list[1:]
	}
	return []netip.Addr{netip.MustParseAddr(list[0])}, nil
}

// site starts a server that the options allow, by its address and by the name good.example.com.
func site(t *testing.T, handler http.Handler) (string, guard.Options) {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	at, err := url.Parse(s.URL)
	require.NoError(t, err)
	return "http://good.example.com:" + at.Port(), guard.Options{
		Resolver:      &script{answers: map[string][]string{"good.example.com": {"127.0.0.1"}, "other.example.com": {"127.0.0.1"}}},
		AllowLoopback: []netip.AddrPort{netip.MustParseAddrPort(at.Host)}, Timeout: 10 * time.Second,
	}
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		_, _ = io.WriteString(w, body)
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	base, o := site(t, text("hello"))
	page, err := guard.NewFetcher(o).Fetch(t.Context(), " "+base+"/a?b=c ")
	require.NoError(t, err)
	require.Equal(t, guard.Page{FinalURL: base + "/a?b=c", MediaType: "text/plain", Charset: "utf-8", Body: []byte("hello")}, page)
}

func TestAnswerThatChanges(t *testing.T) {
	t.Parallel()
	base, o := site(t, text("hello"))
	names := &script{answers: map[string][]string{"good.example.com": {"127.0.0.1", "169.254.169.254"}}}
	o.Resolver = names
	client := guard.Client(o)
	var dialled string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) { dialled = got.Conn.RemoteAddr().String() }})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base, http.NoBody)
	require.NoError(t, err)
	res, err := client.Do(req)
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, 1, names.asked, "one look-up a connection")
	require.Equal(t, o.AllowLoopback[0].String(), dialled, "the address that was checked is the one dialled")

	client.CloseIdleConnections()
	_, err = client.Get(base)
	require.ErrorIs(t, err, guard.ErrRefused)
	require.Equal(t, 2, names.asked)
}

func TestRedirectsAreJudged(t *testing.T) {
	t.Parallel()
	for _, to := range []string{
		"http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:1/", "http://[::1]/", "http://metadata.google.internal/",
		"http://inner.example.com/", "file:///etc/passwd", "http://a:b@good.example.com/", "http://good.example.com:22/", "http://0x7f000001/",
	} {
		base, o := site(t, http.RedirectHandler(to, http.StatusFound))
		o.Resolver = &script{answers: map[string][]string{"good.example.com": {"127.0.0.1"}, "inner.example.com": {"10.0.0.1"}}}
		_, err := guard.NewFetcher(o).Fetch(t.Context(), base)
		require.ErrorIs(t, err, guard.ErrRefused, to)
		var e *refusal.Error
		require.ErrorAs(t, err, &e)
		require.NotContains(t, e.Error(), "example.com")
		require.NotEmpty(t, e.Reason)
	}
}

func TestRedirectsStayWithinTheHosts(t *testing.T) {
	t.Parallel()
	base, o := site(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+strings.Replace(r.Host, "good", "other", 1)+"/", http.StatusFound)
	}))
	o.Hosts = []string{"good.example.com"}
	_, err := guard.NewFetcher(o).Fetch(t.Context(), base)
	require.ErrorIs(t, err, guard.ErrRefused)
}

func TestRedirectChain(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	for i := range 10 {
		mux.Handle(fmt.Sprintf("/%d", i), http.RedirectHandler(fmt.Sprintf("/%d", i+1), http.StatusFound))
	}
	mux.Handle("/10", text("end"))
	base, o := site(t, mux)
	page, err := guard.NewFetcher(o).Fetch(t.Context(), base+"/5")
	require.NoError(t, err)
	require.Equal(t, base+"/10", page.FinalURL)
	_, err = guard.NewFetcher(o).Fetch(t.Context(), base+"/4")
	require.ErrorIs(t, err, guard.ErrRefused)
}

func TestSecretsStayWithTheirHost(t *testing.T) {
	t.Parallel()
	headers := make(chan http.Header, 1)
	base, o := site(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "good") {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			http.Redirect(w, r, "http://"+strings.Replace(r.Host, "good", "other", 1)+"/", http.StatusFound)
			return
		}
		headers <- r.Header
	}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/?key=secret", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("X-Goog-Api-Key", "secret")
	req.Header.Set("Authorization", "secret")
	req.Header.Set("Accept", "text/plain")
	res, err := guard.Client(o).Do(req)
	require.NoError(t, err)
	res.Body.Close()
	arrived := <-headers
	require.NotContains(t, fmt.Sprint(arrived), "secret")
	require.Empty(t, arrived.Get("Cookie"))
	require.Equal(t, "text/plain", arrived.Get("Accept"))
	require.Equal(t, "Lyo", arrived.Get("User-Agent"))
}

func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	base, o := site(t, text("direct"))
	page, err := guard.NewFetcher(o).Fetch(t.Context(), base)
	require.NoError(t, err)
	require.Equal(t, "direct", string(page.Body))
}

func TestBodiesAreCapped(t *testing.T) {
	t.Parallel()
	const most = 10_000
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Encoding", "gzip")
		var small bytes.Buffer
		packer := gzip.NewWriter(&small)
		_, _ = packer.Write(make([]byte, 4<<20))
		_ = packer.Close()
		_, _ = w.Write(small.Bytes())
	}
	endless := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		for {
			if _, err := w.Write(make([]byte, 1000)); err != nil {
				return
			}
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		large   bool
	}{
		"announced": {text(strings.Repeat("a", most+1)), true}, "just fits": {text(strings.Repeat("a", most)), false},
		"endless": {endless, true}, "gzip bomb": {bomb, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, o := site(t, c.handler)
			o.MaxBytes = most
			page, err := guard.NewFetcher(o).Fetch(t.Context(), base)
			if c.large {
				require.ErrorIs(t, err, guard.ErrTooLarge)
			} else {
				require.NoError(t, err)
				require.Len(t, page.Body, most)
			}
		})
	}
}

func TestDripEndsByTimeout(t *testing.T) {
	t.Parallel()
	left := make(chan struct{})
	base, o := site(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		w.Header().Set("Content-Type", "text/plain")
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
				_, _ = io.WriteString(w, "a")
				w.(http.Flusher).Flush()
			}
		}
	}))
	o.Timeout = 150 * time.Millisecond
	_, err := guard.NewFetcher(o).Fetch(t.Context(), base)
	require.ErrorIs(t, err, guard.ErrUnreachable)
	<-left
}

func TestKindsOfFailures(t *testing.T) {
	t.Parallel()
	typed := func(kind, body string, status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			if kind != "" {
				w.Header().Set("Content-Type", kind)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "short")
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    error
		media   string
	}{
		"html": {typed("text/html", "<p>", 200), nil, "text/html"}, "pdf": {typed("application/pdf", "%PDF-1.7", 200), nil, "application/pdf"},
		"markdown":      {typed("text/markdown; charset=utf-8", "# A", 200), nil, "text/markdown"},
		"unnamed notes": {typed("", "BM25 ranks documents", 200), nil, "text/plain"}, "notes on PDF": {typed("", "%PDF-1.4 is how they begin", 200), nil, "text/plain"},
		"unnamed": {typed("", "%PDF-1.7", 200), nil, "application/pdf"}, "vague": {typed("application/octet-stream", "<html>", 200), nil, "text/html"},
		"image": {typed("image/png", "x", 200), guard.ErrMediaType, ""}, "unnamed image": {typed("", "\x89PNG\r\n\x1a\n", 200), guard.ErrMediaType, ""},
		"missing": {typed("text/html", "gone", 404), guard.ErrStatus, ""}, "partial": {typed("text/html", "gone", 206), guard.ErrStatus, ""},
		"broken": {typed("text/html", "", 500), guard.ErrStatus, ""}, "cut": {cut, guard.ErrUnreachable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, o := site(t, c.handler)
			page, err := guard.NewFetcher(o).Fetch(t.Context(), base)
			if c.kind != nil {
				require.ErrorIs(t, err, c.kind)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.media, page.MediaType)
		})
	}
}

func TestUnreachableAndCancelled(t *testing.T) {
	t.Parallel()
	base, o := site(t, text("x"))
	f := guard.NewFetcher(o)
	_, err := f.Fetch(t.Context(), "http://nowhere.example.com/")
	require.ErrorIs(t, err, guard.ErrRefused)
	require.NotContains(t, err.Error(), "nowhere.")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = f.Fetch(ctx, base)
	require.ErrorIs(t, err, context.Canceled)
	_, err = f.Fetch(t.Context(), "http://bad host/\x00")
	require.ErrorIs(t, err, guard.ErrRefused)
}
