package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	stopGrace    = 10 * time.Second
	passwordFile = "lyo.password"
)

// cluster is a Postgres data folder and the account that uses it.
type cluster struct {
	binDir, dir string
	account     *Account
}

// spec returns how to run one of Postgres's programs as the account.
func (c cluster) spec(name string, args []string) Spec {
	return Spec{
		Name: name, Path: filepath.Join(c.binDir, name), Args: args, Account: c.account,
		Dir: "/", Env: c.environ(),
	}
}

// environ returns the environment without PG* variables, which would change settings.
func (c cluster) environ() []string {
	env := []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	if libraries := LibraryPath(c.binDir); libraries != "" {
		env = append(env, "LD_LIBRARY_PATH="+libraries)
	}
	return env
}

// prepare creates the cluster if it is missing and cleans up after a crash.
func (c cluster) prepare(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(c.dir, "PG_VERSION")); err == nil {
		return c.clearStalePID(ctx)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look at Postgres's data (does it belong to another user?): %w", err)
	}
	// A folder without PG_VERSION is replaced only if it is empty.
	if err := os.Remove(c.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds something that is not Postgres's data: %w", c.dir, err)
	}
	return c.create(ctx)
}

// create creates the cluster beside its place and renames it, so that an interrupted creation is never
// taken for a complete cluster.
func (c cluster) create(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(c.dir), 0o755); err != nil {
		return fmt.Errorf("make the folder for Postgres's data: %w", err)
	}
	draft := cluster{binDir: c.binDir, dir: c.dir + ".new", account: c.account}
	var err error
	// Few systems lack C.UTF-8; all have C.
	for _, locale := range []string{"C.UTF-8", "C"} {
		if err = draft.initdb(ctx, locale); err == nil {
			break
		}
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(draft.dir))
	}
	if err := os.Rename(draft.dir, c.dir); err != nil {
		return fmt.Errorf("put Postgres's data in place: %w", err)
	}
	return nil
}

func (c cluster) initdb(ctx context.Context, locale string) error {
	secret := c.dir + ".password"
	defer func() { _ = os.Remove(secret) }()
	if err := c.handOver(secret); err != nil {
		return err
	}
	p, err := Start(c.spec("initdb", []string{
		"-D", c.dir, "-U", superuser, "--pwfile", secret, "-A", "scram-sha-256",
		"-E", "UTF8", "--locale", locale, "--no-sync",
	}))
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.Stop(ctx))
	}
	if p.Wait() != nil {
		return p.unexpected()
	}
	return os.Rename(secret, filepath.Join(c.dir, passwordFile))
}

// handOver creates an empty folder and a file with a new password, both owned by the account.
func (c cluster) handOver(secret string) error {
	if err := os.RemoveAll(c.dir); err != nil {
		return fmt.Errorf("remove a torn-off initdb: %w", err)
	}
	if err := os.Mkdir(c.dir, 0o700); err != nil {
		return fmt.Errorf("make Postgres's data folder: %w", err)
	}
	if err := os.WriteFile(secret, []byte(rand.Text()+"\n"), 0o600); err != nil {
		return fmt.Errorf("write Postgres's password: %w", err)
	}
	return errors.Join(c.account.own(c.dir), c.account.own(secret))
}

func (c cluster) password() (string, error) {
	text, err := os.ReadFile(filepath.Join(c.dir, passwordFile))
	if err != nil {
		return "", fmt.Errorf("read Postgres's password: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// clearStalePID ends a server that still uses this folder, and removes a postmaster.pid whose pid now belongs
// to another program, or to the server of the folder from which this one was copied: Postgres would take
// that for a running server and refuse to start.
func (c cluster) clearStalePID(ctx context.Context) error {
	file := filepath.Join(c.dir, "postmaster.pid")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read postmaster.pid: %w", err)
	}
	lines := strings.Split(string(text), "\n") // the pid, the folder of the data, and more
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err == nil && len(lines) > 1 && sameFolder(lines[1], c.dir) && isPostmaster(pid, c.dir) {
		if id, err := identity(pid); err == nil {
			return leftover{pid: pid, sig: syscall.SIGINT, id: id}.end(ctx, stopGrace)
		}
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a stale postmaster.pid: %w", err)
	}
	return nil
}

func sameFolder(a, b string) bool {
	first, errA := os.Stat(a)
	second, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(first, second)
}
