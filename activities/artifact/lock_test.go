package artifact_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/activities/artifact"
)

func TestTheBuiltInLock(t *testing.T) {
	t.Parallel()
	l, err := artifact.Builtin()
	require.NoError(t, err)
	for name, terms := range map[string]bool{"embeddinggemma-300m": true, "gemma-3-1b-it": true, "gemma-3-270m-it": true, "gemma-4-e2b-it": false, "gemma-4-e4b-it": false} {
		e, err := l.Find(name)
		require.NoError(t, err)
		require.Equal(t, terms, e.TermsURL != "", name)
		require.Equal(t, terms, len(e.Terms) > 0, name)
		require.NotEmpty(t, e.Repository())
	}
	_, err = l.Find("gemma-9")
	require.ErrorContains(t, err, "it has gemma-3-1b-it, gemma-3-270m-it, gemma-4-e2b-it, gemma-4-e4b-it, embeddinggemma-300m")
	data, err := l.Marshal()
	require.NoError(t, err)
	written, err := os.ReadFile("models.lock")
	require.NoError(t, err)
	require.Equal(t, string(written), string(data), "the file has the form that Write gives it")
}

func one(change func(*artifact.Entry)) artifact.Lock {
	e := artifact.Entry{
		Name: "tiny", Source: "hf://a/b/c.gguf@main", File: "c.gguf", Size: 5,
		Commit: strings.Repeat("a", 40), SHA256: strings.Repeat("b", 64),
	}
	change(&e)
	return artifact.Lock{Version: 1, Models: []artifact.Entry{e}}
}

func TestEntriesWithFaults(t *testing.T) {
	t.Parallel()
	require.NoError(t, one(func(*artifact.Entry) {}).Validate())
	for says, change := range map[string]func(*artifact.Entry){
		"the name must be":         func(e *artifact.Entry) { e.Name = "../x" },
		"no plain file name":       func(e *artifact.Entry) { e.File = "a/b" },
		"64 small hexadecimal":     func(e *artifact.Entry) { e.SHA256 = "B" + e.SHA256[1:] },
		"40 small hexadecimal":     func(e *artifact.Entry) { e.Commit = "main" },
		"all be there, or none":    func(e *artifact.Entry) { e.Commit = "" },
		"or none of them":          func(e *artifact.Entry) { e.Size = 0 },
		"size is negative":         func(e *artifact.Entry) { e.Size = -1 },
		"on the Hub has a commit":  func(e *artifact.Entry) { e.Source = "https://a.example/b" },
		"say hf://owner":           func(e *artifact.Entry) { e.Source = "hf://a/b/c" },
		"no name on the Hub":       func(e *artifact.Entry) { e.Source = "hf://a/../c@main" },
		"known are hf":             func(e *artifact.Entry) { e.Mirrors = []string{"ftp://a/b"} },
		"names no host":            func(e *artifact.Entry) { e.Mirrors = []string{"https:///b"} },
		"holds credentials":        func(e *artifact.Entry) { e.Mirrors = []string{"https://u:pw@a.example/b"} },
		"file:// and its whole":    func(e *artifact.Entry) { e.Mirrors = []string{"file://b/c"} },
		"terms_url is no https":    func(e *artifact.Entry) { e.TermsURL = "javascript:x" },
		"a source is no address":   func(e *artifact.Entry) { e.Mirrors = []string{"https://a b/%zz"} },
		`model "tiny": sha256 is`:  func(e *artifact.Entry) { e.SHA256 = "x" },
		`source "hf://a/b/c@a?b":`: func(e *artifact.Entry) { e.Source = "hf://a/b/c@a?b" },
	} {
		err := one(change).Validate()
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "pw")
	}
}

func TestLockFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	good, err := one(func(*artifact.Entry) {}).Marshal()
	require.NoError(t, err)
	twice := one(func(*artifact.Entry) {})
	twice.Models = append(twice.Models, twice.Models[0])
	require.ErrorContains(t, twice.Validate(), "twice")
	for says, data := range map[string]string{
		"something follows": string(good) + "{}",
		"unknown field":     strings.Replace(string(good), `"commit"`, `"comit"`, 1),
		"version 2":         strings.Replace(string(good), `"version": 1`, `"version": 2`, 1),
		"larger than":       string(good) + strings.Repeat(" ", 1<<20),
		"models.lock":       "",
	} {
		_, err := artifact.ParseLock([]byte(data))
		require.ErrorContains(t, err, says)
	}
}

func TestTheLockInEffect(t *testing.T) {
	t.Parallel()
	dir, own := t.TempDir(), filepath.Join(t.TempDir(), "x", "own.lock")
	_, err := artifact.Load(own, dir)
	require.ErrorIs(t, err, os.ErrNotExist, "a lock file that was named must be there")

	l, err := artifact.Load("", dir)
	require.NoError(t, err)
	gemma, err := l.Find("gemma-3-1b-it")
	require.NoError(t, err)

	pinned := gemma
	pinned.Commit, pinned.SHA256, pinned.Size = strings.Repeat("1", 40), strings.Repeat("2", 64), 3
	mine := artifact.Lock{Version: 1}.With(pinned).With(one(func(*artifact.Entry) {}).Models[0])
	require.NoError(t, mine.Write(filepath.Join(dir, artifact.LockFile)))
	l, err = artifact.Load("", dir)
	require.NoError(t, err)
	require.Len(t, l.Models, 6)
	got, err := l.Find("gemma-3-1b-it")
	require.NoError(t, err)
	require.Equal(t, pinned, got)

	require.NoError(t, artifact.Lock{Version: 1}.With(gemma).Write(own))
	l, err = artifact.Load(own, dir)
	require.NoError(t, err)
	require.Equal(t, []artifact.Entry{gemma}, l.Models)

	require.Error(t, artifact.Lock{Version: 9}.Write(own))
	again, err := artifact.ReadLock(own)
	require.NoError(t, err, "a lock with faults is not written")
	require.Equal(t, l, again)
}

func TestLocksSurviveWritingAndReading(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 40, -1)
		l := artifact.Lock{Version: 1, Note: rapid.SliceOfN(text, 0, 3).Draw(t, "note")}
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9][a-z0-9._-]{0,20}`), 0, 5, rapid.ID).Draw(t, "names") {
			e := artifact.Entry{
				Name: name, File: rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,20}`).Draw(t, "file"),
				License: text.Draw(t, "license"), Terms: rapid.SliceOfN(text, 0, 2).Draw(t, "terms"),
				Source: rapid.SampledFrom([]string{"hf://a/b/c@refs/pr/1", "https://x.example/y?z=<&>", "file:///a b", "s3://b/k?region=r", "gs://b/k"}).Draw(t, "source"),
			}
			if rapid.Bool().Draw(t, "locked") {
				e.Size = rapid.Int64Range(1, 1<<50).Draw(t, "size")
				e.SHA256 = rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "sha256")
				if e.Repository() != "" {
					e.Commit = rapid.StringMatching(`[0-9a-f]{40}`).Draw(t, "commit")
				}
			}
			l = l.With(e)
		}
		data, err := l.Marshal()
		require.NoError(t, err)
		back, err := artifact.ParseLock(data)
		require.NoError(t, err)
		again, err := back.Marshal()
		require.NoError(t, err)
		require.Equal(t, string(data), string(again))
		for i, e := range l.Models {
			require.Equal(t, e, back.Models[i])
		}
	})
}

func TestReadingALockNeverPanics(t *testing.T) {
	t.Parallel()
	good, err := one(func(*artifact.Entry) {}).Marshal()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		data := append([]byte(nil), good...)
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			data[rapid.IntRange(0, len(data)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		if l, err := artifact.ParseLock(data); err == nil {
			require.NoError(t, l.Validate())
		}
	})
}
