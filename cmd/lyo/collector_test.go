package main

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheCollectorRunsSeldomWhereMemoryIsLimited(t *testing.T) { //nolint:paralleltest // it changes the process
	usual, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	t.Cleanup(func() {
		debug.SetGCPercent(usual)
		debug.SetMemoryLimit(limit)
	})
	for _, c := range []struct {
		limit   int64
		environ []string
		want    int
	}{
		{math.MaxInt64, nil, 100},
		{1 << 30, []string{"GOMEMLIMIT=1GiB"}, seldom},
		{1 << 30, []string{"GOMEMLIMIT=1GiB", "GOGC=100"}, 100},
	} {
		debug.SetGCPercent(100)
		debug.SetMemoryLimit(c.limit)
		collectSeldom(c.environ)
		require.Equal(t, c.want, debug.SetGCPercent(100), "%v", c)
	}
}
