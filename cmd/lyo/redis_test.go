package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/storetest"
)

func redisOf(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	client, err := openRedis(config.Redis{URL: config.Secret(url)}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestAddressesOfRedis(t *testing.T) {
	t.Parallel()
	o, err := sentinelOptions("rediss-sentinel://lyo:p%40ss@one:26379,two:26380/main/3?pool_size=7&sentinel_password=s")
	require.NoError(t, err)
	require.Equal(t, []any{"main", []string{"one:26379", "two:26380"}, "lyo", "p@ss", 3, 7, "s"},
		[]any{o.MasterName, o.SentinelAddrs, o.Username, o.Password, o.DB, o.PoolSize, o.SentinelPassword})
	require.NotNil(t, o.TLSConfig)
	require.Empty(t, o.TLSConfig.ServerName)
	for url, refusal := range map[string]error{
		"redis-sentinel://one:26379":                errRedisURL,
		"redis-sentinel://one:26379,/main":          errRedisURL,
		"redis-sentinel://one:26379/main/x":         errRedisURL,
		"http://one:6379":                           errRedisURL,
		"redis://lyo:secret@one:6379,two:6379/0":    errCluster,
		"rediss://lyo:secret@one:6379,two:6379":     errCluster,
		"redis-sentinel://:secret@one:26379/a?db=%": errRedisURL,
	} {
		_, err := openRedis(config.Redis{URL: config.Secret(url)}, slog.New(slog.DiscardHandler))
		require.ErrorIs(t, err, refusal, url)
		require.NotContains(t, err.Error(), "secret")
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := local.FreePort()
	require.NoError(t, err)
	return port
}

func redisAt(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// TestAClusterIsRefused asks a real node of a Redis Cluster in every way.
func TestAClusterIsRefused(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	storetest.RedisServer(t, port, &redis.Options{Addr: redisAt(port)}, "--port", fmt.Sprint(port), "--cluster-enabled", "yes", "--save", "")
	require.ErrorIs(t, redisOf(t, "redis://"+redisAt(port)).Ping(t.Context()).Err(), errCluster)
	environ := []string{"REDIS_URL=redis://" + redisAt(port), "LYO_STATE_DIR=" + t.TempDir(), "DATABASE_URL=postgres://127.0.0.1:1/x"}
	for _, command := range [][]string{{"config", "check"}, {"api"}, {"worker"}, {"doctor"}} {
		var out bytes.Buffer
		cmd := root(environ, &out, &out)
		cmd.SetArgs(command)
		err := cmd.ExecuteContext(t.Context())
		require.Error(t, err, command)
		require.Contains(t, out.String()+err.Error(), "Redis Cluster, which Lyo does not use", "%v", command)
	}
	alone := freePort(t)
	storetest.RedisServer(t, alone, &redis.Options{Addr: redisAt(alone)}, "--port", fmt.Sprint(alone), "--save", "")
	require.NoError(t, checkRedis(t.Context(), config.Redis{URL: config.Secret("redis://" + redisAt(alone))}))
	require.NoError(t, checkRedis(t.Context(), config.Redis{URL: "redis://127.0.0.1:1"}), "it may come up later")
}

// TestRedisBehindSentinel kills the master of a replica that Sentinel promotes.
func TestRedisBehindSentinel(t *testing.T) {
	t.Parallel()
	main, spare, watch := freePort(t), freePort(t), freePort(t)
	secured := []string{"--save", "", "--requirepass", "w0rd", "--masterauth", "w0rd"}
	options := func(port int) *redis.Options { return &redis.Options{Addr: redisAt(port), Password: "w0rd"} }
	master := storetest.RedisServer(t, main, options(main), append([]string{"--port", fmt.Sprint(main)}, secured...)...)
	storetest.RedisServer(t, spare, options(spare), append([]string{"--port", fmt.Sprint(spare), "--replicaof", "127.0.0.1 " + fmt.Sprint(main)}, secured...)...)
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "port %d\nsentinel monitor lyo 127.0.0.1 %d 1\nsentinel auth-pass lyo w0rd\nsentinel down-after-milliseconds lyo 500\nsentinel failover-timeout lyo 5000\n", watch, main), 0o600))
	storetest.RedisServer(t, watch, &redis.Options{Addr: redisAt(watch)}, file, "--sentinel")
	client := redisOf(t, "redis-sentinel://:w0rd@127.0.0.1:1,"+redisAt(watch)+"/lyo/0")
	require.NoError(t, client.Set(t.Context(), "k", "before", 0).Err())
	heard := client.Subscribe(t.Context(), "news")
	defer func() { _ = heard.Close() }()
	_, err := heard.Receive(t.Context())
	require.NoError(t, err)

	sentinel := redis.NewSentinelClient(&redis.Options{Addr: redisAt(watch)})
	defer func() { _ = sentinel.Close() }()
	require.Eventually(t, func() bool { // it has seen the replica, which has caught up
		replicas, err := sentinel.Replicas(t.Context(), "lyo").Result()
		return err == nil && len(replicas) == 1 && replicas[0]["master-link-status"] == "ok"
	}, time.Minute, 50*time.Millisecond)
	master.Kill()
	<-master.Done()
	require.Eventually(t, func() bool {
		return client.Set(t.Context(), "k", "after", 0).Err() == nil
	}, time.Minute, 50*time.Millisecond)
	where, err := sentinel.GetMasterAddrByName(t.Context(), "lyo").Result()
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(spare), where[1])
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.Eventually(t, func() bool {
		_ = client.Publish(ctx, "news", "x").Err()
		select {
		case <-heard.Channel():
			return true
		default:
			return false
		}
	}, time.Minute, 50*time.Millisecond, "subscriptions follow")
}
