package dev

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lyoapp/lyo/deploy/local"
)

const spaceNeeded = 300 << 20 // bytes free in the state directory

// makeStateDir creates the state directory. As root it lets other users traverse it, because
// Postgres then runs as another user.
func makeStateDir(dir string) error {
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o755
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return diskFull(dir, fmt.Errorf("make the state directory: %w", err))
	}
	return nil
}

// preflight checks for problems that would otherwise fail later with a less clear message.
func preflight(o Options) error {
	if err := checkSpace(o.StateDir, spaceNeeded); err != nil {
		return err
	}
	ports := []wantedPort{{"the API", o.HTTPPort, "LYO_HTTP_PORT"}}
	if o.getenv("TEMPORAL_ADDRESS") == "" {
		ports = append(ports,
			wantedPort{"Temporal", o.TemporalPort, "LYO_TEMPORAL_PORT"},
			wantedPort{"Temporal's web page", o.UIPort, "LYO_TEMPORAL_UI_PORT"})
	}
	var errs []error
	for _, p := range ports {
		errs = append(errs, p.check())
	}
	return errors.Join(errs...)
}

type wantedPort struct {
	user     string
	port     int
	variable string
}

func (w wantedPort) check() error {
	err := local.CheckPort(w.port)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("port %d for %s needs a permission that this user has not, as most below 1024 do: set %s to a higher port: %w",
			w.port, w.user, w.variable, err)
	}
	if err != nil {
		return fmt.Errorf("port %d for %s is taken: end what listens there, or set %s to another port: %w",
			w.port, w.user, w.variable, err)
	}
	return nil
}

func checkSpace(dir string, needed uint64) error {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return fmt.Errorf("look at the free space in %s: %w", dir, err)
	}
	free := uint64(stat.Bavail) * uint64(stat.Bsize) //nolint:unconvert // the types differ between systems
	if free < needed {
		return fmt.Errorf("the disk of %s has %d MB free, lyo dev needs %d: make room or set LYO_STATE_DIR to another disk",
			dir, free>>20, needed>>20)
	}
	return nil
}

// diskFull names the full disk in a "no space left on device" error.
func diskFull(dir string, err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk of %s is full: make room or set LYO_STATE_DIR to another disk: %w", dir, err)
	}
	return err
}

// endLeftovers ends processes that a killed run left, so that their ports and files are free.
func endLeftovers(ctx context.Context, o Options) error {
	files, err := filepath.Glob(o.pidFile("*"))
	if err != nil {
		return fmt.Errorf("look for an earlier run: %w", err)
	}
	var errs []error
	for _, file := range files {
		errs = append(errs, local.EndLeftover(ctx, file, childGrace))
	}
	return errors.Join(errs...)
}
