package llama

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lyoapp/lyo/engine/tinygguf"
)

// libraries downloads the real llama.cpp once into the directory that is kept between runs.
var libraries = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv("LYO_LLAMA_LIB"); dir != "" {
		return dir, nil
	}
	state := os.Getenv("TEST_STATE_DIR")
	if state == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		state = filepath.Join(cache, "lyo-test")
	}
	return FetchLibraries(context.Background(), filepath.Join(state, "llama"), os.Stderr)
})

// load writes a tiny model and loads it.
func load(t *testing.T, o Options, tiny tinygguf.Options) *Model {
	t.Helper()
	var err error
	if o.LibDir, err = libraries(); err != nil {
		t.Fatal(err)
	}
	o.Path = write(t, tiny)
	if o.Context == 0 {
		o.Context = 8192
	}
	m, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func write(t *testing.T, o tinygguf.Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := tinygguf.Write(path, o); err != nil {
		t.Fatal(err)
	}
	return path
}

// ask chats and returns the whole answer.
func ask(t *testing.T, m *Model, r Request) (string, Result) {
	t.Helper()
	var text strings.Builder
	result, err := m.Chat(t.Context(), r, func(piece string) error {
		text.WriteString(piece)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String(), result
}

// lesson returns a request for free text, like Lyo's.
func lesson(seed uint32) Request {
	return Request{
		Messages:  []Message{{"user", "Write a lesson about rivers."}},
		MaxTokens: 4000, Temperature: 0.7, TopP: 0.95, Seed: seed,
	}
}
