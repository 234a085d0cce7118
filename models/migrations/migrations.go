// Package migrations brings the schema to the version this binary expects.
package migrations

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"

	"github.com/lyoapp/lyo/models/store"
)

//go:embed *.sql
var files embed.FS

// Result is one migration that ran.
type Result struct {
	Version int64
	Source  string
	Notices []string // what it says of the rows it changed, in words for the operator
}

// Released is the newest version of the schema that was released. Later migrations run beside a version of Lyo that is
// at work: none may keep it waiting for longer than a second, by the rules in docs/operate/versions.md.
const Released = 24

// Set are migrations, as SQL and in Go.
type Set struct {
	Files fs.FS
	Go    []*goose.Migration
}

// Own returns the migrations of this binary.
func Own() Set { return Set{files, []*goose.Migration{namesMigration()}} }

// Up applies what is missing, one process at a time: others wait for its
// lock. Each migration is one transaction, so a crash leaves a whole version; one that
// says NO TRANSACTION can be repeated.
func Up(ctx context.Context, url string) ([]Result, error) {
	return Own().UpTo(ctx, url, math.MaxInt64)
}

// How often a migration is tried that could not have a lock within its lock_timeout, and the pause in between, in
// which the statements that queued behind it are done.
const (
	lockTries = 120
	lockPause = 500 * time.Millisecond

	lockNotAvailable = "55P03" // Postgres's code
)

// UpTo is Up of these migrations, up to a version. One that could not have a lock is tried again, for about a minute.
func (s Set) UpTo(ctx context.Context, url string, version int64) (all []Result, err error) {
	for range lockTries {
		done, err := s.upOnce(ctx, url, version)
		all = append(all, done...)
		if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != lockNotAvailable {
			return all, err
		}
		select {
		case <-ctx.Done():
			return all, ctx.Err()
		case <-time.After(lockPause):
		}
	}
	return all, errBusy
}

var errBusy = errors.New("migrate: a lock could not be had, since other transactions last too long: look for them in pg_stat_activity, and run it again")

func (s Set) upOnce(ctx context.Context, url string, version int64) ([]Result, error) {
	said := notices{}
	db, provider, err := s.open(url, said)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	done, err := provider.UpTo(ctx, version)
	if partly, ok := errors.AsType[*goose.PartialError](err); ok {
		done = partly.Applied
	}
	results := make([]Result, 0, len(done))
	for _, d := range done {
		path := cmp.Or(d.Source.Path, namesSource)
		results = append(results, Result{d.Source.Version, path, said[path]})
	}
	if err != nil {
		return results, fmt.Errorf("migrate: %w", err)
	}
	return results, nil
}

// Down takes back the newest migration. It loses data: only tests, which show
// that a migration can be taken back, call it.
func Down(ctx context.Context, url string) error {
	db, provider, err := Own().open(url, notices{})
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = provider.Down(ctx)
	return err
}

// ErrBehind means that the schema is older than this binary.
var ErrBehind = errors.New("the schema is behind this binary: run lyo migrate")

// Check returns ErrBehind unless the schema is at this binary's version or later.
func Check(ctx context.Context, db *sql.DB) error {
	newest, err := Newest()
	if err != nil {
		return err
	}
	var have int64
	row := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`)
	if err := row.Scan(&have); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if have < newest {
		return ErrBehind
	}
	return nil
}

// Newest returns the version of the last migration in this binary.
func Newest() (int64, error) {
	all, err := files.ReadDir(".")
	if err != nil {
		return 0, err
	}
	newest := int64(namesVersion)
	for _, f := range all {
		v, err := goose.NumericComponent(f.Name())
		if err != nil {
			return 0, err
		}
		newest = max(newest, v)
	}
	return newest, nil
}

// notices are what migrations say by RAISE NOTICE with their file's name as the detail, by file. Migrations
// run one after the other on one connection, so there is one writer.
type notices map[string][]string

func (n notices) take(_ *pgconn.PgConn, notice *pgconn.Notice) {
	if notice.Detail != "" {
		n[notice.Detail] = append(n[notice.Detail], notice.Message)
	}
}

func (s Set) open(url string, said notices) (*sql.DB, *goose.Provider, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, nil, fmt.Errorf("open postgres: %w", err)
	}
	cfg.OnNotice = said.take
	db := sql.OpenDB(store.Connector(cfg))
	provider, err := goose.NewProvider(goose.DialectPostgres, db, s.Files, goose.WithSessionLocker(&transactionLock{db: db}), goose.WithGoMigrations(s.Go...))
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, provider, nil
}

// Text returns all migrations in order, so that a cache can notice when the schema changed.
func Text() (string, error) {
	var all strings.Builder
	for _, from := range []embed.FS{files, namesFiles} {
		err := fs.WalkDir(from, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := from.ReadFile(path)
			fmt.Fprintf(&all, "%s\n%s", path, content)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return all.String(), nil
}
