package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc/test/bufconn"

	"github.com/lyoapp/lyo/engine"
)

// TestMain checks for leaked goroutines; net/http deliberately lingers half a second after
// refusing a request that was too large.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// script is the behaviour of a fake model.
type script func(ctx context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error)

// runner is a fake model that follows a script.
type runner struct {
	chat   script
	closed atomic.Int32
	inUse  atomic.Int32
}

func (m *runner) Chat(ctx context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
	m.inUse.Add(1)
	defer m.inUse.Add(-1)
	return m.chat(ctx, r, emit)
}

func (m *runner) Embed(_ context.Context, texts []string) ([][]float32, int, error) {
	if texts[0] == "unsupported" {
		return nil, 0, engine.ErrUnsupported
	}
	vectors := make([][]float32, len(texts))
	for i := range texts {
		vectors[i] = []float32{float32(i), 0.5, -1}
	}
	return vectors, 7, nil
}

func (m *runner) Close() error {
	if m.inUse.Load() > 0 {
		panic("closed while in use")
	}
	m.closed.Add(1)
	return nil
}

// say answers with these pieces.
func say(pieces ...string) script {
	return func(_ context.Context, _ engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
		for _, p := range pieces {
			if err := emit(p); err != nil {
				return engine.ChatResult{}, err
			}
		}
		return engine.ChatResult{Finish: "stop", InputTokens: 5, OutputTokens: len(pieces)}, nil
	}
}

// gate blocks answers until they are released; the first piece is sent at once.
type gate struct {
	started chan string // the prompts, in order
	open    chan struct{}
	left    chan error // why an answer ended early
}

func newGate() *gate {
	return &gate{started: make(chan string, 100), open: make(chan struct{}), left: make(chan error, 100)}
}

func (g *gate) chat(ctx context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
	g.started <- r.Messages[0].Content
	if err := emit("first"); err != nil {
		return engine.ChatResult{}, err
	}
	select {
	case <-g.open:
		return engine.ChatResult{Finish: "stop", InputTokens: 1, OutputTokens: 1}, emit(" last")
	case <-ctx.Done():
		g.left <- context.Cause(ctx)
		return engine.ChatResult{}, ctx.Err()
	}
}

// harness is a server with its client. Over an in-memory pipe it runs in a synctest bubble.
type harness struct {
	t      *testing.T
	server *engine.Server
	http   *http.Client
	base   string
	loads  atomic.Int32
}

// withEmbeddings adds a model "vectors".
func withEmbeddings(o *engine.Options) {
	o.Embeddings = &engine.Model{Name: "vectors", Load: func(context.Context) (engine.Runner, error) { return &runner{}, nil }}
}

// inMemory returns a harness whose connections buffer 4 kB.
func inMemory(t *testing.T, chat script, change ...func(*engine.Options)) *harness {
	pipe := bufconn.Listen(4096)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return pipe.DialContext(ctx) }
	// A connection a request: the pipe's deadlines may strike late, in the request after.
	return newHarness(t, pipe, &http.Transport{DialContext: dial, DisableKeepAlives: true}, "http://engine", chat, change...)
}

// overTCP returns a harness on a loopback port.
func overTCP(t *testing.T, chat script, change ...func(*engine.Options)) *harness {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return newHarness(t, listener, &http.Transport{}, "http://"+listener.Addr().String(), chat, change...)
}

func newHarness(t *testing.T, l net.Listener, transport *http.Transport, base string, chat script, change ...func(*engine.Options)) *harness {
	s := &harness{t: t, http: &http.Client{Transport: transport}, base: base}
	o := engine.Options{
		Slots: 1, Queue: 2, Seed: func() uint32 { return 99 },
		Model: engine.Model{Name: "tiny", Load: func(context.Context) (engine.Runner, error) {
			s.loads.Add(1)
			return &runner{chat: chat}, nil
		}},
		Grammar: func(schema []byte) (string, error) {
			if strings.Contains(string(schema), "pattern") {
				return "", errors.New("pattern is not supported")
			}
			return "root ::= " + string(schema), nil
		},
	}
	for _, f := range change {
		f(&o)
	}
	s.server = engine.New(o)
	web := &http.Server{Handler: s.server.Handler()}
	served := make(chan struct{})
	go func() { defer close(served); _ = web.Serve(l) }()
	t.Cleanup(func() {
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.server.Close(gone)
		transport.CloseIdleConnections()
		_ = web.Close()
		<-served
	})
	return s
}

func (s *harness) openai() openai.Client {
	return openai.NewClient(option.WithBaseURL(s.base+"/v1/"), option.WithHTTPClient(s.http), option.WithMaxRetries(0), option.WithAPIKey("key"))
}

// ask returns a chat request with one user message.
func ask(text string) map[string]any {
	return map[string]any{"model": "tiny", "messages": []any{map[string]any{"role": "user", "content": text}}}
}

func streamed(text string) map[string]any {
	body := ask(text)
	body["stream"] = true
	return body
}

// post sends a request and returns its response unread.
func (s *harness) post(ctx context.Context, path string, body any) (*http.Response, error) {
	return s.http.Do(s.request(ctx, path, body))
}

func (s *harness) request(ctx context.Context, path string, body any) *http.Request {
	data, ok := body.(string)
	if !ok {
		raw, err := json.Marshal(body)
		require.NoError(s.t, err)
		data = string(raw)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+path, strings.NewReader(data))
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", "application/json")
	return req
}

func (s *harness) health() engine.Health {
	got := s.get("/health")
	require.NoError(s.t, got.err)
	var h engine.Health
	require.NoError(s.t, json.Unmarshal([]byte(got.body), &h))
	return h
}

// reply is a whole response.
type reply struct {
	status int
	header http.Header
	body   string
	err    error // the body was cut
}

func (s *harness) chat(body any) reply {
	res, err := s.post(s.t.Context(), "/v1/chat/completions", body)
	return read(res, err)
}

// inBackground sends a request and delivers the response when it is there.
func (s *harness) inBackground(ctx context.Context, body any) <-chan reply {
	done := make(chan reply, 1)
	go func() { done <- read(s.post(ctx, "/v1/chat/completions", body)) }()
	return done
}

func (s *harness) get(path string) reply {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.base+path, nil)
	require.NoError(s.t, err)
	return read(s.http.Do(req))
}

func read(res *http.Response, err error) reply {
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(data), err}
}

// failure returns the error object of a response.
func (r reply) failure(t *testing.T) (message, kind, code string) {
	t.Helper()
	var body struct {
		Error struct{ Message, Type, Code string }
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &body), r.body)
	return body.Error.Message, body.Error.Type, body.Error.Code
}

// nextEvent reads up to the next event or comment.
func nextEvent(t *testing.T, from *bufio.Reader) string {
	t.Helper()
	line, err := from.ReadString('\n')
	require.NoError(t, err)
	_, err = from.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}
