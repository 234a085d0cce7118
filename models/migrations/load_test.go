package migrations_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/storetest"
)

var full = flag.Bool("full", false, "a million rows in each table that a migration touches, in place of twenty thousand")

func rows() int {
	if *full {
		return 1_000_000
	}
	return 20_000
}

// blockedAtMost is how long a migration may keep a statement of a running system waiting for a lock.
const blockedAtMost = time.Second

// migrated is a database that is migrated while others work on the tables that a migration touches.
type migrated struct {
	t    *testing.T
	url  string
	pool *pgxpool.Pool
	rows int
}

func newMigrated(t *testing.T, rows int) *migrated {
	t.Helper()
	url := storetest.Empty(t)
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return &migrated{t, url, pool, rows}
}

// lasting is a table with the column of its rows that the work goes by.
type lasting struct{ name, key string }

// all returns the tables with a key of one column, by name.
func (m *migrated) all() (tables []lasting) {
	rows, err := m.pool.Query(m.t.Context(), `
		SELECT c.relname, a.attname FROM pg_index i
		JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
		WHERE i.indisprimary AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'goose_db_version' ORDER BY 1`)
	require.NoError(m.t, err)
	tables, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l lasting, err error) { return l, row.Scan(&l.name, &l.key) })
	require.NoError(m.t, err)
	return tables
}

// touched returns those that a migration mentions.
func (m *migrated) touched(text string) []lasting {
	up, _, _ := strings.Cut(text, "-- +goose Down")
	return slices.DeleteFunc(m.all(), func(l lasting) bool { return !regexp.MustCompile(`\b` + l.name + `\b`).MatchString(up) })
}

// filledBy are the values of columns whose checks cannot be met by their type alone.
var filledBy = map[string]string{
	"citations.ends": "i + 1", "passages.ends": "i + 1", "content_edits.post_id": "gen_random_uuid()",
	"feed_curations.day": "to_char(current_date + i, 'YYYY-MM-DD')",
}

// singles are tables of one row.
var singles = []string{"board_state", "write_probes"}

// fill gives a table as many rows as its catalogue entry allows to make up. Foreign keys and triggers are off.
func (m *migrated) fill(table string, rows int) error {
	columns, values, err := m.columns(table)
	if err != nil {
		return err
	}
	if slices.Contains(singles, table) {
		return nil
	}
	sql := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM generate_series(1, %d) AS i", table, strings.Join(columns, ", "), strings.Join(values, ", "), rows)
	return pgx.BeginFunc(m.t.Context(), m.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(m.t.Context(), "SET LOCAL session_replication_role = replica"); err != nil {
			return err
		}
		if _, err := tx.Exec(m.t.Context(), sql); err != nil {
			return fmt.Errorf("%s needs values in filledBy: %w", table, err)
		}
		return nil
	})
}

// columns returns the columns of a table that need a value, and an expression for each.
func (m *migrated) columns(table string) (names, values []string, err error) {
	rows, err := m.pool.Query(m.t.Context(), `
		SELECT a.attname, format_type(a.atttypid, NULL), a.attnotnull,
		       EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey)),
		       a.atthasdef, a.attidentity = 'a',
		       coalesce((SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)), '')
		FROM pg_attribute a WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum`, table)
	if err != nil {
		return nil, nil, err
	}
	for rows.Next() {
		var name, kind, checks string
		var required, unique, standard, numbered bool
		if err := rows.Scan(&name, &kind, &required, &unique, &standard, &numbered, &checks); err != nil {
			return nil, nil, err
		}
		value, given := filledBy[table+"."+name]
		if !given && (!required || standard && !unique || numbered) {
			continue
		}
		if !given {
			value = madeUp(name, kind, checks, unique)
		}
		names, values = append(names, name), append(values, value)
	}
	return names, values, rows.Err()
}

// madeUp returns an expression in i for a column.
func madeUp(name, kind, checks string, unique bool) string {
	if m := regexp.MustCompile(name + ` = ANY \(ARRAY\[('[^']*')`).FindStringSubmatch(checks); m != nil {
		return m[1]
	}
	if unique && kind == "date" {
		return "current_date - (i % 1000)::int"
	}
	switch kind {
	case "uuid":
		return "gen_random_uuid()"
	case "timestamp with time zone":
		return "now()"
	case "date":
		return "current_date"
	case "boolean":
		return "false"
	case "integer", "bigint":
		return "i"
	case "smallint", "double precision", "numeric", "real":
		return "1"
	case "bytea":
		return "sha256(i::text::bytea)"
	case "jsonb":
		if strings.Contains(checks, "jsonb_typeof("+name+") = 'array'") {
			return "'[]'"
		}
		return "'{}'"
	case "text[]", "uuid[]":
		return "'{}'"
	case "tsvector":
		return "''"
	default:
		return "'made up row ' || i"
	}
}

