package artifact_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/artifact"
)

// item is one entry of an archive.
type item struct {
	name, body, link string
	kind             byte // of tar
	mode             int64
}

func file(name, body string) item {
	return item{name: name, body: body, kind: tar.TypeReg, mode: 0o644}
}

func symlink(name, to string) item {
	return item{name: name, link: to, kind: tar.TypeSymlink, mode: 0o777}
}

func special(name string, k byte) item {
	return item{name: name, kind: k, link: "etc/passwd", mode: 0o644}
}

func tarOf(t *testing.T, items []item) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, i := range items {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: i.name, Typeflag: i.kind, Linkname: i.link, Size: int64(len(i.body)), Mode: i.mode}))
		_, err := w.Write([]byte(i.body))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	return save(t, "a.tar.gz", b.Bytes())
}

func zipOf(t *testing.T, items []item) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, i := range items {
		h := &zip.FileHeader{Name: i.name, Method: zip.Deflate}
		mode, body := fs.FileMode(i.mode), i.body
		switch i.kind {
		case tar.TypeSymlink:
			mode, body = mode|fs.ModeSymlink, i.link
		case tar.TypeChar:
			mode |= fs.ModeDevice | fs.ModeCharDevice
		case tar.TypeFifo:
			mode |= fs.ModeNamedPipe
		}
		h.SetMode(mode)
		f, err := w.CreateHeader(h)
		require.NoError(t, err)
		_, err = f.Write([]byte(body))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return save(t, "a.zip", b.Bytes())
}

func save(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

var makers = map[string]func(*testing.T, []item) string{"tar": tarOf, "zip": zipOf}

func TestUnpacks(t *testing.T) {
	t.Parallel()
	for kind, pack := range makers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			run := file("bin/run", "#!")
			run.mode = 0o4755
			archive := pack(t, []item{
				symlink("lib/libx.so", "libx.so.1"), file("lib/libx.so.1", "elf"), run,
				symlink("current", "./lib"), symlink("lib/up", "../bin"),
			})
			dir := filepath.Join(t.TempDir(), "to", "here")
			require.NoError(t, artifact.Unpack(long(t), archive, dir, artifact.Limits{}))
			requireFile(t, filepath.Join(dir, "current", "libx.so"), []byte("elf"))
			requireFile(t, filepath.Join(dir, "lib", "up", "run"), []byte("#!"))
			info, err := os.Stat(filepath.Join(dir, "bin", "run"))
			require.NoError(t, err)
			require.Equal(t, fs.FileMode(0o755), info.Mode(), "executable, and nothing more")
			require.ErrorIs(t, artifact.Unpack(long(t), archive, dir, artifact.Limits{}), fs.ErrExist)
		})
	}
}

func TestArchivesThatAreRefused(t *testing.T) {
	t.Parallel()
	small := artifact.Limits{Files: 3, File: 100, Total: 150}
	attacks := map[string][]item{
		"absolute":                     {file("/etc/passwd", "x")},
		"dot dot":                      {file("../x", "x")},
		"dot dot inside":               {file("a/../../x", "x")},
		"backslash":                    {file(`..\x`, "x")},
		"link out":                     {symlink("l", "../..")},
		"absolute link":                {symlink("l", "/etc")},
		"a file through a link":        {symlink("l", ".."), file("l/x", "x")},
		"a link through a link":        {symlink("a", "."), symlink("a/b", "../.."), file("c", "")},
		"a way out hidden by cleaning": {symlink("a", "."), symlink("b", "a/../.."), file("c", "")},
		"link to nowhere":              {symlink("l", "none")},
		"links in a circle":            {symlink("l", "m"), symlink("m", "l")},
		"a device":                     {special("d", tar.TypeChar)},
		"a pipe":                       {special("p", tar.TypeFifo)},
		"a hard link":                  {file("f", "x"), special("h", tar.TypeLink)},
		"twice":                        {file("f", "x"), file("./f", "y")},
		"a file and then a link":       {file("f", "x"), symlink("f", "f")},
		"too many":                     {file("1", ""), file("2", ""), file("3", ""), file("4", "")},
		"too large a file":             {file("f", string(make([]byte, 101)))},
		"too much together":            {file("1", string(make([]byte, 99))), file("2", string(make([]byte, 99)))},
	}
	for name, items := range attacks {
		for kind, pack := range makers {
			if kind == "zip" && name == "a hard link" {
				continue // zip has none
			}
			t.Run(name+" in "+kind, func(t *testing.T) {
				t.Parallel()
				top := t.TempDir()
				parent := filepath.Join(top, "sub")
				require.NoError(t, os.Mkdir(parent, 0o700))
				err := artifact.Unpack(long(t), pack(t, items), filepath.Join(parent, "here"), small)
				require.Error(t, err)
				var refused *artifact.ArchiveError
				if name != "a file through a link" { // the link itself is refused there, or the name taken
					require.ErrorAs(t, err, &refused)
				}
				requireOnly(t, parent)
				requireOnly(t, top, "sub")
			})
		}
	}
}

func TestDamagedArchives(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(tarOf(t, []item{file("f", string(content(5000)))}))
	require.NoError(t, err)
	for name, content := range map[string][]byte{"cut.tar.gz": data[:len(data)/2], "no.zip": data, "no.tar.gz": []byte("x"), "x.rar": data} {
		dir := filepath.Join(t.TempDir(), "here")
		require.Error(t, artifact.Unpack(long(t), save(t, name, content), dir, artifact.Limits{}))
		require.NoDirExists(t, dir)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	good := save(t, "good.tgz", data)
	require.ErrorIs(t, artifact.Unpack(ctx, good, filepath.Join(t.TempDir(), "x"), artifact.Limits{}), context.Canceled)
}
