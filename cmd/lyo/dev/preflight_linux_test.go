package dev

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestALowPortNeedsPermission gives up the right to listen on it, for one thread that ends with the test.
func TestALowPortNeedsPermission(t *testing.T) {
	t.Parallel()
	if lowest, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); err != nil || strings.TrimSpace(string(lowest)) != "1024" {
		t.Skip("everybody may listen on low ports here")
	}
	failed := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for good: the thread is thrown away
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var capabilities [2]unix.CapUserData // none
		if err := unix.Capset(&header, &capabilities[0]); err != nil {
			failed <- err
			return
		}
		failed <- wantedPort{"the API", 81, "LYO_HTTP_PORT"}.check()
	}()
	err := <-failed
	require.ErrorContains(t, err, "permission")
	require.ErrorContains(t, err, "set LYO_HTTP_PORT to a higher port")
	require.NotContains(t, err.Error(), "taken")
}
