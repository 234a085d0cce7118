package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Limits bound the content of an archive. A zero is the default beside it.
type Limits struct {
	Files int   // 10 000 files, directories and links
	File  int64 // 4 GiB a file, unpacked
	Total int64 // 8 GiB together, unpacked
}

func (l Limits) withDefaults() Limits {
	if l.Files <= 0 {
		l.Files = 10_000
	}
	if l.File <= 0 {
		l.File = 4 << 30
	}
	if l.Total <= 0 {
		l.Total = 8 << 30
	}
	return l
}

// ArchiveError refuses an archive for its content. Nothing of it is left on disk.
type ArchiveError struct{ Name, Why string }

// Error implements error.
func (e *ArchiveError) Error() string {
	return fmt.Sprintf("the archive is refused: %q %s", e.Name, e.Why)
}

// Unpack writes the content of a .tar.gz, .tgz or .zip file to dir, which must not exist: wholly,
// or not at all. Refused are names that are absolute or lead out of dir, links that lead out or
// nowhere, hard links, devices, repeated names, and more than the limits allow.
func Unpack(ctx context.Context, archive, dir string, l Limits) error {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("unpacking into %s: %w", dir, fs.ErrExist)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	defer os.RemoveAll(temp) // after the rename there is nothing left to remove
	if err := unpackInto(ctx, archive, temp, l.withDefaults()); err != nil {
		return fmt.Errorf("unpacking %s: %w", filepath.Base(archive), err)
	}
	if err := os.Rename(temp, dir); err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	return syncDir(filepath.Dir(dir))
}

func unpackInto(ctx context.Context, archive, dir string, l Limits) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	u := &unpacker{ctx: ctx, root: root, left: l, seen: map[string]bool{}}
	switch {
	case strings.HasSuffix(archive, ".tar.gz"), strings.HasSuffix(archive, ".tgz"):
		err = u.tarGz(archive)
	case strings.HasSuffix(archive, ".zip"):
		err = u.zip(archive)
	default:
		err = errors.New("known are .tar.gz, .tgz and .zip")
	}
	if err != nil {
		return err
	}
	if err := u.makeLinks(); err != nil {
		return err
	}
	return root.Chmod(".", 0o755)
}

// unpacker writes through an os.Root, which refuses to leave its directory whatever a name is;
// the checks before it give better reasons and refuse what the root would allow.
type unpacker struct {
	ctx   context.Context
	root  *os.Root
	left  Limits
	seen  map[string]bool
	links []link
}

type link struct{ name, target string }

// admit checks a name and counts it.
func (u *unpacker) admit(name string) (string, error) {
	if err := u.ctx.Err(); err != nil {
		return "", err
	}
	if strings.ContainsAny(name, "\\\x00") || path.IsAbs(name) || !filepath.IsLocal(name) {
		return "", &ArchiveError{name, "leads out of the directory"}
	}
	clean := path.Clean(name)
	if u.left.Files--; u.left.Files < 0 {
		return "", &ArchiveError{name, "is one file too many"}
	}
	return clean, nil
}

func (u *unpacker) dir(name string) error {
	return u.root.MkdirAll(name, 0o755)
}

// file copies at most what the limits allow, whatever size the archive declares.
func (u *unpacker) file(name string, executable bool, from io.Reader) error {
	if u.seen[name] {
		return &ArchiveError{name, "comes twice"}
	}
	u.seen[name] = true
	if err := u.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if executable {
		mode = 0o755
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer f.Close()
	limit := min(u.left.File, u.left.Total)
	n, err := io.Copy(f, io.LimitReader(cancellable{u.ctx, from}, limit+1))
	if err != nil {
		return err
	}
	if u.left.Total -= n; n > limit {
		return &ArchiveError{name, "is larger than allowed"}
	}
	return f.Close()
}

// link queues a link, which is created after all files, so that no file is written through one.
func (u *unpacker) link(name, target string) error {
	if u.seen[name] {
		return &ArchiveError{name, "comes twice"}
	}
	u.seen[name] = true
	if path.IsAbs(target) || strings.ContainsAny(target, "\\\x00") {
		return &ArchiveError{name, "links out of the directory"}
	}
	u.links = append(u.links, link{name, target})
	return nil
}

// makeLinks creates all links and then follows each: the root refuses one that leads out, through
// any number of links.
func (u *unpacker) makeLinks() error {
	for _, l := range u.links {
		if err := u.root.MkdirAll(path.Dir(l.name), 0o755); err != nil {
			return &ArchiveError{l.name, "has no directory to stand in"}
		}
		if err := u.root.Symlink(l.target, l.name); err != nil {
			return fmt.Errorf("linking %q: %w", l.name, err)
		}
	}
	for _, l := range u.links {
		if _, err := u.root.Stat(l.name); err != nil {
			return &ArchiveError{l.name, "links out of the directory, or nowhere"}
		}
	}
	return nil
}

// cancellable ends a copy with its context.
type cancellable struct {
	ctx  context.Context
	from io.Reader
}

// Read implements io.Reader.
func (c cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.from.Read(p)
}
