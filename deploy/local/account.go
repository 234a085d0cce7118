package local

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Account is the system user a server runs as.
type Account struct {
	UID, GID uint32
}

func (a *Account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.UID, Gid: a.GID}
}

func (a *Account) own(path string) error {
	if a == nil {
		return nil
	}
	if err := os.Chown(path, int(a.UID), int(a.GID)); err != nil {
		return fmt.Errorf("hand %s to the server's user: %w", path, err)
	}
	return nil
}

// serverAccount returns nil for a normal user. For root, which Postgres rejects, it returns the owner
// of existing data, else the user postgres, else the user nobody.
func serverAccount(dataDir string) (*Account, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // no account means this process's own
	}
	if a := ownerOf(dataDir); a != nil && a.UID != 0 {
		return a, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return parseAccount(u)
		}
	}
	return nil, errors.New("Postgres does not run as root, and neither user postgres nor nobody exists: run as a normal user")
}

func parseAccount(u *user.User) (*Account, error) {
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("read the ids of user %s: %w", u.Username, err)
	}
	return &Account{UID: uint32(uid), GID: uint32(gid)}, nil
}

func ownerOf(path string) *Account {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return &Account{UID: stat.Uid, GID: stat.Gid}
}

// reaches reports whether the account may traverse every existing folder on the way to path.
func (a *Account) reaches(path string) bool {
	if a == nil {
		return true
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && !a.enters(info) {
			return false
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (a *Account) enters(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode().Perm()
	switch {
	case !ok:
		return false
	case stat.Uid == a.UID:
		return mode&0o100 != 0
	case stat.Gid == a.GID:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}

// reachable returns path, or a folder under /var/lib/lyo if the account cannot reach path. Each
// parent folder of path has its own.
func (a *Account) reachable(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("make %s absolute: %w", path, err)
	}
	if a.reaches(absolute) {
		return absolute, nil
	}
	sum := sha256.Sum256([]byte(filepath.Dir(absolute)))
	return filepath.Join("/var/lib/lyo", fmt.Sprintf("%x", sum[:6]), filepath.Base(absolute)), nil
}
