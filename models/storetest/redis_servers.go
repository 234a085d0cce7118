package storetest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/deploy/local"
)

// RedisServer starts redis-server with arguments of the test's own, such as --cluster-enabled yes, on a port of the
// loopback, and waits until it answers a client of the options. It ends with the test, or when the test kills it.
func RedisServer(t testing.TB, port int, options *redis.Options, args ...string) *local.Process {
	t.Helper()
	binary, err := local.FindRedis(t.Context(), local.Finder{StateDir: os.Getenv("TEST_STATE_DIR"), Offline: true})
	if err != nil {
		t.Skip("this test needs a real redis-server:", err)
	}
	env := os.Environ()
	if libraries := local.LibraryPath(filepath.Dir(binary)); libraries != "" {
		env = append(env, "LD_LIBRARY_PATH="+libraries)
	}
	args = append(args, "--bind", "127.0.0.1", "--daemonize", "no", "--dir", t.TempDir())
	process, err := local.Start(local.Spec{Name: "redis " + strconv.Itoa(port), Path: binary, Args: args, Env: env})
	require.NoError(t, err)
	t.Cleanup(func() {
		process.Kill()
		_ = process.Wait() // a killed process reports that it was killed
	})
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	require.Eventually(t, func() bool { return client.Ping(context.Background()).Err() == nil }, 20*time.Second, 20*time.Millisecond, "%v", process.Tail())
	return process
}
