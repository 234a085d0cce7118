package models

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Pool bounds the connections a process holds.
type Pool struct {
	MaxOpen     int
	MaxIdle     int
	MaxLifetime time.Duration
}

// Open connects to Postgres. It does not wait for the server: the first query does.
func Open(url string, pool Pool) (*gorm.DB, error) {
	db, err := gorm.Open(postgres.Open(url), &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		TranslateError:         false,
		NowFunc:                func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		DisableAutomaticPing:   true,
	})
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	raw, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	raw.SetMaxOpenConns(pool.MaxOpen)
	raw.SetMaxIdleConns(pool.MaxIdle)
	raw.SetConnMaxLifetime(pool.MaxLifetime)
	return db, nil
}

// Close ends the pool.
func Close(db *gorm.DB) error {
	raw, err := db.DB()
	if err != nil {
		return err
	}
	return raw.Close()
}

// Ping asks Postgres for a sign of life.
func Ping(ctx context.Context, db *gorm.DB) error {
	return db.WithContext(ctx).Exec("SELECT 1").Error
}

// NewID is a fresh version 7 id: unique, and ordered by time.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// DerivedID is the version 5 id that always belongs to these parts, so that
// doing a thing twice finds the row of the first time.
func DerivedID(space uuid.UUID, parts ...string) uuid.UUID {
	var name []byte
	for _, p := range parts {
		name = fmt.Appendf(name, "%d:%s", len(p), p)
	}
	return uuid.NewSHA1(space, name)
}

// uniqueViolation tells whether err is a break of the named unique index.
func uniqueViolation(err error, index string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && pg.ConstraintName == index
}
