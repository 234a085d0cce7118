package artifact

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/shirou/gopsutil/v4/disk"
)

// spare is what a download leaves free for other programs.
const spare = 64 << 20

// freeBytes returns the space available to an ordinary user on the disk of dir.
func freeBytes(dir string) (uint64, error) {
	usage, err := disk.Usage(dir)
	if err != nil {
		return 0, fmt.Errorf("asking for the free space of %s: %w", dir, err)
	}
	return usage.Free, nil
}

func (s *Store) checkSpace(missing int64) error {
	free, err := s.o.Free(s.o.Dir)
	if err != nil {
		return err
	}
	if need := uint64(missing) + spare; free < need {
		return &SpaceError{Dir: s.o.Dir, Need: need, Free: free}
	}
	return nil
}

// syncDir makes a rename in dir survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("opening %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}

// writeWhole replaces a file's content atomically: readers see the old or the new, never half.
func writeWhole(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("making %s: %w", dir, err)
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // after the rename there is nothing left to remove
	if err := fill(f, data); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return syncDir(dir)
}

func fill(f *os.File, data []byte) error {
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}
