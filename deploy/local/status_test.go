package local

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLinesAreWrittenAboveTheStatus(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := NewStatusLine(&out)
	_, _ = s.Write([]byte("one\n"))
	s.Set("half")
	_, _ = s.Write([]byte("two\n"))
	s.Set("")
	require.Equal(t, "one\n"+clearLine+"half"+clearLine+"two\nhalf"+clearLine, out.String())
	out.Reset()
	s.Set(strings.Repeat("é", 100))
	require.LessOrEqual(t, len(out.String()), len(clearLine)+80, "it stays on one line")
}

func TestLongWorkSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var shown []string
	enough := make(chan struct{})
	f := Finder{Status: func(text string) {
		mu.Lock()
		defer mu.Unlock()
		if shown = append(shown, text); len(shown) == 2 {
			close(enough)
		}
	}}
	detail := func() string { return bar(39_000_000, 78_000_000) }
	err := f.report("downloading", detail, func() error { <-enough; return errors.New("cut off") })
	require.ErrorContains(t, err, "cut off")
	require.Regexp(t, `^downloading: [01]s, \[==========          \] 39.0 MB of 78.0 MB$`, shown[0])
	require.Empty(t, shown[len(shown)-1], "at the end it goes")
	require.Equal(t, "5.0 MB", bar(5_000_000, -1))
}

// TestABuildSaysWhatItCompiles has the go command's own words.
func TestABuildSaysWhatItCompiles(t *testing.T) {
	t.Parallel()
	var c compiled
	c.see("go: downloading go.temporal.io/server v1.29.1")
	require.Equal(t, "downloading go.temporal.io/server v1.29.1", c.String())
	cmd := exec.Command("/bin/sh", "-c", "echo google.golang.org/grpc; echo go.temporal.io/server/common >&2; exit 1")
	require.ErrorContains(t, runWatched(cmd, c.see), "go.temporal.io/server/common")
	require.Contains(t, c.String(), "2 packages, ")
}

// TestLongWorkEndsWithItsContext cuts a tool off that would run for long.
func TestLongWorkEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := Finder{}
	started := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := f.tool(ctx, "/bin/sh", "-c", "echo here; exec sleep 1000")
	go func() { <-started; cancel() }()
	begin := time.Now()
	err := f.report("working", func() string { return "" }, func() error {
		return runWatched(cmd, func(string) { close(started) })
	})
	require.Error(t, err)
	require.Less(t, time.Since(begin), time.Minute)
}
