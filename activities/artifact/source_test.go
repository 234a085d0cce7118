package artifact_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"

	"github.com/lyoapp/lyo/activities/artifact"
	"github.com/lyoapp/lyo/activities/artifact/hubtest"
)

// locked gets size and digest from the source, as lyo model lock does.
func locked(t *testing.T, store *artifact.Store, source string) artifact.Entry {
	t.Helper()
	e, err := store.Resolve(long(t), artifact.Entry{Name: "tiny", File: "tiny.gguf", Source: source}, nil)
	require.NoError(t, err)
	require.True(t, e.Locked())
	return e
}

func TestFile(t *testing.T) {
	t.Parallel()
	data := content(400_000)
	from := filepath.Join(t.TempDir(), "weights.gguf")
	require.NoError(t, os.WriteFile(from, data, 0o600))
	o := options(t, "")
	store := artifact.New(o)
	e := locked(t, store, "file://"+from)

	// It resumes after a stop.
	ctx, stop := context.WithCancel(long(t))
	o.Wait = nil
	_, err := store.Fetch(ctx, e, func(done, _ int64) {
		if done > 0 {
			stop()
		}
	})
	if err != nil { // a small file may be complete before the stop is noticed
		require.ErrorIs(t, err, context.Canceled)
	}
	path, err := store.Fetch(long(t), e, nil)
	require.NoError(t, err)
	requireFile(t, path, data)
	require.FileExists(t, from)

	e.Source, e.SHA256 = "file:///no/such/file", strings.Repeat("0", 64)
	_, err = store.Fetch(long(t), e, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// serving starts a web server over TLS with one file, and returns a client that trusts it.
func serving(t *testing.T, data []byte) (*httptest.Server, *http.Client) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "":
			http.Error(w, "not for me", http.StatusBadRequest)
		case strings.HasPrefix(r.URL.Path, "/to/"):
			http.Redirect(w, r, r.URL.Query().Get("next"), http.StatusFound)
		case r.URL.Path == "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			w.Header().Set("ETag", `"v1"`)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
		}
	}))
	t.Cleanup(s.Close)
	return s, s.Client()
}

func TestHTTPS(t *testing.T) {
	t.Parallel()
	data := content(300_000)
	s, client := serving(t, data)
	o := options(t, "")
	o.HTTPClient = client
	store := artifact.New(o)
	e := locked(t, store, s.URL+"/weights/tiny.gguf")
	path, err := store.Fetch(long(t), e, nil)
	require.NoError(t, err)
	requireFile(t, path, data)

	// A mirror other than a Hub has the file by its name.
	e.Source = "https://127.0.0.1:1/gone"
	o.Dir, o.Mirrors = t.TempDir(), []string{s.URL + "/mirror"}
	path, err = artifact.New(o).Fetch(long(t), e, nil)
	require.NoError(t, err)
	requireFile(t, path, data)
}

func TestRedirectsThatAreRefused(t *testing.T) {
	t.Parallel()
	s, client := serving(t, content(10))
	for next, says := range map[string]string{
		"http://weights.example/x": "from https to http",
		"ftp://weights.example/x":  "no web address",
		"https://a:b@x.example/y":  "no web address",
		"/loop":                    "redirects more than",
	} {
		o := options(t, "")
		o.HTTPClient = client
		at := s.URL + "/to/x?next=" + url.QueryEscape(next)
		e := artifact.Entry{Name: "tiny", File: "tiny.gguf", Source: at, Size: 10, SHA256: strings.Repeat("0", 64)}
		_, err := artifact.New(o).Fetch(long(t), e, nil)
		require.ErrorContains(t, err, says)
	}
}

func TestErrorsContainNoSignatures(t *testing.T) {
	t.Parallel()
	o := options(t, "")
	o.Tries = 1
	e := artifact.Entry{Name: "tiny", File: "tiny.gguf", Source: "https://127.0.0.1:1/x?sig=s3cr3t", Size: 10, SHA256: strings.Repeat("0", 64)}
	_, err := artifact.New(o).Fetch(long(t), e, nil)
	require.ErrorContains(t, err, "127.0.0.1:1")
	require.NotContains(t, err.Error(), "s3cr3t")
}

