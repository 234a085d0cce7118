package llmtest

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// DefaultModel is the model a Server serves by default.
const DefaultModel = "gemma-test"

// Server is a running fake. Create one with New or Start.
type Server struct {
	http       *httptest.Server
	model      string
	embeddings string // the model for embeddings; empty: none
	apiKey     string

	mu      sync.Mutex
	state   State
	log     []Request
	nth     map[Kind]int
	rules   []rule
	script  func(Request) []Fault
	changed chan struct{} // closed and replaced at every change of state
	texts   []string      // of requests for embeddings
	release chan struct{} // closed and replaced by Release
	done    chan struct{} // closed by Close
	closing sync.Once
}

// Option configures a Server before it starts.
type Option func(*Server)

// WithModel sets the id of the one model served.
func WithModel(id string) Option { return func(s *Server) { s.model = id } }

// WithEmbeddings adds a model of this id that makes embeddings.
func WithEmbeddings(id string) Option { return func(s *Server) { s.embeddings = id } }

// WithAPIKey makes the server answer 401 to requests without this bearer token.
func WithAPIKey(key string) Option { return func(s *Server) { s.apiKey = key } }

// New starts a server on a free loopback port and closes it when the test ends.
func New(t testing.TB, options ...Option) *Server {
	t.Helper()
	s, err := Start("127.0.0.1:0", options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a server on addr, such as "127.0.0.1:0"; the caller closes it.
func Start(addr string, options ...Option) (*Server, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("llmtest: %w", err)
	}
	s := &Server{
		model: DefaultModel, state: newState(), nth: map[Kind]int{},
		changed: make(chan struct{}), release: make(chan struct{}), done: make(chan struct{}),
	}
	for _, option := range options {
		option(s)
	}
	s.http = &httptest.Server{Listener: listener, Config: &http.Server{Handler: s.routes()}}
	s.http.Start()
	return s, nil
}

// BaseURL returns the address to configure a client with; it ends in "/v1".
func (s *Server) BaseURL() string { return s.http.URL + "/v1" }

// Model returns the id of the model served.
func (s *Server) Model() string { return s.model }

// Close ends every Hold and Stall, cuts open requests and stops listening. Calling it
// again does nothing.
func (s *Server) Close() {
	s.closing.Do(func() {
		close(s.done)
		s.http.CloseClientConnections()
		s.http.Close()
	})
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", s.serveModels)
	mux.HandleFunc("POST /v1/chat/completions", s.serveChat)
	mux.HandleFunc("POST /v1/embeddings", s.serveEmbeddings)
	return s.authorized(mux)
}

func (s *Server) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.apiKey != "" && strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") != s.apiKey {
			writeError(w, http.StatusUnauthorized, "Incorrect API key provided: "+r.Header.Get("Authorization"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
