package dev

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/deploy/local"
)

// recorded is a part that records when it is stopped.
type recorded struct {
	name  string
	order *[]string
	mu    *sync.Mutex
}

func (recorded) Done() <-chan struct{} { return nil }
func (recorded) Wait() error           { return nil }
func (recorded) Tail() []string        { return nil }

func (r recorded) Stop(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	*r.order = append(*r.order, r.name)
	return nil
}

func TestStopGoesInReverseOrder(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var order []string
	s := newSupervisor(Options{Out: io.Discard})
	k := func(name string) *keeper { return &keeper{name: name, part: recorded{name, &order, &mu}} }
	s.servers = servers{postgres: k("postgres"), redis: k("redis"), temporal: k("temporal")}
	s.api, s.worker = k("api"), k("worker")
	require.NoError(t, s.stop(context.Background()))
	require.ElementsMatch(t, []string{"api", "worker"}, order[:2])
	require.Equal(t, []string{"temporal", "redis", "postgres"}, order[2:])
}

func TestPaceDoublesUpToItsLimit(t *testing.T) {
	t.Parallel()
	p := pace{first: 100 * time.Millisecond, longest: time.Second}
	require.Equal(t, 100*time.Millisecond, p.delay(1))
	require.Equal(t, 400*time.Millisecond, p.delay(3))
	require.Equal(t, time.Second, p.delay(60))
}

// whole is a supervisor in a process of its own with servers of its own.
type whole struct {
	cmd  *exec.Cmd
	out  *bufio.Reader
	errs *bytes.Buffer
	said *strings.Builder // what was read of out
	port int
}

// startWhole needs an installed Postgres; without an installed Temporal it uses a fake that only answers.
func startWhole(t *testing.T, state string, environ ...string) whole {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	w := whole{cmd: exec.Command(self, "dev"), said: &strings.Builder{}, port: freePort(t)}
	w.cmd.Env = append(os.Environ(), "FAKE_LYO=1", "REDIS_SERVER=none", "LYO_STATE_DIR="+state,
		fmt.Sprintf("LYO_HTTP_PORT=%d", w.port), fmt.Sprintf("LYO_TEMPORAL_PORT=%d", freePort(t)),
		fmt.Sprintf("LYO_TEMPORAL_UI_PORT=%d", freePort(t)), "DATABASE_URL=", "REDIS_URL=", "TEMPORAL_ADDRESS=")
	w.cmd.Env = append(w.cmd.Env, environ...)
	if !temporalHere(t, state) {
		w.cmd.Env = append(w.cmd.Env, "FAKE_WORKER=idle", "TEMPORAL_ADDRESS="+startPolledTemporal(t))
	}
	pipe, err := w.cmd.StdoutPipe()
	require.NoError(t, err)
	w.out, w.errs = bufio.NewReader(pipe), &bytes.Buffer{}
	w.cmd.Stderr = w.errs
	require.NoError(t, w.cmd.Start())
	t.Cleanup(func() { _ = w.cmd.Process.Kill() })
	w.await(t, "Lyo is ready")
	return w
}

// temporalHere puts the tests' Temporal program where the supervisor looks, and reports whether there is one.
func temporalHere(t *testing.T, state string) bool {
	t.Helper()
	_, err := local.FindPostgres(t.Context(), local.Finder{StateDir: state, Offline: true})
	if errors.Is(err, local.ErrNotFound) {
		t.Skip("no Postgres here")
	}
	if given := os.Getenv("TEST_TEMPORAL_BIN"); given != "" {
		require.NoError(t, linkTemporal(given, filepath.Join(state, "bin", "temporal")))
	}
	_, err = local.FindTemporal(t.Context(), local.Finder{StateDir: state, Offline: true})
	return err == nil
}

func (w whole) await(t *testing.T, text string) {
	t.Helper()
	for {
		line, err := w.out.ReadString('\n')
		w.said.WriteString(line)
		if err != nil {
			ended := w.cmd.Wait() // and with it all its output
			require.NoError(t, err, "ended (%v) before it said %q, after:\n%s%s", ended, text, w.said, w.errs)
		}
		if strings.Contains(line, text) {
			return
		}
	}
}

// pids returns the processes that the run has recorded.
func pids(t *testing.T, state string) map[string]int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(state, "run", "*.pid"))
	require.NoError(t, err)
	found := map[string]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // it has just ended
		}
		require.NoError(t, err)
		var pid int
		_, err = fmt.Sscan(string(text), &pid)
		require.NoError(t, err)
		found[strings.TrimSuffix(filepath.Base(file), ".pid")] = pid
	}
	return found
}

