package local

import (
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
	line := fmt.Sprintf("%d %d %s\n", pid, int(s.StopSignal), id)
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

// EndLeftover ends the process named in a pid file, with SIGKILL after the grace period, and removes
// the file. Another process that later got the same pid is never touched; a missing or invalid file
// is not an error.
func EndLeftover(pidFile string, grace time.Duration) error {
	line, err := os.ReadFile(pidFile)
	if pidFile == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a pid file: %w", err)
	}
	if pid, sig, id, ok := parsePIDFile(string(line)); ok {
		if err := endProcess(pid, sig, id, grace); err != nil {
			return fmt.Errorf("end what %s remembers: %w", filepath.Base(pidFile), err)
		}
	}
	return removePIDFile(pidFile)
}

func parsePIDFile(line string) (pid int, sig syscall.Signal, id string, ok bool) {
	parts := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if len(parts) != 3 {
		return 0, 0, "", false
	}
	pid, pidErr := strconv.Atoi(parts[0])
	number, sigErr := strconv.Atoi(parts[1])
	return pid, syscall.Signal(number), parts[2], pidErr == nil && sigErr == nil && pid > 1
}

// endProcess ends the process if it still has that identity.
func endProcess(pid int, sig syscall.Signal, id string, grace time.Duration) error {
	same := func() bool {
		now, err := identity(pid)
		return err == nil && now == id
	}
	if !same() {
		return nil
	}
	// Its process group, if it leads one, is ended too.
	defer func() { _ = syscall.Kill(-pid, syscall.SIGKILL) }()
	_ = syscall.Kill(pid, sig)
	if poll(grace, func() bool { return !same() }) {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill process %d: %w", pid, err)
	}
	if !poll(5*time.Second, func() bool { return !same() }) {
		return fmt.Errorf("process %d survives SIGKILL", pid)
	}
	return nil
}

// poll checks every 20 ms until the condition holds or the timeout. Processes that are not children
// can only be watched this way.
func poll(limit time.Duration, done func() bool) bool {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(limit); !done(); <-ticker.C {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
