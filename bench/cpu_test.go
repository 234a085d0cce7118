package main

import (
	"bufio"
	"context"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStatOfAProcess(t *testing.T) {
	t.Parallel()
	got, err := parseStat("42 (a (strange) name) S 7 42 42 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 99")
	require.NoError(t, err)
	require.Equal(t, stat{parent: 7, ticks: 127}, got)

	_, err = parseStat("42 (short) S 7")
	require.Error(t, err)
}

// TestCPUTimeOfEndedChildren has a child of a child work and end: its time counts for the process that is metered.
func TestCPUTimeOfEndedChildren(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("CPU times are read from /proc, which only Linux has")
	}
	shell := exec.CommandContext(t.Context(), "sh", "-c", `(i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done); echo done; read line`)
	in, err := shell.StdinPipe()
	require.NoError(t, err)
	out, err := shell.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, shell.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "done\n", line)

	used, err := meter{{"shell", shell.Process.Pid}}.read()
	require.NoError(t, err)
	require.GreaterOrEqual(t, used["shell"], 20*time.Millisecond)
	require.Positive(t, used[loader])

	require.NoError(t, in.Close())
	_ = shell.Wait() // read fails at the end of its input
	_, err = meter{{"shell", shell.Process.Pid}}.read()
	require.ErrorContains(t, err, "shell has ended")
}

// TestWorkIsOverWhenItIsSettled has work go on behind the answers: the sustained rate and the costs include it.
func TestWorkIsOverWhenItIsSettled(t *testing.T) {
	t.Parallel()
	answered, settled := 0, 0
	c := contender{name: "one", do: func(context.Context, int) error {
		answered++
		return nil
	}, settle: func(ctx context.Context) error {
		settled = answered
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
		return nil
	}}
	l, err := c.run(t.Context(), 1, time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, l.done, settled)
	require.GreaterOrEqual(t, l.whole-l.span, 20*time.Millisecond)
	require.Less(t, l.sustained(), l.rate())

	l = lap{done: 4, cpu: map[string]time.Duration{"api": 8, "worker": 4, loader: 40}}
	require.Equal(t, time.Duration(3), l.all())
	require.Equal(t, time.Duration(10), l.each(loader))
}
