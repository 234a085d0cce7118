package storetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/deploy/local"
)

// PgBouncer starts Debian's PgBouncer in transaction mode before the database of an address, with a number of
// connections to it, and returns the address through it. It ends with the test.
func PgBouncer(t testing.TB, database string, connections int) string {
	t.Helper()
	path, env := Program(t, "pgbouncer", "pgbouncer")
	server, err := pgx.ParseConfig(database)
	require.NoError(t, err)
	port, err := local.FreePort()
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "lyo-pgbouncer-") //nolint:usetesting // below the test's own its user cannot enter it
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	settings := fmt.Sprintf(`[databases]
* = host=%s port=%d user=%s password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = %d
max_client_conn = 500
`, server.Host, server.Port, server.User, server.Password, port, connections)
	file := filepath.Join(dir, "pgbouncer.ini")
	require.NoError(t, os.WriteFile(file, []byte(settings), 0o644))
	args := []string{file}
	if os.Getuid() == 0 { // as which it refuses to run
		args = append([]string{"-u", "nobody"}, args...)
	}
	process, err := local.Start(local.Spec{Name: "pgbouncer", Path: path, Args: args, Env: env, Dir: "/", Show: func(string) bool { return false }})
	require.NoError(t, err)
	t.Cleanup(func() {
		process.Kill()
		_ = process.Wait() // a killed process reports that it was killed
	})
	u, err := url.Parse(database)
	require.NoError(t, err)
	u.Host = fmt.Sprintf("127.0.0.1:%d", port)
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(t.Context(), u.String())
		if err == nil {
			_ = conn.Close(context.Background())
		}
		return err == nil
	}, 20*time.Second, 50*time.Millisecond, "%v", process.Tail())
	return u.String()
}
