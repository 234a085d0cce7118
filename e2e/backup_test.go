package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/store"
)

// tableState is the compared state of a table.
type tableState struct {
	Rows   int
	Digest string // of all rows, in any order
}

// tables reads every table of the schema, including goose's own.
func tables(t *testing.T, db *gorm.DB) map[string]tableState {
	t.Helper()
	var names []string
	require.NoError(t, db.Raw(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`).Scan(&names).Error)
	require.Greater(t, len(names), 20)
	states := map[string]tableState{}
	for _, name := range names {
		var s tableState
		query := fmt.Sprintf(`SELECT count(*) AS rows, coalesce(md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))), '') AS digest FROM %q r`, name)
		require.NoError(t, db.Raw(query).Scan(&s).Error, name)
		states[name] = s
	}
	return states
}

// emptyCluster starts a new Postgres, with the programs of its version. Where pg_dump
// and pg_restore are missing the test is skipped with a message.
func emptyCluster(t *testing.T) (bin string, cluster *local.Postgres) {
	t.Helper()
	bin, err := local.FindPostgres(t.Context(), local.Finder{StateDir: os.Getenv("TEST_STATE_DIR"), Offline: true, Out: t.Output()})
	require.NoError(t, err)
	for _, program := range []string{"pg_dump", "pg_restore"} {
		if _, err := exec.LookPath(filepath.Join(bin, program)); err != nil {
			t.Skipf("NOT RUN: the Postgres in %s comes without %s (PG_BIN names another one; Debian: postgresql-client)", bin, program)
		}
	}
	dir, err := os.MkdirTemp("", "lyo-restore-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o711)) // Postgres may run as another user
	cluster, err = local.StartPostgres(t.Context(), local.PostgresOptions{BinDir: bin, DataDir: filepath.Join(dir, "postgres"), Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Erase(context.Background())) })
	return bin, cluster
}

// TestARestoreGivesTheSameRows follows docs/operate/backup.md: a dump of a system in
// use, restored into an empty cluster, on which Lyo then continues.
func TestARestoreGivesTheSameRows(t *testing.T) {
	t.Parallel()
	bin, cluster := emptyCluster(t)
	s, ada := newLearnerSystem(t)
	task, course := ada.generate("How tides work")
	require.Equal(t, "DONE", ada.await(task)["state"])
	stop(s.worker)
	stop(s.apis[0].Process)

	dump := filepath.Join(t.TempDir(), "lyo.dump")
	run := func(program string, args ...string) {
		out, err := local.PostgresProgram(t.Context(), bin, program, args...).CombinedOutput()
		require.NoError(t, err, "%s: %s", program, out)
	}
	run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file="+dump, s.database)
	before := tables(t, s.rows())
	require.NoError(t, cluster.CreateDatabase(t.Context(), "lyo"))
	run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--dbname="+cluster.URL("lyo"), dump)

	s.database = cluster.URL("lyo")
	restored, err := store.Open(s.database, store.Pool{MaxOpen: 2})
	require.NoError(t, err)
	after := tables(t, restored)
	require.NoError(t, store.Close(restored))
	require.Equal(t, before, after)
	rows := 0
	for _, name := range []string{"users", "courses", "lessons", "tasks"} {
		require.Positive(t, after[name].Rows, name)
	}
	for _, state := range after {
		rows += state.Rows
	}
	t.Logf("%d rows in %d tables are the same", rows, len(after))

	out, err := s.lyo("migrate")
	require.NoError(t, err, out)
	require.Contains(t, out, "the schema is current")
	again := &learner{t: t, base: s.addAPI().base}
	again.token, _ = again.call(http.MethodPost, "/v1/auth/login", object{"email": "ada@example.com", "password": "correct horse battery"}, http.StatusOK)["access_token"].(string)
	require.Equal(t, "READY", again.course(course)["status"])
}
