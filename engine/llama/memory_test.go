package llama

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/lyoapp/lyo/engine/tinygguf"
)

// These do not run in parallel with others, whose memory they would measure.

// TestEstimate compares the estimate with the memory of a model with many tokens, like Gemma.
//
//nolint:paralleltest // it measures the whole process
func TestEstimate(t *testing.T) {
	load(t, Options{}, tinygguf.Options{}).Close() // the libraries' own memory, once a process
	dir, err := libraries()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{LibDir: dir, Slots: 4, Context: 4096, Path: write(t, tinygguf.Options{Unused: 60_000})}
	want, err := Estimate(o)
	if err != nil {
		t.Fatal(err)
	}
	debug.FreeOSMemory() // the memory used for writing the model
	before := resident(t)
	m, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	held := make([]*slot, 0, o.Slots)
	for range o.Slots { // each slot computes once
		s, err := m.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, s)
		prompt, err := m.prompt([]Message{{"user", strings.Repeat("x", 3000)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.read(t.Context(), prompt); err != nil {
			t.Fatal(err)
		}
	}
	took := resident(t) - before
	for _, s := range held {
		m.release(s)
	}
	t.Logf("estimated %d KB, took %d KB", want>>10, took>>10)
	if took > 2*want || want > 2*took {
		t.Errorf("the estimate is wrong by more than a factor of two")
	}
}

// TestEstimateOfEmbeddings does the same for a model that reads a whole text at once.
//
//nolint:paralleltest // it measures the whole process
func TestEstimateOfEmbeddings(t *testing.T) {
	load(t, Options{Embedding: true}, tinygguf.Options{Embedding: true}).Close()
	dir, err := libraries()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{LibDir: dir, Context: 512, Embedding: true, Path: write(t, tinygguf.Options{Embedding: true, Unused: 60_000})}
	want, err := Estimate(o)
	if err != nil {
		t.Fatal(err)
	}
	debug.FreeOSMemory()
	before := resident(t)
	m, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, _, err := m.Embed(t.Context(), []string{strings.Repeat("x", 500)}); err != nil {
		t.Fatal(err)
	}
	took := resident(t) - before
	t.Logf("estimated %d KB, took %d KB", want>>10, took>>10)
	if took > 2*want || want > 2*took {
		t.Errorf("the estimate is wrong by more than a factor of two")
	}
}

// TestCloseFrees loads and closes many times.
//
//nolint:paralleltest // it measures the whole process
func TestCloseFrees(t *testing.T) {
	dir, err := libraries()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{LibDir: dir, Slots: 4, Context: 8192, Path: write(t, tinygguf.Options{Unused: 20_000})}
	var each int64 // memory of a loaded model
	around := func() {
		before := resident(t)
		m, err := Load(o)
		if err != nil {
			t.Fatal(err)
		}
		r := lesson(1)
		r.MaxTokens = 5
		ask(t, m, r)
		each = max(each, resident(t)-before)
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		around()
	}
	debug.FreeOSMemory()
	before := resident(t)
	const times = 20
	for range times {
		around()
	}
	debug.FreeOSMemory()
	grown := resident(t) - before
	t.Logf("a model takes %d KB; loading it %d times kept %d KB", each>>10, times, grown>>10)
	if grown > each*times/3 { // the allocator keeps some pages of each thread
		t.Error("closing does not free")
	}
}

// resident returns the memory of this process in bytes; only on Linux.
func resident(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("this system does not say how much memory a process has")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// TestBrokenFiles checks that they are an error and no crash, and have no estimate.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	dir, err := libraries()
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(write(t, tinygguf.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "broken.gguf")
	for name, text := range map[string][]byte{
		"empty":        nil,
		"no GGUF":      bytes.Repeat([]byte("<html>"), 100),
		"short header": good[:5000],
		"huge text":    append(append([]byte{}, good[:24]...), bytes.Repeat([]byte{0xff}, 100)...),
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Estimate(Options{Path: path}); !errors.Is(err, ErrFile) {
			t.Errorf("%s: the estimate says %v", name, err)
		}
		if _, err := Load(Options{LibDir: dir, Path: path}); !errors.Is(err, ErrFile) {
			t.Errorf("%s: loading says %v", name, err)
		}
	}
	if err := os.WriteFile(path, good[:len(good)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(Options{LibDir: dir, Path: path}); !errors.Is(err, ErrFile) {
		t.Errorf("half a file: %v", err)
	}
	if _, err := Load(Options{LibDir: dir, Path: path + "-not"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
