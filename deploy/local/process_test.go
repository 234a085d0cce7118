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
	second, err := Start(spec)
	require.NoError(t, err)
	<-first.Done()
	require.NoError(t, second.Stop(deadline(t)))
	require.NoFileExists(t, spec.PIDFile)
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
