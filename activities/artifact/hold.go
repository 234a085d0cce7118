package artifact

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// hold takes the lock, across all processes, for writing the entry's file. A call that must wait
// reports it. The lock file stays: if it were removed, two calls could lock it.
func (s *Store) hold(ctx context.Context, e Entry) (release func(), err error) {
	if err := os.MkdirAll(s.o.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("making the directory for models: %w", err)
	}
	lock := flock.New(filepath.Join(s.o.Dir, e.SHA256+".lock"))
	got, err := lock.TryLock()
	if err == nil && !got {
		s.sayf("another process is fetching %s; waiting for it", e.Name)
		got, err = lock.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", e.Name, err)
	}
	if !got {
		return nil, fmt.Errorf("locking %s: not granted", e.Name)
	}
	return func() { _ = lock.Close() }, nil
}