func requireGone(t *testing.T, pids map[string]int) {
	t.Helper()
	for name, pid := range pids {
		require.Eventually(t, func() bool { return !running(pid) }, patience, 10*time.Millisecond, name)
	}
}

// running reports whether a process runs; a zombie does not.
func running(pid int) bool {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		return !strings.Contains(string(stat), ") Z ")
	}
	return syscall.Kill(pid, 0) == nil
}

func TestNoOrphansAndAStartAfterKill(t *testing.T) {
	t.Parallel()
	state := stateDir(t)
	first := startWhole(t, state)
	before := pids(t, state)
	require.Contains(t, before, "postgres")
	require.Contains(t, before, "api")
	require.NoError(t, first.cmd.Process.Kill())
	_ = first.cmd.Wait()

	// The next start may begin while the old servers are still ending.
	second := startWhole(t, state)
	requireGone(t, before)
	after := pids(t, state)
	require.NoError(t, second.cmd.Process.Signal(os.Interrupt))
	_, err := io.Copy(io.Discard, second.out)
	require.NoError(t, err)
	require.NoError(t, second.cmd.Wait(), "Ctrl-C is a good end")
	requireGone(t, after)
	require.Empty(t, pids(t, state))
}

func TestACopyLeavesTheOriginalAlone(t *testing.T) {
	t.Parallel()
	state := stateDir(t)
	original := startWhole(t, state)
	before := pids(t, state)
	elsewhere := stateDir(t)
	require.NoError(t, exec.Command("cp", "-a", state, elsewhere).Run())
	require.Equal(t, before, pids(t, elsewhere), "the copy's files name the original's processes")
	require.True(t, Runs(state))
	require.False(t, Runs(elsewhere))
	copied := startWhole(t, elsewhere)
	for name, pid := range before {
		require.True(t, running(pid), name)
	}
	for _, w := range []whole{copied, original} {
		require.NoError(t, w.cmd.Process.Signal(os.Interrupt))
		_, err := io.Copy(io.Discard, w.out)
		require.NoError(t, err)
		require.NoError(t, w.cmd.Wait(), "it ran until now")
	}
}

// TestNoPasswordIsShown looks for the password of Postgres in all that a run says and in how its processes were called.
func TestNoPasswordIsShown(t *testing.T) {
	t.Parallel()
	state := stateDir(t)
	w := startWhole(t, state)
	address, err := os.ReadFile(filepath.Join(state, DatabaseURLFile))
	require.NoError(t, err)
	u, err := url.Parse(string(address))
	require.NoError(t, err)
	password, set := u.User.Password()
	require.True(t, set)
	for name, pid := range pids(t, state) {
		called, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if errors.Is(err, os.ErrNotExist) {
			t.Skip("no /proc here")
		}
		require.NoError(t, err)
		require.NotContains(t, string(called), password, name)
	}
	require.NoError(t, w.cmd.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(w.out)
	require.NoError(t, err)
	require.NoError(t, w.cmd.Wait())
	require.Contains(t, string(rest), "postgres://postgres@127.0.0.1:")
	require.NotContains(t, w.said.String()+string(rest)+w.errs.String(), password)
}

func TestADeadServerIsStartedAgain(t *testing.T) {
	t.Parallel()
	state := stateDir(t)
	w := startWhole(t, state)
	dead := pids(t, state)["postgres"]
	require.NoError(t, syscall.Kill(dead, syscall.SIGKILL))
	w.await(t, "postgres ended")
	back := func() bool {
		pid := pids(t, state)["postgres"]
		return pid != 0 && pid != dead && running(pid)
	}
	require.Eventually(t, back, patience, 10*time.Millisecond)
	require.NoError(t, w.cmd.Process.Signal(syscall.SIGTERM))
	_, err := io.Copy(io.Discard, w.out)
	require.NoError(t, err)
	require.NoError(t, w.cmd.Wait())
}

func TestASecondCtrlCKills(t *testing.T) {
	t.Parallel()
	state := stateDir(t)
	w := startWhole(t, state, "FAKE_API=deaf")
	before := pids(t, state)
	require.NoError(t, w.cmd.Process.Signal(os.Interrupt))
	w.await(t, "stopping")
	began := time.Now()
	require.NoError(t, w.cmd.Process.Signal(os.Interrupt))
	_, err := io.Copy(io.Discard, w.out)
	require.NoError(t, err)
	require.Error(t, w.cmd.Wait(), "something had to be killed")
	require.Less(t, time.Since(began), childGrace, "it does not wait for who is deaf")
	requireGone(t, before)
}
