package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

// statement is SQL with its arguments.
type statement struct {
	sql  string
	args []any
}

// hear records the statements that models send over db from now on.
func hear(db *gorm.DB, heard *[]statement) error {
	note := func(tx *gorm.DB) {
		*heard = append(*heard, statement{tx.Statement.SQL.String(), tx.Statement.Vars})
	}
	calls := db.Callback()
	return errors.Join(calls.Row().After("gorm:row").Register("bench", note),
		calls.Query().After("gorm:query").Register("bench", note), calls.Create().After("gorm:create").Register("bench", note))
}

// querier is a connection or a pool of them.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// send runs it on the database, and reads all rows.
func (s statement) send(ctx context.Context, to querier) error {
	rows, err := to.Query(ctx, s.sql, s.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := rows.Values(); err != nil {
			return err
		}
	}
	return rows.Err()
}
