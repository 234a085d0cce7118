package local

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	downloadAnswer = 15 * time.Second // until the first byte of the archive
	downloadWhole  = 5 * time.Minute
	reportEvery    = 15 * time.Second
	// largestProgram bounds the unpacked program in bytes; the real one has 200 MB.
	largestProgram = 1 << 30
)

// downloadedTemporal is the release that is downloaded, the first whose SQLite does not stay
// interrupted. Later ones cannot be built as a plain module, so the two ways differ.
const downloadedTemporal = "1.7.0"

// temporalReleases is the URL of the releases.
const temporalReleases = "https://github.com/temporalio/cli/releases/download"

// temporalArchives returns the SHA-256 digests of the archives by platform. Other archives are rejected.
func temporalArchives() map[string]string {
	return map[string]string{
		"linux_amd64":  "8b5de72e622f4ae062d0d5d948ca398de6212d63b2f25766a1cb810a3dc2d0ed",
		"linux_arm64":  "f78d8cf0353b4e04c9024f11e66eaba372f07efe9956de0f41cf03bd31c302f3",
		"darwin_amd64": "a289156e464bdbb667a125b5e94abeab98a74814771ea4828731970cab4e907c",
		"darwin_arm64": "88a59ea7b1a51309a873e2a914360865123d5b36528d55f8d7c34c6d79007fda",
	}
}

// downloadTemporal downloads the archive of the release, verifies its digest and extracts the command,
// all or nothing.
func (f Finder) downloadTemporal(ctx context.Context, dest string) error {
	ctx, cancel := context.WithTimeout(ctx, downloadWhole)
	defer cancel()
	platform := runtime.GOOS + "_" + runtime.GOARCH
	digest := temporalArchives()[platform]
	if digest == "" {
		return fmt.Errorf("there is no pinned archive of the temporal command for %s", platform)
	}
	draft, err := scratch(dest)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(draft) }()
	sayf(f.Out, "downloading the temporal command %s", downloadedTemporal)
	archive := filepath.Join(draft, "temporal.tar.gz")
	address := fmt.Sprintf("%s/v%s/temporal_cli_%s_%s.tar.gz", temporalReleases, downloadedTemporal, downloadedTemporal, platform)
	var got counter
	err = f.report("downloading the temporal command", got.bar, func() error { return fetchPinned(ctx, address, archive, digest, &got) })
	if err != nil {
		return fmt.Errorf("download the temporal command: %w", err)
	}
	program := filepath.Join(draft, "temporal")
	if err := extractProgram(archive, "temporal", program); err != nil {
		return fmt.Errorf("unpack the temporal command: %w", err)
	}
	return os.Rename(program, dest)
}

// counter counts the bytes of a download.
type counter struct{ done, whole atomic.Int64 }

// Write counts.
func (c *counter) Write(p []byte) (int, error) {
	c.done.Add(int64(len(p)))
	return len(p), nil
}

func (c *counter) bar() string { return bar(c.done.Load(), c.whole.Load()) }

// fetchPinned downloads a file, whose bytes it counts, and returns an error if its SHA-256 differs.
func fetchPinned(ctx context.Context, address, dest, digest string, got *counter) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: downloadAnswer, TLSHandshakeTimeout: downloadAnswer}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, response.Status)
	}
	file, err := os.OpenFile(dest, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	got.whole.Store(response.ContentLength)
	_, err = io.Copy(io.MultiWriter(file, sum, got), io.LimitReader(response.Body, largestProgram))
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if actual := hex.EncodeToString(sum.Sum(nil)); actual != digest {
		return fmt.Errorf("its SHA-256 is %s and should be %s", actual, digest)
	}
	return nil
}

// extractProgram extracts a file from a .tar.gz and makes it executable.
func extractProgram(archive, name, dest string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	entries := tar.NewReader(zipped)
	for {
		head, err := entries.Next()
		if err != nil {
			return fmt.Errorf("find %s: %w", name, err)
		}
		if head.Name != name || head.Typeflag != tar.TypeReg {
			continue
		}
		out, err := os.OpenFile(dest, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
		if err != nil {
			return err
		}
		_, err = io.CopyN(out, entries, min(head.Size, largestProgram))
		return errors.Join(err, out.Close())
	}
}

// temporalSum pins every module that the command is built from, by version and digest.
//
//go:embed temporal.sum
var temporalSum []byte

// buildTemporal builds the command with the go command, from the modules that temporal.sum names.
func (f Finder) buildTemporal(ctx context.Context, dest string) error {
	goTool := f.lookPath("go")
	if goTool == "" {
		return errors.New("no go command to build temporal with")
	}
	sayf(f.Out, "building the temporal command %s from source, once: about 3 minutes and 280 MB of downloads on two cores",
		TemporalVersion)
	draft, err := scratch(dest)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(draft) }()
	if err := describeBuild(draft); err != nil {
		return err
	}
	// Read-only: a module that temporal.sum does not name, or names otherwise, ends the build.
	cmd := f.tool(ctx, goTool, "build", "-v", "-buildvcs=false", "-mod=readonly", "-o", "temporal", temporalCommand)
	cmd.Dir, cmd.Env = draft, append(cmd.Env, pinnedBuild()...)
	begin := time.Now()
	var built compiled
	err = f.report("building the temporal command", built.String, func() error { return runWatched(cmd, built.see) })
	if err != nil {
		return err
	}
	sayf(f.Out, "built the temporal command in %s", time.Since(begin).Round(time.Second))
	return os.Rename(filepath.Join(draft, "temporal"), dest)
}

const temporalCommand = "github.com/temporalio/cli/cmd/temporal"

// pinnedBuild returns the environment without the caller's settings of the go command.
func pinnedBuild() []string { return []string{"GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH="} }

// describeBuild writes the module in which the command is built.
func describeBuild(dir string) error {
	module := "module build\n\ngo 1.26\n\nrequire (\n\tgithub.com/temporalio/cli " + TemporalVersion + "\n\tmodernc.org/sqlite " + sqliteVersion + "\n)\n"
	err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o600)
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, "go.sum"), temporalSum, 0o600)); err != nil {
		return fmt.Errorf("describe what to build: %w", err)
	}
	return nil
}

// compiled follows go build -v, which names each module that it downloads and each package that it compiles.
type compiled struct {
	mu       sync.Mutex
	packages int
	latest   string
}

func (c *compiled) see(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	line, download := strings.CutPrefix(line, "go: ")
	if !download {
		c.packages++
	}
	c.latest = line
}

// String says how many packages are compiled and what was named last.
func (c *compiled) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.packages == 0 {
		return c.latest
	}
	return fmt.Sprintf("%d packages, %s", c.packages, c.latest)
}