// work reads and writes rows of the tables until stop, which returns the longest time that a statement waited for a lock
// and what it was. Now and then a transaction that only reads lasts long, as that of a report or of pg_dump does.
func (m *migrated) work(tables []lasting) (stop func() (longest time.Duration, statement string)) {
	ctx, cancel := context.WithCancel(m.t.Context())
	var all sync.WaitGroup
	var longest time.Duration
	var worst string
	for _, table := range tables {
		var key string
		if err := m.pool.QueryRow(ctx, fmt.Sprintf("SELECT %s::text FROM %s LIMIT 1", table.key, table.name)).Scan(&key); err != nil {
			require.ErrorIs(m.t, err, pgx.ErrNoRows)
		}
		for _, sql := range []string{
			fmt.Sprintf("SELECT * FROM %s WHERE %s = '%s' LIMIT 1", table.name, table.key, key),
			fmt.Sprintf("UPDATE %[1]s SET %[2]s = %[2]s WHERE ctid = (SELECT ctid FROM %[1]s LIMIT 1)", table.name, table.key),
			fmt.Sprintf("SELECT 1 FROM %s LIMIT 1; SELECT pg_sleep(1.5)", table.name), // longer than anybody may wait
		} {
			conn := m.connect("SET application_name = 'at work'; SET session_replication_role = replica")
			all.Go(func() {
				defer conn.Close(context.WithoutCancel(ctx))
				for ctx.Err() == nil {
					_, err := conn.Exec(ctx, sql) // two statements are one transaction
					if err != nil && ctx.Err() == nil {
						m.t.Errorf("%s: %v", sql, err)
						return
					}
					pause(ctx, 5*time.Millisecond, strings.Contains(sql, "pg_sleep"))
				}
			})
		}
	}
	watching := m.connect("SET application_name = 'watch'")
	all.Go(func() {
		defer watching.Close(context.WithoutCancel(ctx))
		for ctx.Err() == nil {
			var waited float64
			var statement string
			err := watching.QueryRow(ctx, `
				SELECT extract(epoch FROM clock_timestamp() - l.waitstart)::float8, a.query FROM pg_locks l JOIN pg_stat_activity a USING (pid)
				WHERE NOT l.granted AND a.application_name = 'at work' AND a.datname = current_database() AND l.waitstart IS NOT NULL ORDER BY 1 DESC LIMIT 1`).Scan(&waited, &statement)
			if d := time.Duration(waited * float64(time.Second)); err == nil && d > longest {
				longest, worst = d, statement
			}
			pause(ctx, 10*time.Millisecond, false)
		}
	})
	return func() (time.Duration, string) {
		cancel()
		all.Wait()
		return longest, worst
	}
}

