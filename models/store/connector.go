package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Connector returns the connections of a database/sql pool. It differs from the driver's own in three ways:
//
//   - It notices a pooler between here and Postgres, whose connections change between transactions. Then
//     statements are described and not prepared, unless the address says how (default_query_exec_mode).
//   - A read outside a transaction whose connection is lost before its first row, or the beginning of a transaction, is
//     tried again on another connection. Anything else fails, since it may have been done.
//   - When a connection is lost, the others are tested before they are used again.
func Connector(config *pgx.ConnConfig) driver.Connector { return newConnector(config) }

type connector struct {
	inner    driver.Connector
	config   *pgx.ConnConfig
	adapts   bool // the address does not say how statements are run
	pooled   atomic.Bool
	lostAt   atomic.Pointer[time.Time] // when the latest connection was lost
	liveness *liveness                 // nil: not watched
}

func newConnector(config *pgx.ConnConfig) *connector {
	c := &connector{config: config, adapts: !strings.Contains(config.ConnString(), "default_query_exec_mode")}
	c.inner = stdlib.GetConnector(*config, stdlib.OptionBeforeConnect(c.before), stdlib.OptionAfterConnect(c.after), stdlib.OptionShouldPing(c.shouldPing))
	return c
}

// Driver returns the driver.
func (c *connector) Driver() driver.Driver { return c.inner.Driver() }

// Close ends what watches the server. The pool calls it.
func (c *connector) Close() error {
	if c.liveness != nil {
		c.liveness.close()
	}
	return nil
}

// A server that restarts is waited for this long after it dropped a connection.
const (
	restartWithin  = 2 * time.Second
	reconnectEvery = 50 * time.Millisecond
)

// Connect opens a connection. A server that hangs is not waited for.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if c.liveness == nil {
		return c.connect(ctx)
	}
	ctx, done, err := c.liveness.enter(ctx)
	if err != nil {
		return nil, err
	}
	got, err := c.connect(ctx)
	return got, done(err)
}

func (c *connector) connect(ctx context.Context) (driver.Conn, error) {
	for {
		got, err := c.inner.Connect(ctx)
		switch {
		case err == nil:
			return &conn{got.(*stdlib.Conn), c}, nil //nolint:forcetypeassert,errcheck // the type of stdlib's connector
		case errors.Is(err, errPooled):
			continue
		case !c.lostWithin(restartWithin) || !startsSoon(err):
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(reconnectEvery):
		}
	}
}

// startsSoon reports whether nobody listens, or a server is starting or stopping.
func startsSoon(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, "57P0")
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET)
}

func (c *connector) lostWithin(d time.Duration) bool {
	at := c.lostAt.Load()
	return at != nil && time.Since(*at) <= d
}

// errPooled means that the connection was opened for a server, and leads to a pooler.
var errPooled = errors.New("a pooler is between this process and Postgres")

func (c *connector) before(_ context.Context, config *pgx.ConnConfig) error {
	if c.adapts && c.pooled.Load() {
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	return nil
}

// after notices a pooler by the number of the process that serves the connection: a pooler gives one of its
// own. Without one it turns just-in-time compilation off, which takes some hundred milliseconds, and no
// statement here runs long enough to gain that. Behind one the setting ends with the statement, since the
// session is also others'.
func (c *connector) after(ctx context.Context, conn *pgx.Conn) error {
	const ask = `SELECT pg_backend_pid() <> %[1]d, set_config('jit', 'off', pg_backend_pid() <> %[1]d)`
	results, err := conn.PgConn().Exec(ctx, fmt.Sprintf(ask, conn.PgConn().PID())).ReadAll()
	if err == nil && string(results[0].Rows[0][0]) == "t" {
		c.pooled.Store(true)
		if c.adapts && conn.Config().DefaultQueryExecMode != pgx.QueryExecModeCacheDescribe {
			err = errPooled
		}
	}
	if err != nil {
		_ = conn.Close(ctx) // stdlib leaves it open
	}
	return err
}

// shouldPing reports whether a connection is tested before it is used again: it was idle, or others have been
// lost since it was used.
func (c *connector) shouldPing(_ context.Context, p stdlib.ShouldPingParams) bool {
	return p.IdleDuration > time.Second || c.lostWithin(p.IdleDuration)
}

// conn is a connection. What it embeds does the rest.
type conn struct {
	*driverConn
	of *connector
}

type driverConn = stdlib.Conn

// QueryContext runs a statement that returns rows.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.driverConn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, c.failed(ctx, err, query)
	}
	return rows, nil
}

// ExecContext runs a statement, or those of a batch.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if batch, ok := batchOf(args); ok {
		return c.runBatch(ctx, batch)
	}
	done, err := c.driverConn.ExecContext(ctx, query, args)
	if err != nil {
		return nil, c.failed(ctx, err, query)
	}
	return done, nil
}

// BeginTx begins a transaction.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	tx, err := c.driverConn.BeginTx(ctx, options)
	if err != nil {
		return nil, c.failed(ctx, err, "SELECT") // it has done nothing that lasts
	}
	return tx, nil
}

// ResetSession prepares a connection for being used again.
func (c *conn) ResetSession(ctx context.Context) error {
	err := c.driverConn.ResetSession(ctx)
	if err != nil && ctx.Err() == nil {
		c.of.lostAt.Store(new(time.Now()))
	}
	return err
}

// failed returns the error of a statement, or ErrBadConn, at which the pool tries another connection, if
// that can do no harm.
func (c *conn) failed(ctx context.Context, err error, query string) error {
	at := c.Conn()
	if errors.Is(err, driver.ErrBadConn) || ctx.Err() != nil || !at.IsClosed() {
		return err
	}
	c.of.lostAt.Store(new(time.Now()))
	if at.PgConn().TxStatus() == 'I' && isRead(query) {
		return driver.ErrBadConn
	}
	return err
}

var (
	reads  = regexp.MustCompile(`(?i)^\s*(SELECT|WITH)\b`)
	writes = regexp.MustCompile(`(?i)\b(INSERT|UPDATE|DELETE|MERGE|INTO|nextval|setval|pg_notify|pg_\w*advisory\w*|feed_sync\w*)\b`)
)

// isRead reports whether a statement surely changes nothing, so that it may run twice.
func isRead(query string) bool { return reads.MatchString(query) && !writes.MatchString(query) }
