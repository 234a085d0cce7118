package local

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain also runs the parent process that one test kills.
func TestMain(m *testing.M) {
	if os.Getenv("LOCAL_TEST_ROLE") == "parent" {
		parent()
		return
	}
	goleak.VerifyTestMain(m)
}

// parent starts a child, prints its pid and waits to be killed.
func parent() {
	spec := shell("exec sleep 1000")
	spec.PIDFile = os.Getenv("LOCAL_TEST_PID_FILE")
	p, err := Start(spec)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.PID())
	<-p.Done()
}

// roomFor returns a folder every user can reach, because servers of root run as others.
func roomFor(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lyo-local-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// stopLater stops a server with its own time limit, since the test's may be over.
func stopLater(t *testing.T, stop func(context.Context) error) {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, stop(context.Background())) })
}

func gone(pid int) func() bool {
	return func() bool {
		_, err := identity(pid)
		return err != nil
	}
}

func TestAChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	pidFile := filepath.Join(t.TempDir(), "child.pid")
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "LOCAL_TEST_ROLE=parent", "LOCAL_TEST_PID_FILE="+pidFile)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err, line)
	require.False(t, gone(pid)())

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	// Where the kernel does not end the child, the next start does.
	require.NoError(t, EndLeftover(deadline(t), pidFile, time.Second))
	require.Eventually(t, gone(pid), 5*time.Second, 10*time.Millisecond)
}
