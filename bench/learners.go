package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/bcrypt"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/store"
)

const (
	cost     = 12 // of bcrypt, as in production
	learners = 500
	password = "correct horse battery"

	quickCost = 4 // for many sign-ins before a measurement
)

func emailOf(n int) string { return fmt.Sprintf("learner%d@example.com", n%learners) }

// workspace creates a folder and a database for one benchmark; clean removes both.
func workspace(ctx context.Context, o options) (dir, database string, clean func(), err error) {
	if dir, err = os.MkdirTemp(o.disk, "work-"); err != nil {
		return "", "", nil, fmt.Errorf("make a folder: %w", err)
	}
	database, drop, err := newDatabase(ctx, o)
	if err != nil {
		return "", "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, database, func() {
		drop()
		_ = os.RemoveAll(dir)
	}, nil
}

// newDatabase creates a migrated database; drop deletes it, and says so when it cannot.
func newDatabase(ctx context.Context, o options) (address string, drop func(), err error) {
	if address, drop, err = emptyDatabase(ctx, o); err != nil {
		return "", nil, err
	}
	if _, err = migrations.Up(ctx, address); err != nil {
		drop()
		return "", nil, err
	}
	return address, drop, nil
}

// emptyDatabase is newDatabase without a schema.
func emptyDatabase(ctx context.Context, o options) (address string, drop func(), err error) {
	u, err := url.Parse(o.database)
	if err != nil {
		return "", nil, fmt.Errorf("the address of the database: %w", err)
	}
	name := "bench_" + strings.ReplaceAll(store.NewID().String(), "-", "")
	if err := administer(ctx, o.database, "CREATE DATABASE "+name); err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	drop = func() {
		if err := administer(context.WithoutCancel(ctx), o.database, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			fmt.Fprintln(o.errs, "bench: the database stays behind:", err)
		}
	}
	return u.String(), drop, nil
}

func administer(ctx context.Context, server, statement string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// enroll creates the accounts. They share a hash, which costs the password check as
// much as if each had their own.
func enroll(ctx context.Context, database string) error { return enrollAt(ctx, database, cost) }

// enrollAt is enroll with a hash of another cost.
func enrollAt(ctx context.Context, database string, cost int) error {
	db, err := store.Open(database, store.Pool{MaxOpen: 1})
	if err != nil {
		return err
	}
	defer store.Close(db)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	users := make([]accounts.User, learners)
	for i := range users {
		users[i] = accounts.User{
			ID: store.NewID(), Email: emailOf(i), FullName: "Learner", PasswordHash: string(hash), Locale: "en", Timezone: "UTC",
			IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
		}
	}
	return db.WithContext(ctx).CreateInBatches(users, 100).Error
}
