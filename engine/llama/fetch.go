package llama

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// FetchLibraries makes sure that dir has the pinned version of llama.cpp's shared libraries and
// returns their directory. Existing libraries are returned at once. Otherwise npm downloads a
// package, with one line about it to out; its checksum is compared before anything is unpacked, and
// partial results are never visible. Concurrent processes wait for each other. Without npm, or
// without a package for this platform, the error is ErrNoLibraries and names the alternatives.
func FetchLibraries(ctx context.Context, dir string, out io.Writer) (libDir string, err error) {
	p, err := pinFor(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return "", err
	}
	return fetcher{pin: p, npm: npmPack, out: out}.fetch(ctx, dir)
}

// fetcher downloads one package. npm puts the archive of a package into a directory.
type fetcher struct {
	pin pin
	npm func(ctx context.Context, spec, dest string) error
	out io.Writer
}

// stamp is the file that is written last; it contains the checksum of the package.
const stamp = ".complete"

//nolint:gosec // the directory comes from the operator
func (f fetcher) fetch(ctx context.Context, dir string) (string, error) {
	dest := filepath.Join(dir, "llama-"+f.pin.folder+"-"+version)
	if f.complete(dest) {
		return dest, nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("make the directory of libraries: %w", err)
	}
	lock := flock.New(filepath.Join(dir, ".llama.lock"))
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", fmt.Errorf("wait for another process that fetches llama.cpp: %w", err)
	}
	defer func() { _ = lock.Unlock() }()
	if f.complete(dest) {
		return dest, nil
	}
	if err := f.bring(ctx, dir, dest); err != nil {
		return "", fmt.Errorf("fetch llama.cpp: %w", err)
	}
	return dest, nil
}

//nolint:gosec // the directory comes from the operator
func (f fetcher) complete(dest string) bool {
	text, err := os.ReadFile(filepath.Join(dest, stamp))
	return err == nil && strings.TrimSpace(string(text)) == f.pin.integrity
}

// bring works in a temporary directory beside dest, and renames it when all is there.
//
//nolint:gosec // the directory comes from the operator
func (f fetcher) bring(ctx context.Context, dir, dest string) error {
	draft, err := os.MkdirTemp(dir, ".draft-*")
	if err != nil {
		return fmt.Errorf("make a draft: %w", err)
	}
	defer func() { _ = os.RemoveAll(draft) }()
	archive, err := f.download(ctx, draft)
	if err != nil {
		return err
	}
	tree := filepath.Join(draft, "tree")
	if err := f.assemble(archive, tree); err != nil {
		return err
	}
	// An existing directory has no stamp or another one.
	if err := os.RemoveAll(dest); err != nil {
		return fmt.Errorf("remove what was there: %w", err)
	}
	if err := os.Rename(tree, dest); err != nil {
		return fmt.Errorf("put it in place: %w", err)
	}
	return nil
}

func (f fetcher) download(ctx context.Context, draft string) (archive string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	fmt.Fprintf(f.out, "fetching npm's package %s %s (llama.cpp, about %d MB)\n", f.pin.name, version, f.pin.megabytes)
	if err := f.npm(ctx, f.pin.name+"@"+version, draft); err != nil {
		return "", err
	}
	archives, err := filepath.Glob(filepath.Join(draft, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("npm brought %d archives", len(archives))
	}
	return archives[0], f.verify(archives[0])
}

// verify compares the archive's checksum with the pinned one.
//
//nolint:gosec // the directory comes from the operator
func (f fetcher) verify(archive string) error {
	file, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("verify the package: %w", err)
	}
	defer func() { _ = file.Close() }()
	sum := sha512.New()
	if _, err := io.Copy(sum, io.LimitReader(file, maxUnpacked)); err != nil {
		return fmt.Errorf("verify the package: %w", err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != f.pin.integrity {
		return fmt.Errorf("the package's checksum is %s and should be %s", got, f.pin.integrity)
	}
	return nil
}

//nolint:gosec // the directory comes from the operator
func (f fetcher) assemble(archive, tree string) error {
	if err := os.Mkdir(tree, 0o750); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if err := unpack(archive, "package/bins/"+f.pin.folder, tree); err != nil {
		return err
	}
	for _, name := range []string{"libggml", "libllama"} {
		if err := link(tree, name, f.pin.suffix); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(tree, stamp), []byte(f.pin.integrity+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the stamp: %w", err)
	}
	return nil
}

// link gives a library its plain name: the packages have libllama.v0.4.0.so and similar names.
//
//nolint:gosec // the directory comes from the operator
func link(tree, name, suffix string) error {
	plain := filepath.Join(tree, name+"."+suffix)
	if _, err := os.Lstat(plain); err == nil {
		return nil
	}
	found, err := filepath.Glob(filepath.Join(tree, name+".*."+suffix))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("the package holds %d libraries of the name %s", len(found), name)
	}
	if err := os.Symlink(filepath.Base(found[0]), plain); err != nil {
		return fmt.Errorf("link a library: %w", err)
	}
	return nil
}

// npmPack runs npm, which knows its registry. No script of the package runs.
func npmPack(ctx context.Context, spec, dest string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("%w, and there is no npm to fetch them with: install npm, or put the libraries of llama.cpp v0.4.0 into a directory and set LYO_LLAMA_LIB to it",
			ErrNoLibraries)
	}
	cmd := exec.CommandContext(ctx, npm, "pack", spec, "--silent", "--pack-destination", dest) //nolint:gosec // a pinned name
	cmd.Dir = dest                                                                             // away from whatever project the process was started in
	cmd.WaitDelay = time.Second
	text, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("npm pack %s: %w: %s", spec, err, tail(text))
	}
	return nil
}

// tail returns the end of a program's output.
func tail(text []byte) string {
	const most = 500
	return strings.TrimSpace(string(text[max(0, len(text)-most):]))
}
