package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// LockedError means that another process holds the lock.
type LockedError struct {
	Path string
	PID  string // of the holder, as it wrote it; may be empty
}

// Error names the lock and its holder.
func (e *LockedError) Error() string {
	return fmt.Sprintf("%s is held by process %s", e.Path, e.PID)
}

// Lock acquires a file lock, which ends with this process at the latest. It creates the folder if
// needed and writes the pid into the file. The error is a *LockedError if another process holds the
// lock. Close the result to release it.
func Lock(path string) (io.Closer, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the lock: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(lockError(file, err), file.Close())
	}
	if err := writePID(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func lockError(file *os.File, err error) error {
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	holder, _ := io.ReadAll(io.LimitReader(file, 32))
	return &LockedError{Path: file.Name(), PID: strings.TrimSpace(string(holder))}
}

func writePID(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("write the lock: %w", err)
	}
	if _, err := fmt.Fprintln(file, os.Getpid()); err != nil {
		return fmt.Errorf("write the lock: %w", err)
	}
	return nil
}
