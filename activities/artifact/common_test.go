package artifact_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/artifact"
	"github.com/lyoapp/lyo/activities/artifact/hubtest"
)

const (
	repository = "maker/tiny-GGUF"
	fileName   = "tiny-Q8_0.gguf"
	token      = "hf_not-to-be-seen"
)

// long is far more than any event here takes; it only ends a test that hangs.
func long(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func content(size int) []byte {
	data := make([]byte, size)
	r := rand.NewChaCha8([32]byte{7})
	_, _ = r.Read(data)
	return data
}

func entryOf(f *hubtest.File) artifact.Entry {
	return artifact.Entry{
		Name: "tiny", Source: f.Source(), Commit: f.Commit, File: filepath.Base(f.Name), Size: f.Size, SHA256: f.SHA256,
	}
}

// heard collects a store's messages.
type heard struct {
	mu    sync.Mutex
	lines []string
	first chan struct{}
}

func newHeard() *heard { return &heard{first: make(chan struct{})} }

func (h *heard) say(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.lines) == 0 {
		close(h.first)
	}
	h.lines = append(h.lines, line)
}

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.lines...)
}

// options returns options without pauses between tries.
func options(t *testing.T, endpoint string) artifact.Options {
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return artifact.Options{
		Dir: filepath.Join(t.TempDir(), "models"), HFEndpoint: endpoint, HFToken: token, HTTPClient: client,
		StallAfter: 10 * time.Second,
		Wait:       func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func requireFile(t *testing.T, path string, data []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, data, got)
}

// requireOnly fails for any file in dir other than locks and these.
func requireOnly(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var got []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".lock" {
			got = append(got, e.Name())
		}
	}
	require.ElementsMatch(t, names, got)
}

// event waits for a channel to close, and fails if that does not happen.
func event(ctx context.Context, t *testing.T, closed <-chan struct{}) {
	t.Helper()
	select {
	case <-closed:
	case <-ctx.Done():
		t.Fatal("what was waited for did not come")
	}
}
