package local

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
)

// PostgresProgram returns a command for a client program of the Postgres in binDir,
// such as pg_dump. It runs as this process's own user, without the caller's PG*
// variables. A missing program fails when it is started.
func PostgresProgram(ctx context.Context, binDir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(binDir, name), args...)
	cmd.Env = append(cluster{binDir: binDir}.environ(), "HOME="+os.TempDir())
	return cmd
}
