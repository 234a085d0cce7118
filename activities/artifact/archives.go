package artifact

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

func (u *unpacker) tarGz(archive string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("reading the archive: %w", err)
	}
	r := tar.NewReader(unzipped)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			// The rest after the archive's end is read for the checksum of the whole.
			_, err = io.Copy(io.Discard, io.LimitReader(cancellable{u.ctx, unzipped}, 1<<20))
			return err
		}
		if err != nil {
			return fmt.Errorf("reading the archive: %w", err)
		}
		if err := u.tarEntry(h, r); err != nil {
			return err
		}
	}
}

func (u *unpacker) tarEntry(h *tar.Header, r io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil // metadata, not a file
	}
	name, err := u.admit(h.Name)
	if err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return u.dir(name)
	case tar.TypeReg:
		return u.file(name, h.Mode&0o100 != 0, r)
	case tar.TypeSymlink:
		return u.link(name, h.Linkname)
	default:
		return &ArchiveError{h.Name, "is neither file, directory nor symbolic link"}
	}
}

func (u *unpacker) zip(archive string) error {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("reading the archive: %w", err)
	}
	defer r.Close()
	for _, f := range r.File {
		if err := u.zipEntry(f); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) zipEntry(f *zip.File) error {
	name, err := u.admit(f.Name)
	if err != nil {
		return err
	}
	if f.Mode().IsDir() {
		return u.dir(name)
	}
	in, err := f.Open()
	if err != nil {
		return fmt.Errorf("reading %q: %w", f.Name, err)
	}
	defer in.Close()
	switch f.Mode().Type() {
	case 0:
		return u.file(name, f.Mode()&0o100 != 0, in)
	case fs.ModeSymlink:
		target, err := io.ReadAll(io.LimitReader(in, 4096))
		if err != nil {
			return fmt.Errorf("reading %q: %w", f.Name, err)
		}
		return u.link(name, string(target))
	default:
		return &ArchiveError{f.Name, "is neither file, directory nor symbolic link"}
	}
}
