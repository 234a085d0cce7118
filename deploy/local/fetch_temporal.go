package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"
)

const (
	downloadAnswer = 15 * time.Second // until the first byte of the archive
	downloadWhole  = 5 * time.Minute
	reportEvery    = 15 * time.Second
)

// downloadTemporal uses the SDK's own download of the command.
func (f Finder) downloadTemporal(ctx context.Context, dest string) error {
	ctx, cancel := context.WithTimeout(ctx, downloadWhole)
	defer cancel()
	dir, err := os.MkdirTemp(filepath.Dir(dest), "download-")
	if err != nil {
		return fmt.Errorf("make a folder for the download: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sayf(f.Out, "downloading the temporal command")
	downloaded := make(chan error, 1)
	go func() { downloaded <- sdkDownload(ctx, dir) }()
	// The SDK makes a file in the folder when the archive begins to arrive.
	if !answered(dir, downloaded) {
		cancel()
	}
	err = <-downloaded
	found, _ := filepath.Glob(filepath.Join(dir, "temporal-cli-go-sdk-*"))
	if len(found) == 0 {
		return fmt.Errorf("download the temporal command: %w", err)
	}
	return os.Rename(found[0], dest)
}

// sdkDownload downloads and starts nothing: the address it gives is refused
// after the download and before the start. So the error is never nil.
func sdkDownload(ctx context.Context, dir string) error {
	server, err := testsuite.StartDevServer(ctx, testsuite.DevServerOptions{
		CachedDownload: testsuite.CachedDownload{DestDir: dir},
		ClientOptions:  &client.Options{HostPort: "nowhere", Logger: slog.New(slog.DiscardHandler)},
	})
	if err == nil {
		return errors.Join(errors.New("a server started unasked"), server.Stop())
	}
	return err
}

func answered(dir string, ended chan error) bool {
	return poll(downloadAnswer, func() bool {
		files, _ := os.ReadDir(dir)
		return len(files) > 0 || len(ended) > 0
	})
}

// buildTemporal builds the command with the go command.
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
	module := "module build\n\ngo 1.26\n\nrequire (\n\tgithub.com/temporalio/cli " + TemporalVersion + "\n\tmodernc.org/sqlite " + sqliteVersion + "\n)\n"
	if err := os.WriteFile(filepath.Join(draft, "go.mod"), []byte(module), 0o600); err != nil {
		return fmt.Errorf("describe what to build: %w", err)
	}
	cmd := f.tool(ctx, goTool, "build", "-buildvcs=false", "-mod=mod", "-o", "temporal", "github.com/temporalio/cli/cmd/temporal")
	cmd.Dir, cmd.Env = draft, append(cmd.Env, "GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH=")
	begin := time.Now()
	err = f.reporting(begin, func() error { _, err := run(cmd); return err })
	if err != nil {
		return err
	}
	sayf(f.Out, "built the temporal command in %s", time.Since(begin).Round(time.Second))
	return os.Rename(filepath.Join(draft, "temporal"), dest)
}

// reporting says every 15 s that the work goes on.
func (f Finder) reporting(begin time.Time, work func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- work() }()
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ticker.C:
			sayf(f.Out, "still building the temporal command: %s", time.Since(begin).Round(time.Second))
		}
	}
}
