package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"github.com/lyoapp/lyo/models/text"
)

// namesVersion is the migration that brings names, addresses, time zones and tags
// to their normal forms. The rules of Unicode and of domain names are beyond SQL, so
// it is written in Go around the SQL in parts.
const (
	namesVersion = 13
	namesSource  = "00013_names.go"
)

//go:embed names.go names_users.go parts/*.sql
var namesFiles embed.FS

func namesMigration() *goose.Migration {
	return goose.NewGoMigration(namesVersion, &goose.GoFunc{RunTx: namesUp}, &goose.GoFunc{RunTx: namesDown})
}

func namesUp(ctx context.Context, tx *sql.Tx) error {
	if err := runPart(ctx, tx, "text_key"); err != nil {
		return err
	}
	if err := mendUsers(ctx, tx); err != nil {
		return err
	}
	return runPart(ctx, tx, "names_up")
}

func namesDown(ctx context.Context, tx *sql.Tx) error { return runPart(ctx, tx, "names_down") }

func runPart(ctx context.Context, tx *sql.Tx, name string) error {
	part, err := namesFiles.ReadFile("parts/" + name + ".sql")
	if err == nil {
		_, err = tx.ExecContext(ctx, string(part))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// account is what a migration of names reads of a user.
type account struct {
	id              uuid.UUID
	email, fullName string
	username        *string
	timezone        string
}

// mendUsers brings every account to the rules. Of names that are alike the oldest account
// keeps its own; the others have none, and a note in their inbox. Of addresses of one
// mailbox none is changed but the oldest, where none is right already: accounts are never merged.
func mendUsers(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"); err != nil {
		return err
	}
	accounts, err := readAccounts(ctx, tx)
	if err != nil {
		return err
	}
	n := newNames(accounts)
	for _, a := range accounts { // names that are given up first, since others may get them
		if err := n.freeUsername(ctx, tx, a); err != nil {
			return err
		}
	}
	for _, a := range accounts {
		if err := n.mend(ctx, tx, a); err != nil {
			return err
		}
	}
	return n.setNotice(ctx, tx)
}

func readAccounts(ctx context.Context, tx *sql.Tx) (accounts []account, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, email, full_name, username, timezone FROM users ORDER BY created_at, id")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var a account
		if err := rows.Scan(&a.id, &a.email, &a.fullName, &a.username, &a.timezone); err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	return accounts, rows.Err()
}

// mailboxOf returns the mailbox of an address, whatever its spelling.
func mailboxOf(address string) string {
	if email, err := text.Mailbox(address); err == nil {
		address = email
	}
	return strings.ToLower(address)
}
