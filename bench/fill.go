package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// fillQuickly runs statements that fill tables, without triggers and foreign key checks,
// and creates the tables' indexes afterwards.
func fillQuickly(ctx context.Context, database string, tables []string, statements ...string) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "SET session_replication_role = replica; SET maintenance_work_mem = '256MB'; SET work_mem = '256MB'")
	if err != nil {
		return err
	}
	indexes, err := dropIndexes(ctx, conn, tables)
	if err != nil {
		return err
	}
	for _, statement := range append(statements, indexes...) {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%.60s: %w", statement, err)
		}
	}
	for _, table := range tables {
		if _, err := conn.Exec(ctx, "VACUUM ANALYZE "+table); err != nil {
			return err
		}
	}
	return nil
}

// dropIndexes drops the indexes without constraints, and returns the statements that create them again.
func dropIndexes(ctx context.Context, conn *pgx.Conn, tables []string) (again []string, err error) {
	rows, err := conn.Query(ctx, `SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
		WHERE i.indrelid = ANY($1::text[]::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)`, tables)
	if err != nil {
		return nil, err
	}
	var names []string
	var name, definition string
	if _, err := pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		names, again = append(names, name), append(again, definition)
		return nil
	}); err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := conn.Exec(ctx, "DROP INDEX "+name); err != nil {
			return nil, err
		}
	}
	return again, nil
}
