package local

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeSystem is a folder that stands for the whole machine.
type fakeSystem struct {
	root string
	env  map[string]string
}

func newFakeSystem(t *testing.T) fakeSystem {
	t.Helper()
	return fakeSystem{root: roomFor(t), env: map[string]string{}}
}

func (s fakeSystem) program(t *testing.T, path, script string) {
	t.Helper()
	path = filepath.Join(s.root, path)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

func (s fakeSystem) postgres(t *testing.T, dir string) {
	t.Helper()
	s.program(t, dir+"/postgres", "")
	s.program(t, dir+"/initdb", "")
}

func (s fakeSystem) finder() Finder {
	return Finder{
		StateDir: s.root + "/state", root: s.root, Offline: true, Out: io.Discard,
		Getenv: func(name string) string { return strings.ReplaceAll(s.env[name], "{root}", s.root) },
	}
}

func TestFindPostgresOrder(t *testing.T) {
	t.Parallel()
	system := newFakeSystem(t)
	// From the lowest priority to the highest: each added one is found.
	for _, step := range []struct{ name, bin string }{
		{"npm's", "/state/npm/postgres/native/bin"},
		{"Debian's, fetched", "/state/debs/postgres/usr/lib/postgresql/15/bin"},
		{"Homebrew's", "/opt/homebrew/opt/postgresql@16/bin"},
		{"Debian's, old", "/usr/lib/postgresql/9.6/bin"},
		{"Debian's, newer", "/usr/lib/postgresql/16/bin"},
		{"on PATH", "/bin"},
		{"named", "/named"},
	} {
		system.postgres(t, step.bin)
		system.env["PATH"] = map[bool]string{true: "{root}/bin"}[step.bin == "/bin" || step.bin == "/named"]
		system.env["PG_BIN"] = map[bool]string{true: "{root}/named"}[step.bin == "/named"]
		found, err := FindPostgres(context.Background(), system.finder())
		require.NoError(t, err, step.name)
		require.Equal(t, system.root+step.bin, found, step.name)
	}
}

func TestFindPostgresFollowsLinksToInitdb(t *testing.T) {
	t.Parallel()
	system := newFakeSystem(t)
	system.postgres(t, "/elsewhere")
	require.NoError(t, os.Mkdir(system.root+"/bin", 0o755))
	require.NoError(t, os.Symlink(system.root+"/elsewhere/postgres", system.root+"/bin/postgres"))
	system.env["PATH"] = "{root}/bin"
	found, err := FindPostgres(context.Background(), system.finder())
	require.NoError(t, err)
	require.Equal(t, system.root+"/elsewhere", found)
}

func TestFindPostgresSaysAllWays(t *testing.T) {
	t.Parallel()
	system := newFakeSystem(t)
	system.program(t, "/usr/lib/postgresql/15/bin/postgres", "") // without initdb
	_, err := FindPostgres(context.Background(), system.finder())
	require.ErrorIs(t, err, ErrNotFound)
	for _, way := range []string{"PATH", "apt-get", "brew", "PG_BIN", "npm", "DATABASE_URL"} {
		require.ErrorContains(t, err, way)
	}
	system.env["PG_BIN"] = "{root}/nowhere"
	_, err = FindPostgres(context.Background(), system.finder())
	require.ErrorContains(t, err, "PG_BIN")
}

func TestFindRedisOrder(t *testing.T) {
	t.Parallel()
	system := newFakeSystem(t)
	find := func() (string, error) { return FindRedis(context.Background(), system.finder()) }
	_, err := find()
	require.ErrorIs(t, err, ErrNotFound)
	require.NoFileExists(t, system.root+"/state/debs/redis-server.failed", "nothing was tried")

	system.env["PATH"] = "{root}/bin"
	for _, program := range []string{"/state/debs/redis-server/usr/bin/redis-server", "/bin/valkey-server", "/bin/redis-server"} {
		system.program(t, program, "")
		found, err := find()
		require.NoError(t, err)
		require.Equal(t, system.root+program, found)
	}
	system.env["REDIS_SERVER"] = "none"
	_, err = find()
	require.ErrorIs(t, err, ErrNotFound)
	system.env["REDIS_SERVER"] = "{root}/nowhere"
	_, err = find()
	require.ErrorContains(t, err, "REDIS_SERVER")
}

func TestAFailedFetchOfRedisIsNotRepeatedAtOnce(t *testing.T) {
	t.Parallel()
	system := newFakeSystem(t)
	system.env["PATH"] = "{root}/bin"
	system.program(t, "/bin/dpkg-deb", "")
	system.program(t, "/bin/apt-get", "echo tried >>"+system.root+"/tries; exit 100")
	f := system.finder()
	f.Offline = false
	for range 3 {
		_, err := FindRedis(context.Background(), f)
		require.ErrorIs(t, err, ErrNotFound)
	}
	tries, err := os.ReadFile(system.root + "/tries")
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(tries), "tried"), "with the system's lists and with fresh ones, once")
}

func TestFindTemporalOrder(t *testing.T) {
	t.Parallel()
	system := newFakeSystem(t)
	system.env["PATH"] = "{root}/bin"
	find := func() (string, error) { return FindTemporal(context.Background(), system.finder()) }
	system.program(t, "/bin/temporal", "echo temporal version 1.0.0")
	_, err := find()
	require.ErrorIs(t, err, ErrNotFound, "too old")

	system.program(t, "/bin/temporal", "echo temporal version 1.5.1")
	found, err := find()
	require.NoError(t, err)
	require.Equal(t, system.root+"/bin/temporal", found)

	system.program(t, "/state/bin/temporal", "")
	found, err = find()
	require.NoError(t, err)
	require.Equal(t, system.root+"/state/bin/temporal", found)
}

func TestRecentVersion(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{
		"temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)":     true,
		"temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)": true,
		"temporal version 0.13.2 (Server 1.24.2)":               false,
		"temporal version 1.1.0 (Server 1.25.0)":                true,
		"tctl version 1.18.1":                                   false,
		"":                                                      false,
	} {
		require.Equal(t, want, recentVersion(answer), answer)
	}
}

// TestAnSQLiteThatStaysInterrupted: a server built with it stops answering after one of many
// cancelled queries hit the bug.
func TestAnSQLiteThatStaysInterrupted(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"v1.34.1": true, "v1.42.2": true, "v1.43.0": false, "v1.60.1": false, "v2.0.0": false, "(devel)": false} {
		require.Equal(t, want, interrupts([]*debug.Module{{Path: "modernc.org/libc", Version: "v1.2.3"}, {Path: "modernc.org/sqlite", Version: version}}), version)
	}
	require.False(t, interrupts(nil))
	self, err := os.Executable()
	require.NoError(t, err)
	require.False(t, staysInterrupted(self))
	require.False(t, staysInterrupted("/dev/null"))
}

func TestRestoreLinks(t *testing.T) {
	t.Parallel()
	tree := t.TempDir()
	require.NoError(t, os.MkdirAll(tree+"/native/lib", 0o755))
	write := func(text string) {
		require.NoError(t, os.WriteFile(tree+"/native/pg-symlinks.json", []byte(text), 0o600))
	}
	write(`[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]`)
	require.NoError(t, restoreLinks(tree))
	to, err := os.Readlink(tree + "/native/lib/libpq.so.5")
	require.NoError(t, err)
	require.Equal(t, "libpq.so.5.18", to)
	write(`[{"source":"native/lib/x","target":"../../outside"}]`)
	require.ErrorContains(t, restoreLinks(tree), "outside")
}
