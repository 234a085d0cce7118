package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrNotFound means that a program is not installed and cannot be downloaded.
var ErrNotFound = errors.New("not found")

// Finder searches for the servers' programs, and downloads missing ones into its state directory. It
// may be copied and used concurrently.
type Finder struct {
	StateDir string                   // directory of downloaded programs
	Getenv   func(name string) string // os.Getenv when nil
	Out      io.Writer                // what is done; nil: none
	Status   func(text string)        // shows how far long work is, on a terminal; nil: lines on Out
	Offline  bool                     // download nothing

	root string // prefix of absolute paths, for tests
}

func (f Finder) getenv(name string) string {
	if f.Getenv == nil {
		return os.Getenv(name)
	}
	return f.Getenv(name)
}

// lookPath returns the path of a program on the finder's PATH; "" if there is none.
func (f Finder) lookPath(name string) string {
	for _, dir := range filepath.SplitList(f.getenv("PATH")) {
		if path := filepath.Join(dir, name); filepath.IsAbs(dir) && executable(path) {
			return path
		}
	}
	return ""
}

// statePath returns a path in the state directory where the account can run programs.
func (f Finder) statePath(account *Account, name string) (string, error) {
	return account.reachable(filepath.Join(f.StateDir, name))
}

// tool returns a command with the finder's environment, which ends with ctx.
func (f Finder) tool(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "PATH="+f.getenv("PATH"), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	// An interrupt lets the tool end its own children.
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, 5*time.Second
	return cmd
}

// scratch creates a folder with a unique name beside dest, so that concurrent downloads do not
// interfere.
func scratch(dest string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return "", fmt.Errorf("make the folder for programs: %w", err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(dest), filepath.Base(dest)+".new-")
	if err != nil {
		return "", fmt.Errorf("make a folder to fetch into: %w", err)
	}
	return dir, os.Chmod(dir, 0o755)
}

// runWatched executes a tool, passes each line of its output to see, and adds the last ones to the error.
func runWatched(cmd *exec.Cmd, see func(line string)) error {
	out := NewLineWriter(io.Discard, func(line string) bool { see(line); return false })
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	out.Flush()
	if err != nil {
		return fmt.Errorf("%s: %w%s", filepath.Base(cmd.Path), err, quote(out.Tail()))
	}
	return nil
}

// run executes a tool and adds its output to the error.
func run(cmd *exec.Cmd) (string, error) {
	out, err := cmd.CombinedOutput()
	if err != nil {
		tail := NewLineWriter(nil, nil)
		_, _ = tail.Write(out)
		tail.Flush()
		return "", fmt.Errorf("%s: %w%s", filepath.Base(cmd.Path), err, quote(tail.Tail()))
	}
	return string(out), nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func sayf(out io.Writer, format string, args ...any) {
	if out != nil {
		_, _ = io.WriteString(out, strings.TrimRight(fmt.Sprintf(format, args...), "\n")+"\n")
	}
}
