package local

import (
	"errors"
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStartIsTriedAgainWhereThatMayHelp(t *testing.T) {
	t.Parallel()
	inUse, other := errors.New("listen: bind: Address already in use"), errors.New("no such file")
	taken, err := net.Listen("tcp", loopback+":0")
	require.NoError(t, err)
	defer taken.Close()
	_, text, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)
	held, err := strconv.Atoi(text)
	require.NoError(t, err)
	free, err := FreePort()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		wanted, port int
		err          error
		again        bool
	}{
		"ours to choose, held for a moment": {0, free, inUse, true},
		"ours to choose, held for good":     {0, held, other, true},
		"ours to choose, another fault":     {0, free, other, false},
		"wanted, held for a moment":         {free, free, inUse, true},
		"wanted, held for good":             {held, held, inUse, false},
		"wanted, another fault":             {free, free, other, false},
	} {
		require.Equal(t, c.again, worthAnother(c.wanted, c.port, c.err), name)
	}
}
