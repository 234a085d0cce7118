package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// ErrPooler means that prepared statements do not last, since a pooler hands each transaction another connection.
var ErrPooler = errors.New("a pooler loses prepared statements")

// CheckStatements reports whether a pooler is between here and Postgres. It runs one statement several times on two
// connections, as a process does with all of its own, and returns ErrPooler if the pooler breaks that.
func CheckStatements(ctx context.Context, db *gorm.DB) (pooled bool, err error) {
	pool, err := db.DB()
	if err != nil {
		return false, err
	}
	most := pool.Stats().MaxOpenConnections
	conns := make([]*sql.Conn, 0, 2)
	defer func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	for len(conns) < 2 && (most == 0 || len(conns) < most) {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return false, err
		}
		conns = append(conns, conn)
	}
	err = conns[0].Raw(func(driven any) error {
		pooled = driven.(*conn).of.pooled.Load() //nolint:forcetypeassert,errcheck // the type of Open's connections
		return nil
	})
	if err != nil {
		return false, err
	}
	query := fmt.Sprintf("SELECT $1::int AS checked_%x", NewID()) // that no server has prepared yet
	for range 2 {
		for _, conn := range conns {
			if err := conn.QueryRowContext(ctx, query, 1).Scan(new(int)); err != nil {
				return pooled, inWords(err)
			}
		}
	}
	return pooled, nil
}

// inWords adds ErrPooler to an error that says that a statement is unknown, exists already, or that the
// protocol is violated.
func inWords(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == "26000" || pg.Code == "42P05" || pg.Code == "08P01") {
		return fmt.Errorf("%w (%w)", ErrPooler, err)
	}
	return err
}
