package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/lyoapp/lyo/config"
)

// The schemes of a Redis that Sentinel watches over. The others are those of the client's library.
const (
	sentinelScheme    = "redis-sentinel://"
	sentinelTLSScheme = "rediss-sentinel://"
)

var (
	errRedisURL = errors.New("REDIS_URL is not a Redis address: redis://user:password@host:6379/0, rediss:// with TLS, " +
		"or redis-sentinel://user:password@host:26379,host:26379/master/0") // a library's error may contain the password
	errCluster = errors.New("REDIS_URL leads to a Redis Cluster, which Lyo does not use, since its boards need their keys on one server: " +
		"name a single Redis, or for one that fails over redis-sentinel://host:26379,host:26379/master")
)

// openRedis returns a client of the Redis of the settings; nil where there is none. It contacts no server yet. A
// node of a Redis Cluster is refused whenever a connection is made to it.
func openRedis(cfg config.Redis, log *slog.Logger) (redis.UniversalClient, error) {
	if cfg.URL == "" {
		return nil, nil //nolint:nilnil // Redis is optional: nil means none
	}
	redis.SetLogger(redisLog{log}) // otherwise the library logs to stderr
	address := cfg.URL.Reveal()
	if strings.HasPrefix(address, sentinelScheme) || strings.HasPrefix(address, sentinelTLSScheme) {
		options, err := sentinelOptions(address)
		if err != nil {
			return nil, err
		}
		return redis.NewFailoverClient(options), nil
	}
	if _, hosts, _ := cutAddress(address); strings.Contains(hosts, ",") {
		return nil, errCluster
	}
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, errRedisURL
	}
	options.ContextTimeoutEnabled = true
	options.DialTimeout = time.Second
	options.OnConnect = refuseCluster
	return redis.NewClient(options), nil
}

// cutAddress splits the address of several servers, which net/url does not read.
func cutAddress(address string) (user, hosts, path string) {
	_, rest, _ := strings.Cut(address, "://")
	hosts, path, _ = strings.Cut(rest, "/")
	if at := strings.LastIndexByte(hosts, '@'); at >= 0 {
		user, hosts = hosts[:at+1], hosts[at+1:]
	}
	return user, hosts, path
}

// sentinelOptions reads redis-sentinel://[user:password@]host:port,host:port/master[/db][?options], with the
// options of a redis:// address, and sentinel_username and sentinel_password for the Sentinels themselves.
func sentinelOptions(address string) (*redis.FailoverOptions, error) {
	user, hosts, path := cutAddress(address)
	path, query, _ := strings.Cut(path, "?")
	master, db, _ := strings.Cut(path, "/")
	values, err := url.ParseQuery(query)
	if err != nil || master == "" || hosts == "" {
		return nil, errRedisURL
	}
	name, password := values.Get("sentinel_username"), values.Get("sentinel_password")
	values.Del("sentinel_username")
	values.Del("sentinel_password")
	sentinels := strings.Split(hosts, ",")
	if slices.Contains(sentinels, "") {
		return nil, errRedisURL
	}
	scheme := "redis://"
	if strings.HasPrefix(address, sentinelTLSScheme) {
		scheme = "rediss://"
	}
	o, err := redis.ParseURL(scheme + user + sentinels[0] + "/" + db + "?" + values.Encode())
	if err != nil {
		return nil, errRedisURL
	}
	if o.TLSConfig != nil {
		o.TLSConfig.ServerName = "" // of the server that is connected to: the Sentinels name the master
	}
	return &redis.FailoverOptions{
		MasterName: master, SentinelAddrs: sentinels, SentinelUsername: name, SentinelPassword: password,
		Username: o.Username, Password: o.Password, DB: o.DB, TLSConfig: o.TLSConfig, OnConnect: refuseCluster,
		ContextTimeoutEnabled: true, DialTimeout: time.Second, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		MaxRetries: o.MaxRetries, PoolSize: o.PoolSize, MinIdleConns: o.MinIdleConns,
	}, nil
}

// refuseCluster refuses a node of a Redis Cluster. A server that does not say what it is, is taken for none.
func refuseCluster(ctx context.Context, conn *redis.Conn) error {
	info, err := conn.Info(ctx, "cluster").Result()
	if err == nil && strings.Contains(info, "cluster_enabled:1") {
		return errCluster
	}
	return nil
}

// askWithin bounds what a start waits for Redis.
const askWithin = time.Second

// checkCluster returns errCluster if the Redis of the settings answers and is a node of a cluster.
func checkCluster(ctx context.Context, server redis.UniversalClient) error {
	if server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if err := server.Ping(ctx).Err(); errors.Is(err, errCluster) {
		return err
	}
	return nil
}

// checkRedis checks REDIS_URL, and asks the server if there is one.
func checkRedis(ctx context.Context, cfg config.Redis) error {
	server, err := openRedis(cfg, slog.New(slog.DiscardHandler))
	if err != nil || server == nil {
		return err
	}
	return errors.Join(checkCluster(ctx, server), server.Close())
}

// redisLog receives the Redis client's messages. Failures are reported by its callers anyway.
type redisLog struct{ log *slog.Logger }

// Printf logs at debug level.
func (l redisLog) Printf(ctx context.Context, format string, values ...any) {
	l.log.DebugContext(ctx, fmt.Sprintf(format, values...))
}
