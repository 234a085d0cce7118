package sourcetest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/lyoapp/lyo/activities/sources"
)

// Key is the YouTube key that the server accepts.
const Key = "stand-in-key"

// Server is a running fake. Create one with New or Start. It is safe for concurrent use.
type Server struct {
	http    *httptest.Server
	library []wikiPage

	mu      sync.Mutex
	faults  map[string]Fault
	log     []Request
	videos  map[string]string // titles by id, since details are requested by id alone
	done    chan struct{}     // closed by Close
	closing sync.Once
}

// Request is one request received. Link is true for one to an item's page, false for the API.
type Request struct {
	Site   string
	Link   bool
	Method string
	Path   string
	Query  url.Values
	Header http.Header
}

// New starts a server on a free loopback port and closes it when the test ends.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a server on addr, such as "127.0.0.1:0"; the caller closes it.
func Start(ctx context.Context, addr string) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sourcetest: %w", err)
	}
	s := &Server{library: library(), faults: map[string]Fault{}, videos: map[string]string{}, done: make(chan struct{})}
	s.http = &httptest.Server{Listener: listener, Config: &http.Server{Handler: s.routes(), ReadHeaderTimeout: readHeaderTimeout}}
	s.http.Start()
	return s, nil
}

// URL returns the address of the server, without a trailing slash.
func (s *Server) URL() string { return s.http.URL }

// Options returns those of a Finder that queries this server in place of all sites.
func (s *Server) Options() sources.Options {
	return sources.Options{BaseURLs: sources.At(s.URL()), YouTubeKey: Key, Contact: "https://lyo.example", Version: "test"}
}

// Close ends stalled answers, cuts open requests and stops listening. Calling it again
// does nothing.
func (s *Server) Close() {
	s.closing.Do(func() {
		close(s.done)
		s.http.CloseClientConnections()
		s.http.Close()
	})
}

// Set makes a site fail until another Set; the zero Fault ends it.
func (s *Server) Set(site string, fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[site] = fault
}

// Requests returns those received for a site so far, in order; for all if it is empty.
func (s *Server) Requests(site string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Request
	for _, r := range s.log {
		if site == "" || r.Site == site {
			out = append(out, r)
		}
	}
	return out
}

// arrived records a request and returns its site's fault.
func (s *Server) arrived(site string, link bool, r *http.Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, Request{Site: site, Link: link, Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header.Clone()})
	if len(s.log) > maxLog {
		s.log = s.log[len(s.log)-maxLog:]
	}
	return s.faults[site]
}
