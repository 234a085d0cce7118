package llama

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxUnpacked bounds the archive and its contents, in bytes; the real ones have 11 and 29
// MB.
const maxUnpacked = 200 << 20

// unpack writes the shared libraries of one folder of an npm archive into dest, without
// the folder. The whole archive is checked: a name that leads outside, or anything but
// files and folders, is an error.
//
//nolint:gosec // the directory comes from the operator
func unpack(archive, folder, dest string) error {
	file, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer func() { _ = file.Close() }()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	root, err := os.OpenRoot(dest)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer func() { _ = root.Close() }()
	u := unpacker{tar.NewReader(zipped), root, folder, maxUnpacked}
	for err == nil {
		err = u.next()
	}
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("unpack: %w", err)
	}
	return nil
}

type unpacker struct {
	in     *tar.Reader
	root   *os.Root // nothing can be written outside
	folder string
	left   int64 // remaining bytes allowed
}

// next unpacks one entry; io.EOF means that there is none.
func (u *unpacker) next() error {
	head, err := u.in.Next()
	if err != nil {
		return err
	}
	name := filepath.FromSlash(head.Name)
	switch {
	case !filepath.IsLocal(name):
		return fmt.Errorf("the package holds a name that leads out: %q", head.Name)
	case head.Typeflag == tar.TypeDir:
		return nil
	case head.Typeflag != tar.TypeReg:
		return fmt.Errorf("the package holds something that is no file: %q", head.Name)
	}
	if u.left -= head.Size; u.left < 0 {
		return fmt.Errorf("the package holds more than %d MB", maxUnpacked>>20)
	}
	if path.Dir(head.Name) != u.folder || !isLibrary(head.Name) {
		return nil
	}
	return u.write(path.Base(head.Name), head.Size)
}

func isLibrary(name string) bool {
	return strings.HasSuffix(name, ".so") || strings.HasSuffix(name, ".dylib")
}

func (u *unpacker) write(name string, size int64) error {
	out, err := u.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.CopyN(out, u.in, size)
	if closed := out.Close(); err == nil {
		err = closed
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
