package llama

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// archive returns an npm package.
func archive(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	in := tar.NewWriter(zipped)
	for _, e := range entries {
		body := ""
		if e.Typeflag == tar.TypeReg {
			body = "the text of " + e.Name
		}
		e.Size, e.Mode = int64(len(body)), 0o644
		if err := in.WriteHeader(&e); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(in, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(in.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func file(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg} }

// usual returns the entries of a good package.
func usual() []tar.Header {
	return []tar.Header{
		file("package/package.json"), file("package/bins/here/llama-addon.node"),
		file("package/bins/here/libggml-base.so"), file("package/bins/here/libggml.v0.4.0.so"),
		file("package/bins/here/libllama.v0.4.0.so"), file("package/bins/there/libllama.so"),
	}
}

// shop returns a fetcher whose npm delivers one archive, and counts how often.
func shop(text []byte) (f fetcher, visits *atomic.Int32, out *bytes.Buffer) {
	sum := sha512.Sum512(text)
	visits, out = &atomic.Int32{}, &bytes.Buffer{}
	return fetcher{
		pin: pin{name: "@a/b", integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:]), folder: "here", suffix: "so", megabytes: 1},
		out: out,
		npm: func(_ context.Context, _, dest string) error {
			visits.Add(1)
			return os.WriteFile(filepath.Join(dest, "a-b.tgz"), text, 0o600)
		},
	}, visits, out
}

func TestFetchOnce(t *testing.T) {
	t.Parallel()
	f, visits, out := shop(archive(t, usual()...))
	dir := filepath.Join(t.TempDir(), "new")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			lib, err := f.fetch(t.Context(), dir)
			if err != nil {
				t.Error(err)
				return
			}
			text, err := os.ReadFile(filepath.Join(lib, "libllama.so"))
			if err != nil || string(text) != "the text of package/bins/here/libllama.v0.4.0.so" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	all.Wait()
	if visits.Load() != 1 || strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), "@a/b") {
		t.Errorf("fetched %d times, saying %q", visits.Load(), out)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	if len(names) != 6 { // three libraries, two links, the stamp
		t.Errorf("unpacked: %v", names)
	}
}

// TestFetchMends replaces a directory without a stamp, such as one of an older version.
func TestFetchMends(t *testing.T) {
	t.Parallel()
	f, visits, _ := shop(archive(t, usual()...))
	dir := t.TempDir()
	lib, err := f.fetch(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(lib, stamp)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.fetch(t.Context(), dir); err != nil || visits.Load() != 2 || !f.complete(lib) {
		t.Errorf("fetched %d times: %v", visits.Load(), err)
	}
}

// TestFetchRefuses rejects bad packages and leaves nothing behind.
func TestFetchRefuses(t *testing.T) {
	t.Parallel()
	changed, _, _ := shop(archive(t, usual()...))
	changed.pin.integrity = "sha512-other"
	nobody, _, _ := shop(nil)
	nobody.npm = func(context.Context, string, string) error { return ErrNoLibraries }
	nothing, _, _ := shop(nil)
	nothing.npm = func(context.Context, string, string) error { return nil }
	of := func(entries ...tar.Header) fetcher {
		f, _, _ := shop(archive(t, append(usual(), entries...)...))
		return f
	}
	noise, _, _ := shop([]byte("no archive"))
	cut, _, _ := shop(archive(t, usual()...)[:200])
	for want, f := range map[string]fetcher{
		"checksum is":    changed,
		"are missing":    nobody,
		"npm brought 0":  nothing,
		"gzip":           noise,
		"unexpected EOF": cut,
		"leads out":      of(file("package/../../out.so")),
		`leads out: "/`:  of(file("/package/bins/here/libabsolute.so")),
		"is no file":     of(tar.Header{Name: "package/bins/here/libx.so", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}),
		"file exists":    of(file("package/bins/here/libggml-base.so")),
		"2 libraries of": of(file("package/bins/here/libllama.v0.5.0.so")),
	} {
		dir := t.TempDir()
		lib, err := f.fetch(t.Context(), dir)
		if err == nil || !strings.Contains(err.Error(), want) || lib != "" {
			t.Errorf("got %q, %v; want an error about %s", lib, err, want)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("%s: left behind: %v", want, left)
		}
	}
}

// TestTooMuch checks the limits on an archive's claimed size.
func TestTooMuch(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	in := tar.NewWriter(&out)
	if err := in.WriteHeader(&tar.Header{Name: "package/huge", Typeflag: tar.TypeReg, Size: maxUnpacked + 1}); err != nil {
		t.Fatal(err)
	}
	u := unpacker{in: tar.NewReader(&out), left: maxUnpacked}
	if err := u.next(); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}

func TestFetchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f, _, _ := shop(archive(t, usual()...))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir, inside := t.TempDir(), make(chan struct{})
	leave := make(chan struct{})
	slow := f
	slow.npm = func(ctx context.Context, spec, dest string) error {
		close(inside)
		<-leave
		return f.npm(ctx, spec, dest)
	}
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := slow.fetch(t.Context(), dir); err != nil {
			t.Error(err)
		}
	})
	<-inside
	if _, err := f.fetch(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for another: %v", err)
	}
	close(leave)
	all.Wait()
}

//nolint:paralleltest // it changes the environment
func TestWithoutNPM(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := FetchLibraries(t.Context(), t.TempDir(), io.Discard)
	if !errors.Is(err, ErrNoLibraries) || !strings.Contains(err.Error(), "LYO_LLAMA_LIB") || !strings.Contains(err.Error(), "install npm") {
		t.Errorf("the error does not help: %v", err)
	}
}

func TestPins(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/arm64", "darwin/amd64"} {
		system, processor, _ := strings.Cut(platform, "/")
		p, err := pinFor(system, processor)
		if err != nil || !strings.HasSuffix(p.name, "/"+p.folder) {
			t.Errorf("%s: %+v, %v", platform, p, err)
		}
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.integrity, "sha512-"))
		if err != nil || len(sum) != sha512.Size {
			t.Errorf("%s: the checksum is none: %v", platform, err)
		}
	}
	if _, err := pinFor("plan9", "mips"); !errors.Is(err, ErrNoLibraries) || !strings.Contains(err.Error(), "LYO_LLAMA_LIB") {
		t.Error(err)
	}
}
