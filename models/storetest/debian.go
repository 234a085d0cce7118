package storetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/deploy/local"
)

// Program returns a program of Debian's packages and the environment to run it in. Where it cannot be had the
// test is skipped, saying so, except in CI on a system with those packages.
func Program(t testing.TB, program string, packages ...string) (path string, env []string) {
	t.Helper()
	path, err := local.FindDebian(t.Context(), local.Finder{StateDir: os.Getenv("TEST_STATE_DIR"), Out: t.Output()}, program, packages...)
	if err != nil {
		if _, missing := exec.LookPath("apt-get"); os.Getenv("CI") == "true" && runtime.GOOS == "linux" && missing == nil {
			require.NoError(t, err)
		}
		t.Skipf("this test needs %s: %v", program, err)
	}
	env = os.Environ()
	if libraries := local.LibraryPath(filepath.Dir(path)); libraries != "" {
		env = append(env, "LD_LIBRARY_PATH="+libraries)
	}
	return path, env
}
