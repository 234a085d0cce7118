package llm_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
)

const samplePrompt = "Say where bread is baked."

// standIn replays answers of testdata/dialects over real HTTP. The files are written
// from the servers' documentation and reports about them; they are not recordings.
type standIn struct {
	t       *testing.T
	dialect llm.Dialect
	url     string

	mu       sync.Mutex
	answers  []string // to the next chat requests; the last one repeats
	requests []seen
}

type seen struct {
	path, authorization, accept, body string
}

// basePath returns the path of the API by the servers' documentation.
func basePath(d llm.Dialect) string {
	if d == llm.Hosted {
		return "/v1beta/openai"
	}
	return "/v1"
}

func newStandIn(t *testing.T, d llm.Dialect, answers ...string) *standIn {
	s := &standIn{t: t, dialect: d, answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL + basePath(d)
	return s
}

func (s *standIn) client(t *testing.T, model string, change ...func(*llm.Options)) *llm.Client {
	o := llm.Options{
		BaseURL: s.url, Model: model, APIKey: secret, Dialect: s.dialect,
		IdleTimeout: 5 * time.Second, HTTPClient: &http.Client{Transport: &http.Transport{}},
	}
	for _, f := range change {
		f(&o)
	}
	t.Cleanup(o.HTTPClient.CloseIdleConnections)
	return llm.New(o)
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, seen{r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Accept"), string(body)})
	name := "models"
	if r.Method == http.MethodPost {
		name = s.answers[0]
		s.answers = s.answers[min(1, len(s.answers)-1):]
	}
	s.mu.Unlock()
	s.replay(w, name)
}

// replay sends a file's status, headers and body, one event at a time. It echoes the
// prompt and the key where the file asks for it, as careless servers do.
func (s *standIn) replay(w http.ResponseWriter, name string) {
	text := strings.NewReplacer("{{prompt}}", samplePrompt, "{{key}}", secret).Replace(fixture(s.t, s.dialect, name+".http"))
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), nil)
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(res.Body)
	for key := range res.Header {
		w.Header().Set(key, res.Header.Get(key))
	}
	w.WriteHeader(res.StatusCode)
	for event := range bytes.SplitAfterSeq(body, []byte("\n\n")) {
		_, _ = w.Write(event)
		_ = http.NewResponseController(w).Flush()
	}
}

func (s *standIn) seen() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.requests...)
}

func fixture(t *testing.T, d llm.Dialect, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "dialects", string(d), name))
	if err != nil {
		panic(err) // a test must not be ended in a server's goroutine
	}
	return string(data)
}

func accept(text string) (string, []string) { return text, nil }

// unfenced removes a fence, as the readers of JSON do.
func unfenced(text string) string {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "```json\n"), "\n```")
	return text
}

func requireNoSecrets(t *testing.T, err error) {
	t.Helper()
	require.NotContains(t, err.Error(), secret)
	require.NotContains(t, err.Error(), samplePrompt)
}
