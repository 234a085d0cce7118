package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func writePIDFile(s Spec, pid int) error {
	if s.PIDFile == "" {
		return nil
	}
	id, err := identity(pid)
	if err != nil {
		return nil //nolint:nilerr // it ended already: nothing to remember
	}
	if err := os.MkdirAll(filepath.Dir(s.PIDFile), 0o755); err != nil {
		return fmt.Errorf("make the folder of pid files: %w", err)
	}
	folder, err := realFolder(s.PIDFile)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("%d %d %s\n%s\n", pid, int(s.StopSignal), id, folder)
	draft := s.PIDFile + ".new"
	if err := os.WriteFile(draft, []byte(line), 0o644); err != nil {
		return fmt.Errorf("write the pid file of %s: %w", s.Name, err)
	}
	if err := os.Rename(draft, s.PIDFile); err != nil {
		return fmt.Errorf("write the pid file of %s: %w", s.Name, err)
	}
	return nil
}

func removePIDFile(path string) error {
	if path == "" {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a pid file: %w", err)
	}
	return nil
}

// realFolder returns the folder of a file without symbolic links, which a copy of the folder has not.
func realFolder(path string) (string, error) {
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("find the folder of %s: %w", filepath.Base(path), err)
	}
	return filepath.Abs(folder)
}

// EndLeftover ends the process named in a pid file, with SIGKILL after the grace period, and removes
// the file. The end of ctx ends the wait. Left alone are another process that later got the same pid, and one that was
// started with a pid file elsewhere, of which this is a copy. A missing or invalid file is not an error.
func EndLeftover(ctx context.Context, pidFile string, grace time.Duration) error {
	text, err := os.ReadFile(pidFile)
	if pidFile == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a pid file: %w", err)
	}
	if left, ok := parsePIDFile(string(text)); ok && left.writtenAt(pidFile) {
		if err := left.end(ctx, grace); err != nil {
			return fmt.Errorf("end what %s remembers: %w", filepath.Base(pidFile), err)
		}
	}
	return removePIDFile(pidFile)
}

// Runs reports whether the process that was started with the pid file runs. It does not in a copy of the file.
func Runs(pidFile string) bool {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return false
	}
	left, ok := parsePIDFile(string(text))
	return ok && left.writtenAt(pidFile) && left.runs()
}

// leftover is what a pid file says.
type leftover struct {
	pid    int
	sig    syscall.Signal // asks it to stop
	id     string         // distinguishes it from later processes, boots included
	folder string         // of the pid file, when it was written
}

func parsePIDFile(text string) (leftover, bool) {
	line, folder, _ := strings.Cut(text, "\n")
	parts := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if len(parts) != 3 {
		return leftover{}, false
	}
	pid, pidErr := strconv.Atoi(parts[0])
	number, sigErr := strconv.Atoi(parts[1])
	return leftover{pid, syscall.Signal(number), parts[2], strings.TrimSuffix(folder, "\n")}, pidErr == nil && sigErr == nil && pid > 1
}

// writtenAt reports whether the file was written where it is now, and not copied.
func (l leftover) writtenAt(pidFile string) bool {
	here, err := realFolder(pidFile)
	return err == nil && l.folder == here
}

// runs reports whether the process runs, and not a later one with the same pid.
func (l leftover) runs() bool {
	now, err := identity(l.pid)
	return err == nil && now == l.id
}

// end ends the process if it runs.
func (l leftover) end(ctx context.Context, grace time.Duration) error {
	if !l.runs() {
		return nil
	}
	gone := func() bool { return !l.runs() }
	_ = syscall.Kill(l.pid, l.sig)
	ended := poll(ctx, grace, gone)
	if !ended && ctx.Err() != nil {
		return ctx.Err()
	}
	// Its process group, if it leads one, is ended too.
	defer func() { _ = syscall.Kill(-l.pid, syscall.SIGKILL) }()
	if ended {
		return nil
	}
	if err := syscall.Kill(l.pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill process %d: %w", l.pid, err)
	}
	if !poll(context.WithoutCancel(ctx), 5*time.Second, gone) {
		return fmt.Errorf("process %d survives SIGKILL", l.pid)
	}
	return nil
}

// poll checks every 20 ms until the condition holds, the timeout or the end of ctx. Processes that are not
// children can only be watched this way.
func poll(ctx context.Context, limit time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return done()
		}
	}
	return true
}
