// Package storetest gives each test a real, migrated Postgres database of its
// own, and a real Redis. The servers are those of a surrounding testenv run; a test
// that damages its Redis starts one of its own.
package storetest

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/store"
)

// New returns a migrated database for this test alone, dropped when the test ends.
func New(t testing.TB) *gorm.DB {
	t.Helper()
	db, err := store.Open(URL(t), store.Pool{MaxOpen: 20, MaxIdleTime: time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close(db)) })
	return db
}

// URL returns the address of a migrated database for this test alone.
func URL(t testing.TB) string {
	t.Helper()
	ctx := context.Background()
	server := postgresURL(t)
	admin := connect(ctx, t, server)
	defer admin.Close(ctx)
	template := ensureTemplate(ctx, t, admin, server)
	name := "test_" + strings.ReplaceAll(store.NewID().String(), "-", "")
	_, err := admin.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", name, template))
	require.NoError(t, err)
	t.Cleanup(func() { drop(t, server, name) })
	return withDatabase(t, server, name)
}

// Copy returns a copy of a database that nobody is connected to.
func Copy(t testing.TB, url string) string {
	t.Helper()
	ctx := context.Background()
	server := postgresURL(t)
	admin := connect(ctx, t, server)
	defer admin.Close(ctx)
	of, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	name := "test_" + strings.ReplaceAll(store.NewID().String(), "-", "")
	_, err = admin.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", name, of.Database))
	require.NoError(t, err)
	t.Cleanup(func() { drop(t, server, name) })
	return withDatabase(t, server, name)
}

// Empty returns the address of a database without a schema.
func Empty(t testing.TB) string {
	t.Helper()
	ctx := context.Background()
	server := postgresURL(t)
	admin := connect(ctx, t, server)
	defer admin.Close(ctx)
	name := "test_" + strings.ReplaceAll(store.NewID().String(), "-", "")
	_, err := admin.Exec(ctx, "CREATE DATABASE "+name)
	require.NoError(t, err)
	t.Cleanup(func() { drop(t, server, name) })
	return withDatabase(t, server, name)
}

// ensureTemplate migrates one database a cluster and schema version; all others are copies of it.
func ensureTemplate(ctx context.Context, t testing.TB, admin *pgx.Conn, server string) string {
	name := "lyo_template_" + schemaDigest(t)
	_, err := admin.Exec(ctx, "SELECT pg_advisory_lock(7331)")
	require.NoError(t, err)
	defer admin.Exec(ctx, "SELECT pg_advisory_unlock(7331)") //nolint:errcheck // the connection is closed next
	var there bool
	require.NoError(t, admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)", name).Scan(&there))
	if there {
		return name
	}
	_, err = admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name)
	require.NoError(t, err)
	_, err = admin.Exec(ctx, "CREATE DATABASE "+name)
	require.NoError(t, err)
	_, err = migrations.Up(ctx, withDatabase(t, server, name))
	require.NoError(t, err)
	_, err = admin.Exec(ctx, "ALTER DATABASE "+name+" WITH IS_TEMPLATE true")
	require.NoError(t, err)
	return name
}

func schemaDigest(t testing.TB) string {
	text, err := migrations.Text()
	require.NoError(t, err)
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	return strconv.FormatUint(h.Sum64(), 16)
}

func connect(ctx context.Context, t testing.TB, server string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(ctx, server)
	require.NoError(t, err)
	return conn
}

func drop(t testing.TB, server, name string) {
	ctx := context.Background()
	admin := connect(ctx, t, server)
	defer admin.Close(ctx)
	_, err := admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
	require.NoError(t, err)
}

func withDatabase(t testing.TB, server, name string) string {
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}
