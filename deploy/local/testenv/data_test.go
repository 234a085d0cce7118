package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// place returns an env with its data below a root.
func place(t *testing.T, root string) *env {
	t.Helper()
	e := &env{}
	require.NoError(t, e.placeData(root, 0))
	t.Cleanup(func() { require.NoError(t, e.stop()) })
	return e
}

// TestDataOfAKilledRunIsDeleted has a place of two runs at once, and one of a run that left its data.
func TestDataOfAKilledRunIsDeleted(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	killed, running := place(t, root), place(t, root)
	require.NotEqual(t, killed.dir, running.dir)
	for _, e := range []*env{killed, running} {
		require.NoError(t, os.WriteFile(filepath.Join(e.dir, "rows"), nil, 0o600))
	}
	require.NoError(t, killed.lock.Close())
	next := place(t, root)
	require.Equal(t, killed.dir, next.dir)
	require.NoFileExists(t, filepath.Join(next.dir, "rows"))
	require.FileExists(t, filepath.Join(running.dir, "rows"))
	killed.dir, killed.lock = "", nil
}

// TestDataIsOnDiskWhereMemoryHasNoRoom names a folder that is not there.
func TestDataIsOnDiskWhereMemoryHasNoRoom(t *testing.T) {
	t.Parallel()
	e := place(t, filepath.Join(t.TempDir(), "none"))
	require.Nil(t, e.lock)
	require.DirExists(t, e.dir)
}
