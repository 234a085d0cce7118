package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/lyoapp/lyo/deploy/local"
)

// memory is where Linux keeps files in memory. Each test has a database of about a thousand
// files, which a disk takes several times as long to make and delete.
const memory = "/dev/shm"

// room is how many bytes must be free there: a run of all tests uses less than half.
const room = 2 << 30

// places is how many runs at once have their data in memory.
const places = 8

// placeData makes the folder of the data: below root, where that is in memory and has room, else a temporary one. A
// place in memory is locked, so that the next run to take it deletes what a killed one left there.
func (e *env) placeData(root string, room uint64) (err error) {
	for n := 0; n < places && e.lock == nil && roomy(root, room); n++ {
		place := filepath.Join(root, fmt.Sprintf("lyo-test-%d-%d", os.Getuid(), n))
		if e.lock, err = local.Lock(filepath.Join(place, "lock")); err != nil {
			continue // another run has it
		}
		e.dir = filepath.Join(place, "data")
		err = errors.Join(os.RemoveAll(e.dir), os.Mkdir(e.dir, 0o700))
	}
	if e.lock == nil {
		e.dir, err = os.MkdirTemp("", "lyo-test-")
	}
	if err != nil {
		return fmt.Errorf("make a folder for the data: %w", err)
	}
	// Postgres may run as another user, who has to traverse it.
	if err := os.Chmod(e.dir, 0o711); err != nil {
		return fmt.Errorf("open the folder for the data: %w", err)
	}
	return nil
}

// roomy reports whether a folder is there and has room.
func roomy(dir string, room uint64) bool {
	var at syscall.Statfs_t
	if err := syscall.Statfs(dir, &at); err != nil {
		return false
	}
	return at.Bavail*uint64(at.Bsize) >= room
}
