package storetest

import (
	"os"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/deploy/local"
)

// A test uses a real Redis: Redis, or OwnRedis where it damages the server.
// There are three exceptions:
//   - EmbeddedRedis is what lyo dev falls back to. What has to work on it as well
//     is tested on both.
//   - FakeRedis has a clock that the test moves.
//   - GoneRedis is a client without a server.
//
// A Redis that is cut off or stands still is a real one behind a connection that
// the test controls.

// RedisURL returns the address of a real Redis server. Tests share it, so keys must
// contain something of the test's own. Where no real Redis can be had the test
// is skipped, saying so.
func RedisURL(t testing.TB) string {
	t.Helper()
	u := os.Getenv("TEST_REDIS_URL")
	if u == "" {
		t.Skip("TEST_REDIS_URL is not set: this test needs a real Redis")
	}
	return u
}

// Redis returns a client of the server of RedisURL, closed when the test ends.
func Redis(t testing.TB) *redis.Client {
	t.Helper()
	return RedisAt(t, RedisURL(t))
}

// RedisAt returns a client of the server at an address, closed when the test ends.
// It does not retry, so the test sees every failure.
func RedisAt(t testing.TB, url string) *redis.Client {
	t.Helper()
	options := RedisOptions(t, url)
	options.MaxRetries = -1
	return redisClient(t, options)
}

// RedisOptions returns the options of the program for a server at an address.
func RedisOptions(t testing.TB, url string) *redis.Options {
	t.Helper()
	options, err := redis.ParseURL(url)
	require.NoError(t, err)
	options.ContextTimeoutEnabled = true
	return options
}

// GoneRedis returns a client of an address where no server listens.
func GoneRedis(t testing.TB) *redis.Client {
	t.Helper()
	return RedisAt(t, "redis://127.0.0.1:1/0")
}

func redisClient(t testing.TB, options *redis.Options) *redis.Client {
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// OwnRedis starts a real, empty server that the test alone uses and may stop, empty
// or misconfigure. It ends with the test.
func OwnRedis(t testing.TB) *local.Redis {
	t.Helper()
	return OwnRedisOn(t, 0)
}

// OwnRedisOn is OwnRedis on a given port, such as that of a server that was stopped.
func OwnRedisOn(t testing.TB, port int) *local.Redis {
	t.Helper()
	binary, err := local.FindRedis(t.Context(), local.Finder{StateDir: os.Getenv("TEST_STATE_DIR"), Offline: true})
	if err != nil {
		t.Skip("this test needs a real redis-server:", err)
	}
	server, err := local.StartRedis(t.Context(), local.RedisOptions{Binary: binary, Port: port, Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { killRedis(server) })
	return server
}

// EmbeddedRedis starts the stand-in for Redis that lyo dev uses where there is no
// redis-server. It ends with the test.
func EmbeddedRedis(t testing.TB) *local.Redis {
	t.Helper()
	server, err := local.StartEmbeddedRedis(t.Context(), local.RedisOptions{Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { killRedis(server) })
	return server
}

func killRedis(server *local.Redis) {
	server.Kill()
	_ = server.Wait() // a killed process reports that it was killed
}

// FakeRedis starts a fake whose keys expire only when the test calls FastForward.
func FakeRedis(t testing.TB) *miniredis.Miniredis {
	t.Helper()
	return miniredis.RunT(t)
}
