package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const superuser = "postgres"

// PostgresOptions configures a Postgres server.
type PostgresOptions struct {
	BinDir  string // from FindPostgres
	DataDir string // created by initdb if missing
	Port    int    // 0: a free one
	// Durable keeps commits across a power failure. Without it a crash of the machine (not of the
	// server) can lose the data, and commits are much faster.
	Durable bool
	PIDFile string    // none when empty
	Out     io.Writer // fatal log lines and notes
}

// Postgres is a running server. It listens on 127.0.0.1 only, without a Unix socket,
// and requires a password which is stored in the data folder.
type Postgres struct {
	*Process
	dataDir, password string
	port              int
}

// StartPostgres starts a server and returns when it accepts connections. ctx bounds
// the start only. Root's servers run as the owner of existing data, otherwise as user
// postgres or nobody; when that user cannot reach DataDir, the data goes to
// /var/lib/lyo/<hash> instead, which is reported on Out. A postmaster.pid left by a
// killed server is removed.
func StartPostgres(ctx context.Context, o PostgresOptions) (*Postgres, error) {
	account, dataDir, err := placeData(o)
	if err != nil {
		return nil, err
	}
	if err := EndLeftover(ctx, o.PIDFile, stopGrace); err != nil {
		return nil, err
	}
	c := cluster{binDir: o.BinDir, dir: dataDir, account: account}
	if err := c.prepare(ctx); err != nil {
		return nil, err
	}
	password, err := c.password()
	if err != nil {
		return nil, err
	}
	return startOnPort(o.Port, func(port int) (*Postgres, error) {
		pg := &Postgres{dataDir: dataDir, password: password, port: port}
		pg.Process, err = startReady(ctx, c.server(o, port), pg.ping)
		if err != nil {
			return nil, err
		}
		return pg, nil
	})
}

// placeData chooses the account of the server and the folder of the data.
func placeData(o PostgresOptions) (*Account, string, error) {
	account, err := serverAccount(o.DataDir)
	if err != nil {
		return nil, "", err
	}
	dir, err := account.reachable(o.DataDir)
	if err != nil {
		return nil, "", err
	}
	if wanted, _ := filepath.Abs(o.DataDir); dir != wanted {
		sayf(o.Out, "Postgres runs as a user who cannot reach %s: its data is in %s", wanted, dir)
		// Existing data in that folder has an owner too.
		account, err = serverAccount(dir)
	}
	return account, dir, err
}

func (c cluster) server(o PostgresOptions, port int) Spec {
	settings := []string{
		"listen_addresses=" + loopback, "port=" + strconv.Itoa(port), "unix_socket_directories=",
		"max_connections=200", "log_min_messages=log", "log_checkpoints=off", "logging_collector=off",
	}
	if !o.Durable {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	args := []string{"-D", c.dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	s := c.spec("postgres", args)
	s.Out, s.Show, s.PIDFile = o.Out, worthShowing, o.PIDFile
	// SIGINT is the fast shutdown: sessions are ended, nothing is lost.
	s.StopSignal, s.DeathSignal, s.Grace = syscall.SIGINT, syscall.SIGINT, stopGrace
	return s
}

// worthShowing reports whether a line is a fatal error, except those usual at start and stop.
func worthShowing(line string) bool {
	return (strings.Contains(line, "FATAL:") || strings.Contains(line, "PANIC:")) &&
		!strings.Contains(line, "terminating connection") && !strings.Contains(line, "the database system is")
}

func (pg *Postgres) ping(ctx context.Context, _ *Process) error {
	conn, err := pgx.Connect(ctx, pg.URL("postgres"))
	if err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	return conn.Close(ctx)
}

// URL returns the superuser's connection string for a database of this server.
func (pg *Postgres) URL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, pg.password),
		Host: address(pg.port), Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Port returns the TCP port on 127.0.0.1.
func (pg *Postgres) Port() int { return pg.port }

// DataDir returns the folder in use.
func (pg *Postgres) DataDir() string { return pg.dataDir }

// CreateDatabase creates a database unless it exists.
func (pg *Postgres) CreateDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, pg.URL("postgres"))
	if err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	const duplicateDatabase = "42P04"
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == duplicateDatabase {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// Erase stops the server if it runs and deletes its data. It is for temporary servers.
func (pg *Postgres) Erase(ctx context.Context) error {
	err := pg.Stop(ctx)
	return errors.Join(err, os.RemoveAll(pg.dataDir))
}
