package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/engine"
	"github.com/lyoapp/lyo/engine/llama"
)

func TestCoresAreSharedOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e              config.Engine
		cores          int
		slots, threads int
	}{
		{config.Engine{}, 1, 1, 1},
		{config.Engine{}, 2, 1, 1},
		{config.Engine{}, 8, 2, 3},
		{config.Engine{}, 64, 4, 15},
		{config.Engine{Slots: 6}, 4, 6, 1},
		{config.Engine{Slots: 1, Threads: 3}, 2, 1, 3},
	} {
		slots, threads := shareOut(c.e, c.cores)
		require.Equal(t, [2]int{c.slots, c.threads}, [2]int{slots, threads}, "%+v on %d cores", c.e, c.cores)
	}
}

// TestWeightsOfTheEngine finds the file by either setting and reports what is wrong with it.
func TestWeightsOfTheEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	own := filepath.Join(dir, "own.gguf")
	w, err := findWeights(config.Config{Engine: config.Engine{ModelFile: own}})
	require.NoError(t, err)
	require.ErrorContains(t, w.ready(), "model file missing")
	require.NoError(t, os.WriteFile(own, []byte("four"), 0o600))
	w, err = findWeights(config.Config{Engine: config.Engine{ModelFile: own}})
	require.NoError(t, err)
	require.NoError(t, w.ready())
	require.EqualValues(t, 4, w.size)
	require.False(t, w.verified)
	require.ErrorContains(t, weights{path: dir}.ready(), "unreadable")
	require.ErrorContains(t, weights{}.ready(), "lyo model pull")

	lock := filepath.Join(dir, "models.lock")
	require.NoError(t, os.WriteFile(lock, []byte(`{"version":1,"models":[{"name":"mine","source":"file:///mine.gguf","file":"mine.gguf","size":5,
		"sha256":"`+strings.Repeat("ab", 32)+`","license":"x"}]}`), 0o600))
	w, err = findWeights(config.Config{Artifact: config.Artifact{Name: "mine", Lock: lock, Dir: dir}})
	require.NoError(t, err)
	require.Equal(t, "abababababab", w.version)
	require.True(t, w.verified)
	require.ErrorContains(t, w.ready(), "model file missing")
	require.NoError(t, os.WriteFile(w.path, []byte("four"), 0o600))
	require.ErrorContains(t, w.ready(), "wrong size")
	require.NoError(t, os.WriteFile(w.path, []byte("five5"), 0o600))
	require.NoError(t, w.ready())
	_, err = findWeights(config.Config{Artifact: config.Artifact{Name: "other", Lock: lock, Dir: dir}})
	require.ErrorContains(t, err, "other")
}

// TestEmbeddingsOfTheEngine finds the file by path or entry, and names it for clients.
func TestEmbeddingsOfTheEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	own := filepath.Join(dir, "vectors.gguf")
	cfg := config.Config{Engine: config.Engine{ModelFile: own, EmbeddingsModel: own, Port: 8190}}
	w, err := findEmbeddings(cfg)
	require.NoError(t, err)
	require.EqualError(t, w.ready(), "model file missing: fetch it with lyo model pull, or name one in LYO_ENGINE_EMBEDDINGS_MODEL")
	require.Empty(t, embeddingsServed(cfg), "there is no file")
	require.NoError(t, os.WriteFile(own, []byte("four"), 0o600))
	require.Equal(t, "vectors", embeddingsServed(cfg))
	cfg.Gemma.BaseURL = "http://elsewhere/v1"
	require.Empty(t, embeddingsServed(cfg), "the engine does not run")
	cfg = config.Config{Engine: config.Engine{EmbeddingsModel: "embeddinggemma-300m"}, Artifact: config.Artifact{Dir: dir}}
	w, err = findEmbeddings(cfg)
	require.NoError(t, err)
	require.ErrorContains(t, w.ready(), "lyo model pull", "the built-in entry is unlocked")
	require.Equal(t, "embeddinggemma-300m", embeddingsName("embeddinggemma-300m"))
	cfg.Engine.EmbeddingsModel = "unknown"
	_, err = findEmbeddings(cfg)
	require.ErrorContains(t, err, "unknown")
}

func TestDoctorAboutEmbeddings(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.WithEmbeddings("vectors"))
	look := func(e config.Embeddings) finding {
		return (&doctor{cfg: config.Config{Embeddings: e}, log: slog.New(slog.DiscardHandler)}).embeddings(t.Context())
	}
	require.Empty(t, look(config.Embeddings{BaseURL: s.BaseURL()}), "none is configured")
	require.Equal(t, finding{"embeddings", fine, "vectors is served", ""}, look(config.Embeddings{Model: "vectors", BaseURL: s.BaseURL()}))
	for says, e := range map[string]config.Embeddings{
		"no server":      {Model: "vectors"},
		"does not serve": {Model: "others", BaseURL: s.BaseURL()},
		"not answer":     {Model: "vectors", BaseURL: "http://127.0.0.1:1/v1"},
	} {
		found := look(e)
		require.Equal(t, doubt, found.Status)
		require.Contains(t, found.Says, says)
		require.Contains(t, found.Mend, "LYO_")
	}
}

// TestEngineWithoutWeights checks that the engine starts all the same, reports what is missing, and stops on a signal.
func TestEngineWithoutWeights(t *testing.T) {
	t.Parallel()
	cfg := config.Config{
		HTTP:   config.HTTP{StopWithin: 5 * time.Second},
		Engine: config.Engine{ModelName: "tiny", ModelFile: filepath.Join(t.TempDir(), "none.gguf"), Queue: 1},
	}
	m := newModelServer(cfg, slog.New(slog.DiscardHandler), io.Discard)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- m.serve(ctx, listener) }()
	base := "http://" + listener.Addr().String()

	res, err := http.Get(base + "/health")
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, 200, res.StatusCode)
	var health engine.Health
	require.NoError(t, json.NewDecoder(res.Body).Decode(&health))
	require.Equal(t, "not_ready", health.Status)
	require.Contains(t, health.Message, "model file missing")

	body := strings.NewReader(`{"model":"tiny","messages":[{"role":"user","content":"x"}]}`)
	res, err = http.Post(base+"/v1/chat/completions", "application/json", body)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, 503, res.StatusCode)
	require.Contains(t, string(text), "lyo model pull")
	stop()
	require.NoError(t, <-stopped)
}

func TestErrorsInEngineTerms(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, inEngineTerms(llama.ErrTooLong), engine.ErrTooLong)
	require.ErrorIs(t, inEngineTerms(llama.ErrUnsupported), engine.ErrUnsupported)
	require.NoError(t, inEngineTerms(nil))
	require.Equal(t, io.EOF, inEngineTerms(io.EOF))
}