func TestADigestIsNotLearnedOverHTTP(t *testing.T) {
	t.Parallel()
	for _, o := range []artifact.Options{{HFEndpoint: "http://hub.example"}, {}} {
		source := "http://weights.example/x"
		if o.HFEndpoint != "" {
			source = "hf://a/b/c@main"
		}
		_, err := artifact.New(o).Resolve(long(t), artifact.Entry{Name: "tiny", File: "tiny.gguf", Source: source}, nil)
		require.ErrorContains(t, err, "not learned over http")
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	hub := hubtest.New(t)
	large := hub.Put(repository, "a/b/"+fileName, content(5000))
	small := hub.PutSmall(repository, "vocab.txt", content(50))
	store := artifact.New(options(t, hub.URL()))
	hub.FailHub(500)
	for _, f := range []*hubtest.File{large, small} {
		e, err := store.Resolve(long(t), artifact.Entry{Name: "tiny", File: "x", Source: f.Source()}, nil)
		require.NoError(t, err)
		require.Equal(t, artifact.Entry{
			Name: "tiny", File: "x", Source: f.Source(), Commit: f.Commit, Size: f.Size, SHA256: f.SHA256,
			Terms: []string{}, Mirrors: []string{},
		}, e)
		require.Equal(t, repository, e.Repository())
		path, err := store.Fetch(long(t), e, nil)
		require.NoError(t, err)
		require.FileExists(t, path)
	}
	for _, r := range hub.Requests()[:2] {
		require.Equal(t, "HEAD", r.Method)
	}
	_, err := store.Resolve(long(t), artifact.Entry{Name: "tiny", File: "x", Source: "hf://maker/none/x@main"}, nil)
	require.ErrorContains(t, err, "404")
}

// onDisk opens the same directory for every bucket, with the library's file driver.
type onDisk struct{ dir string }

func (d onDisk) OpenBucketURL(context.Context, *url.URL) (*blob.Bucket, error) {
	return fileblob.OpenBucket(d.dir, nil)
}

func TestBucketsByTheirScheme(t *testing.T) {
	t.Parallel()
	data, dir := content(300_000), t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "weights"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "weights", "tiny.gguf"), data, 0o600))
	for _, scheme := range []string{"s3", "gs"} {
		o := options(t, "")
		o.Buckets = new(blob.URLMux)
		o.Buckets.RegisterBucket(scheme, onDisk{dir})
		source := scheme + "://models/weights/tiny.gguf"
		e := locked(t, artifact.New(o), source)

		require.NoError(t, os.MkdirAll(o.Dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(o.Dir, e.SHA256+".part"), data[:200_000], 0o600))
		path, err := artifact.New(o).Fetch(long(t), e, func(done, _ int64) { require.GreaterOrEqual(t, done, int64(200_000)) })
		require.NoError(t, err)
		requireFile(t, path, data)

		e.Source += ".not"
		require.NoError(t, os.Remove(path))
		_, err = artifact.New(o).Fetch(long(t), e, nil)
		require.ErrorContains(t, err, "weights/tiny.gguf.not")

		o.Dir, o.Mirrors = t.TempDir(), []string{scheme + "://mirror/weights"}
		path, err = artifact.New(o).Fetch(long(t), e, nil)
		require.NoError(t, err)
		requireFile(t, path, data)
	}
}

// bucketServer speaks enough of the protocols of S3 and Google's store for reading.
func bucketServer(t *testing.T, data []byte, cut *bool) (*httptest.Server, *[]string) {
	t.Helper()
	ranges := &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/storage/v1/b/models/o/weights/tiny.gguf" && r.URL.Query().Get("alt") == "json" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"bucket":"models","name":"weights/tiny.gguf","size":"300000","etag":"v1"}`))
			return
		}
		if !strings.HasSuffix(r.URL.Path, "/models/weights/tiny.gguf") {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`<Error><Code>NoSuchKey</Code></Error>`))
			return
		}
		w.Header().Set("ETag", `"v1"`)
		if r.Method == http.MethodGet {
			*ranges = append(*ranges, r.Header.Get("Range"))
		}
		if *cut && r.Method == http.MethodGet {
			*cut = false
			w.Header().Set("Content-Length", "300000")
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write(data[:100_000])
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "", time.Unix(1_700_000_000, 0), bytes.NewReader(data))
	}))
	t.Cleanup(s.Close)
	return s, ranges
}

func TestS3OverTheWire(t *testing.T) {
	t.Parallel()
	data, cut := content(300_000), false
	s, ranges := bucketServer(t, data, &cut)
	store := artifact.New(options(t, ""))
	source := "s3://models/weights/tiny.gguf?region=us-east-1&anonymous=true&use_path_style=true&endpoint=" + url.QueryEscape(s.URL)
	e := locked(t, store, source)
	cut = true
	path, err := store.Fetch(long(t), e, nil)
	require.NoError(t, err)
	requireFile(t, path, data)
	require.Equal(t, "bytes=100000-", (*ranges)[len(*ranges)-1])

	_, err = store.Resolve(long(t), artifact.Entry{Name: "tiny", File: "x", Source: strings.Replace(source, "tiny.gguf", "none", 1)}, nil)
	require.ErrorContains(t, err, "s3://models/weights/none")
}

// TestAnObjectIsReadOnce when it is locked and fetched in one go.
func TestAnObjectIsReadOnce(t *testing.T) {
	t.Parallel()
	data := content(300_000)
	for name, source := range map[string]func(address string) string{
		"s3": func(address string) string {
			return "s3://models/weights/tiny.gguf?region=us-east-1&anonymous=true&use_path_style=true&endpoint=" + url.QueryEscape(address)
		},
		"web": func(address string) string { return address + "/models/weights/tiny.gguf" },
	} {
		var sent atomic.Int64
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				sent.Add(1)
			}
			http.ServeContent(w, r, "", time.Unix(1_700_000_000, 0), bytes.NewReader(data))
		}))
		t.Cleanup(s.Close)
		o := options(t, "")
		store := artifact.New(o)
		e, err := store.ResolveAndKeep(long(t), artifact.Entry{Name: "tiny", File: "tiny.gguf", Source: source(s.URL)}, nil)
		require.NoError(t, err)
		path, err := store.Fetch(long(t), e, nil)
		require.NoError(t, err)
		requireFile(t, path, data)
		require.EqualValues(t, 1, sent.Load(), name)
		left, err := filepath.Glob(filepath.Join(o.Dir, "*.part*"))
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

// TestGoogleStorageOverTheWire runs alone, since the library takes another host for Google's
// store from the environment only.
func TestGoogleStorageOverTheWire(t *testing.T) {
	data, cut := content(300_000), false
	s, ranges := bucketServer(t, data, &cut)
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(s.URL, "http://"))
	store := artifact.New(options(t, ""))
	e := locked(t, store, "gs://models/weights/tiny.gguf?anonymous=true")
	cut = true
	path, err := store.Fetch(long(t), e, nil)
	require.NoError(t, err)
	requireFile(t, path, data)
	require.Equal(t, "bytes=100000-", (*ranges)[len(*ranges)-1])
}
