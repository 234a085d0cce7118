package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Pool bounds the connections of a process. They stay open between bursts, since a new
// one costs Postgres a process and the client every prepared statement.
type Pool struct {
	MaxOpen     int
	MaxLifetime time.Duration // 0: unlimited
	MaxIdleTime time.Duration // 0: unlimited
	// Watch is the log of a process that serves others: a Postgres that hangs is noticed and said there, and
	// then every call fails within three seconds. nil: calls wait until their contexts end.
	Watch *slog.Logger
}

// Open opens a pool to Postgres. It does not wait for the server: the first query does.
func Open(url string, pool Pool) (*gorm.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	var liveness *liveness
	if pool.Watch != nil {
		liveness = watch(config, pool.Watch)
	}
	connector := newConnector(config)
	connector.liveness = liveness
	raw := sql.OpenDB(connector)
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: raw}), &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		TranslateError:         false,
		NowFunc:                func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		DisableAutomaticPing:   true,
	})
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	if err := db.Use(&wake{}); err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	raw.SetMaxOpenConns(pool.MaxOpen)
	raw.SetMaxIdleConns(pool.MaxOpen)
	raw.SetConnMaxLifetime(pool.MaxLifetime)
	raw.SetConnMaxIdleTime(pool.MaxIdleTime)
	return db, nil
}

// Close closes the pool.
func Close(db *gorm.DB) error {
	raw, err := db.DB()
	if err != nil {
		return err
	}
	return raw.Close()
}

// Ping checks that Postgres answers.
func Ping(ctx context.Context, db *gorm.DB) error {
	return db.WithContext(ctx).Exec("SELECT 1").Error
}

// NewID returns a fresh version 7 id: unique, and ordered by time.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// DerivedID returns the version 5 id of these parts, so that repeating an operation
// finds its first row.
func DerivedID(space uuid.UUID, parts ...string) uuid.UUID {
	var name []byte
	for _, p := range parts {
		name = fmt.Appendf(name, "%d:%s", len(p), p)
	}
	return uuid.NewSHA1(space, name)
}

// IsUniqueViolation reports whether err is a violation of the named unique index.
func IsUniqueViolation(err error, index string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == index
}

// IsLockTimeout reports whether err is that a lock could not be had within lock_timeout.
func IsLockTimeout(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "55P03"
}

// IsRefusedData reports whether Postgres, or the driver before it, refuses a value for what it is: out of
// its column's range, of no valid encoding, against a check. The same value is refused each time.
func IsRefusedData(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, "22") || pg.Code == "23502" || pg.Code == "23514"
	}
	return err != nil && strings.Contains(err.Error(), "failed to encode args[") // of pgx, which has no type for it
}
