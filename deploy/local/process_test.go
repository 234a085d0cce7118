package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func shell(script string) Spec {
	return Spec{Name: "shell", Path: "/bin/sh", Args: []string{"-c", script}}
}

func TestProcessReportsHowItEnded(t *testing.T) {
	t.Parallel()
	p, err := Start(shell("echo one; echo two >&2; printf three; exit 3"))
	require.NoError(t, err)
	require.ErrorContains(t, p.Wait(), "exit status 3")
	require.ElementsMatch(t, []string{"one", "two", "three"}, p.Tail())
	require.NoError(t, p.Stop(context.Background()), "stopping an ended child does nothing")
}

func TestAMissingProgramIsAnError(t *testing.T) {
	t.Parallel()
	_, err := Start(Spec{Name: "nothing", Path: "/no/such/program"})
	require.ErrorContains(t, err, "start nothing")
}

func TestStopKillsWhoDoesNotListen(t *testing.T) {
	t.Parallel()
	spec := shell("trap '' TERM; echo deaf; while :; do sleep 1; done")
	spec.Grace = 50 * time.Millisecond
	p, err := Start(spec)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(p.Tail()) == 1 }, 5*time.Second, time.Millisecond)
	require.ErrorIs(t, p.Stop(context.Background()), context.DeadlineExceeded)
	require.True(t, gone(p.PID())())
}

func TestWhatAChildLeavesBehindGoesWithIt(t *testing.T) {
	t.Parallel()
	p, err := Start(shell("sleep 1000 >/dev/null 2>&1 & echo $!"))
	require.NoError(t, err)
	require.NoError(t, p.Wait())
	var pid int
	_, err = fmt.Sscan(p.Tail()[0], &pid)
	require.NoError(t, err)
	require.Eventually(t, gone(pid), 5*time.Second, 10*time.Millisecond)
}

func TestALeftoverIsEndedByTheNextStart(t *testing.T) {
	t.Parallel()
	spec := shell("exec sleep 1000")
	spec.PIDFile = filepath.Join(t.TempDir(), "run", "shell.pid")
	first, err := Start(spec)
	require.NoError(t, err)
	require.True(t, Runs(spec.PIDFile))
	require.NoError(t, EndLeftover(deadline(t), spec.PIDFile, time.Minute))
	<-first.Done()
	require.NoFileExists(t, spec.PIDFile)
	require.False(t, Runs(spec.PIDFile))
}

func TestACopyOfAPIDFileNamesNobody(t *testing.T) {
	t.Parallel()
	spec := shell("exec sleep 1000")
	spec.PIDFile = filepath.Join(t.TempDir(), "shell.pid")
	p, err := Start(spec)
	require.NoError(t, err)
	stopLater(t, p.Stop)
	text, err := os.ReadFile(spec.PIDFile)
	require.NoError(t, err)
	folder, err := filepath.EvalSymlinks(filepath.Dir(spec.PIDFile))
	require.NoError(t, err)
	require.Contains(t, string(text), folder)
	if boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		require.Contains(t, string(text), strings.TrimSpace(string(boot)))
	}
	copied := filepath.Join(t.TempDir(), "shell.pid")
	for _, content := range []string{string(text), strings.SplitAfter(string(text), "\n")[0]} {
		require.NoError(t, os.WriteFile(copied, []byte(content), 0o600))
		require.False(t, Runs(copied))
		require.NoError(t, EndLeftover(deadline(t), copied, time.Second))
		require.NoFileExists(t, copied)
	}
	require.True(t, Runs(spec.PIDFile))
	linked := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(folder, linked))
	require.True(t, Runs(filepath.Join(linked, "shell.pid")), "the same file by another path")
}

func TestAWaitForALeftoverEndsWithItsContext(t *testing.T) {
	t.Parallel()
	spec := shell("trap '' TERM; echo deaf; while :; do sleep 1; done")
	spec.PIDFile = filepath.Join(t.TempDir(), "shell.pid")
	p, err := Start(spec)
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	require.Eventually(t, func() bool { return len(p.Tail()) == 1 }, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, EndLeftover(ctx, spec.PIDFile, time.Hour), context.Canceled)
	require.False(t, gone(p.PID())())
}

func TestAReusedPIDIsLeftAlone(t *testing.T) {
	t.Parallel()
	p, err := Start(shell("exec sleep 1000"))
	require.NoError(t, err)
	stopLater(t, p.Stop)
	file := filepath.Join(t.TempDir(), "other.pid")
	for _, content := range []string{fmt.Sprintf("%d 15 another start time\n", p.PID()), "nonsense", "", "1 15 x"} {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		require.NoError(t, EndLeftover(deadline(t), file, time.Second))
		require.NoFileExists(t, file)
	}
	require.False(t, gone(p.PID())())
}

func TestLockHasOneHolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "lock")
	lock, err := Lock(path)
	require.NoError(t, err)
	_, err = Lock(path)
	var held *LockedError
	require.ErrorAs(t, err, &held)
	require.Equal(t, fmt.Sprint(os.Getpid()), held.PID)
	require.NoError(t, lock.Close())
	again, err := Lock(path)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func TestLineWriterPassesWholeLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	w := NewLineWriter(&out, func(line string) bool { return !strings.Contains(line, "secret") })
	for _, piece := range []string{"a", "b\nsec", "ret\r\nc\r", "\nrest"} {
		_, err := w.Write([]byte(piece))
		require.NoError(t, err)
	}
	w.Flush()
	require.Equal(t, "ab\nc\nrest\n", out.String())
	require.Equal(t, []string{"ab", "secret", "c", "rest"}, w.Tail())
}

func TestLineWriterIsBounded(t *testing.T) {
	t.Parallel()
	w := NewLineWriter(nil, nil)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 100 {
				_, _ = w.Write([]byte("line\n"))
			}
		})
	}
	group.Wait()
	require.Len(t, w.Tail(), tailLines)
	_, _ = w.Write([]byte(strings.Repeat("x", 3*lineLimit)))
	require.Less(t, len(w.part), lineLimit)
}