// pause waits between two statements, for a second after a long one.
func pause(ctx context.Context, d time.Duration, long bool) {
	if long {
		d = time.Second
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (m *migrated) connect(settings string) *pgx.Conn {
	m.t.Helper()
	conn, err := pgx.Connect(m.t.Context(), m.url)
	require.NoError(m.t, err)
	_, err = conn.Exec(m.t.Context(), settings)
	require.NoError(m.t, err)
	return conn
}

// underLoad applies the migrations after a version one by one, each while others work on full tables of those that it
// touches, and returns by version how long they waited at most.
func (m *migrated) underLoad(set migrations.Set, after int64) map[int64]time.Duration {
	m.t.Helper()
	_, err := set.UpTo(m.t.Context(), m.url, after)
	require.NoError(m.t, err)
	names, err := fs.Glob(set.Files, "*.sql")
	require.NoError(m.t, err)
	waits := map[int64]time.Duration{}
	filled := map[string]bool{}
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		require.NoError(m.t, err)
		if version <= after {
			continue
		}
		text, err := fs.ReadFile(set.Files, name)
		require.NoError(m.t, err)
		tables := m.touched(string(text))
		for _, table := range tables {
			if !filled[table.name] {
				require.NoError(m.t, m.fill(table.name, m.rows))
			}
			filled[table.name] = true
		}
		stop := m.work(tables)
		began := time.Now()
		_, err = set.UpTo(m.t.Context(), m.url, version)
		took := time.Since(began)
		longest, statement := stop()
		require.NoError(m.t, err, name)
		waits[version] = longest
		m.t.Logf("%s on %d rows of %v took %s; the longest wait for a lock was %s: %s", name, m.rows, tables, took.Round(time.Millisecond), longest.Round(time.Millisecond), statement)
	}
	return waits
}

// TestFaultMigrationsUnderLoad measures each migration after the released schema.
func TestFaultMigrationsUnderLoad(t *testing.T) {
	t.Parallel()
	for version, longest := range newMigrated(t, rows()).underLoad(migrations.Own(), migrations.Released) {
		require.Less(t, longest, blockedAtMost, "migration %d", version)
	}
}

// TestFaultMigrationsFillEveryTable shows that each table of the released schema can be filled, so that
// TestFaultMigrationsUnderLoad can measure whatever a migration touches.
func TestFaultMigrationsFillEveryTable(t *testing.T) {
	t.Parallel()
	m := newMigrated(t, 3)
	_, err := migrations.Own().UpTo(t.Context(), m.url, migrations.Released)
	require.NoError(t, err)
	for _, table := range m.all() {
		if err := m.fill(table.name, m.rows); err != nil {
			t.Error(err)
		}
	}
}

// things are migrations of a table of the tests' own; the first makes it.
func things(later ...string) migrations.Set {
	files := fstest.MapFS{"00001_things.sql": {Data: []byte("-- +goose Up\nCREATE TABLE things (id uuid PRIMARY KEY, n bigint NOT NULL, note text);\n")}}
	for i, text := range later {
		files[fmt.Sprintf("%05d_later.sql", i+2)] = &fstest.MapFile{Data: []byte(text)}
	}
	return migrations.Set{Files: files}
}

// batches fills a column along the key, a few rows in each transaction. Without the key each batch would look through
// all rows before it: a million took six minutes, and others waited for more than two seconds.
const batches = `-- +goose StatementBegin
DO $$
DECLARE
    last uuid := '00000000-0000-0000-0000-000000000000';
    upto uuid;
BEGIN
    LOOP
        SELECT id INTO upto FROM (SELECT id FROM things WHERE id > last ORDER BY id LIMIT 2000) page ORDER BY id DESC LIMIT 1;
        EXIT WHEN NOT FOUND;
        UPDATE things SET size = 1 WHERE id > last AND id <= upto AND size IS NULL;
        COMMIT;
        last := upto;
    END LOOP;
END $$;
-- +goose StatementEnd
`

// TestFaultMigrationsThatBlockAreFound has migrations that keep to the rules and two that do not.
func TestFaultMigrationsThatBlockAreFound(t *testing.T) {
	t.Parallel()
	const alone, within = "-- +goose NO TRANSACTION\n-- +goose Up\n", "-- +goose Up\n"
	set := things(
		within+"SET LOCAL lock_timeout = '300ms';\nALTER TABLE things ADD COLUMN size int;\nALTER TABLE things ALTER COLUMN size SET DEFAULT 1;\n",
		alone+batches,
		within+"SET LOCAL lock_timeout = '300ms';\nALTER TABLE things ADD CONSTRAINT things_size_check CHECK (size IS NOT NULL) NOT VALID;\n",
		alone+"ALTER TABLE things VALIDATE CONSTRAINT things_size_check;\nSET lock_timeout = '300ms';\nALTER TABLE things ALTER COLUMN size SET NOT NULL;\nRESET lock_timeout;\n",
		alone+"DROP INDEX CONCURRENTLY IF EXISTS things_n_idx;\nCREATE INDEX CONCURRENTLY things_n_idx ON things (n);\n",
		within+"ALTER TABLE things ADD COLUMN late int;\n",                                                           // queues behind a long transaction
		within+"SET LOCAL lock_timeout = '300ms';\nALTER TABLE things ADD COLUMN slow int;\nSELECT pg_sleep(1.2);\n", // keeps its lock
	)
	waits := newMigrated(t, rows()).underLoad(set, 1)
	require.Len(t, waits, 7)
	for version, longest := range waits {
		if version <= 6 {
			require.Less(t, longest, blockedAtMost, "migration %d keeps to the rules", version)
		} else {
			require.Greater(t, longest, blockedAtMost, "migration %d blocks", version)
		}
	}
}

// TestAnIndexThatWasCutOffIsBuiltAgain has a concurrent index fail half way.
func TestAnIndexThatWasCutOffIsBuiltAgain(t *testing.T) {
	t.Parallel()
	m := newMigrated(t, 0)
	set := things("-- +goose NO TRANSACTION\n-- +goose Up\nDROP INDEX CONCURRENTLY IF EXISTS things_n_key;\nCREATE UNIQUE INDEX CONCURRENTLY things_n_key ON things (n);\n")
	_, err := set.UpTo(t.Context(), m.url, 1)
	require.NoError(t, err)
	m.exec("INSERT INTO things (id, n) SELECT gen_random_uuid(), 1 FROM generate_series(1, 2)")
	_, err = set.UpTo(t.Context(), m.url, math.MaxInt64)
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "23505", refused.Code)
	require.Equal(t, []bool{false}, m.valid("things_n_key"), "an invalid index is left")
	m.exec("DELETE FROM things WHERE ctid = (SELECT min(ctid) FROM things)")
	done, err := set.UpTo(t.Context(), m.url, math.MaxInt64)
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.Equal(t, []bool{true}, m.valid("things_n_key"))
}

func (m *migrated) exec(sql string) {
	m.t.Helper()
	_, err := m.pool.Exec(m.t.Context(), sql)
	require.NoError(m.t, err)
}

func (m *migrated) valid(index string) []bool {
	rows, err := m.pool.Query(m.t.Context(), "SELECT indisvalid FROM pg_index WHERE indexrelid = $1::text::regclass", index)
	require.NoError(m.t, err)
	valid, err := pgx.CollectRows(rows, pgx.RowTo[bool])
	require.NoError(m.t, err)
	return valid
}
