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
	"strings"

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

// Up applies what is missing, one process at a time: others wait for its
// lock. Each migration is one transaction, so a crash leaves a whole version; one that
// says NO TRANSACTION can be repeated.
func Up(ctx context.Context, url string) ([]Result, error) {
	said := notices{}
	db, provider, err := open(url, said)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	done, err := provider.Up(ctx)
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
	db, provider, err := open(url, notices{})
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

func open(url string, said notices) (*sql.DB, *goose.Provider, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, nil, fmt.Errorf("open postgres: %w", err)
	}
	cfg.OnNotice = said.take
	db := sql.OpenDB(store.Connector(cfg))
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(&transactionLock{db: db}), goose.WithGoMigrations(namesMigration()))
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
