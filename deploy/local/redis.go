package local

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// RedisOptions configures a Redis server.
type RedisOptions struct {
	Binary  string // from FindRedis; StartEmbeddedRedis needs none
	Port    int    // 0: a free one
	DataDir string // created if missing; needed only when Durable
	Durable bool   // keep the data in an append-only file, synced every second
	PIDFile string // none when empty
	Out     io.Writer
}

// Redis is a running server on 127.0.0.1, real or embedded.
type Redis struct {
	port     int
	embedded bool
	server   interface {
		Done() <-chan struct{}
		Wait() error
		Tail() []string
		Stop(ctx context.Context) error
		Kill()
	}
}

// StartRedis starts a real Redis and returns when it responds. ctx bounds the start
// only.
func StartRedis(ctx context.Context, o RedisOptions) (*Redis, error) {
	if o.DataDir != "" {
		if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("make Redis's data folder: %w", err)
		}
	}
	return startOnPort(o.Port, func(port int) (*Redis, error) {
		p, err := startReady(ctx, redisSpec(o, port), func(ctx context.Context, p *Process) error {
			return pingRedis(ctx, port, p.PID())
		})
		if err != nil {
			return nil, err
		}
		return &Redis{port: port, server: p}, nil
	})
}

func redisSpec(o RedisOptions, port int) Spec {
	args := []string{
		"--bind", loopback, "--port", strconv.Itoa(port), "--daemonize", "no",
		"--loglevel", "warning", "--save", "", "--appendonly", "no",
	}
	if o.Durable {
		args = append(args, "--appendonly", "yes", "--dir", o.DataDir)
	}
	env := os.Environ()
	if libraries := LibraryPath(filepath.Dir(o.Binary)); libraries != "" {
		env = append(env, "LD_LIBRARY_PATH="+libraries)
	}
	return Spec{
		Name: "redis", Path: o.Binary, Args: args, Dir: "/", Env: env, Out: o.Out,
		PIDFile: o.PIDFile, Show: redisTrouble,
	}
}

// redisTrouble filters the usual messages of Redis at start and stop.
func redisTrouble(line string) bool {
	for _, usual := range []string{
		"overcommit_memory", "Redis is starting", "Redis version=", "onfiguration loaded", "Server initialized",
		"scheduling shutdown", "User requested shutdown", "ready to exit",
	} {
		if strings.Contains(line, usual) {
			return false
		}
	}
	return true
}

// pingRedis checks that the server on the port is the one that was started.
func pingRedis(ctx context.Context, port, pid int) error {
	client := redis.NewClient(&redis.Options{
		Addr: address(port), MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true,
	})
	defer func() { _ = client.Close() }()
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		return fmt.Errorf("ask Redis: %w", err)
	}
	if !strings.Contains(info, fmt.Sprintf("process_id:%d\r", pid)) {
		return fmt.Errorf("another Redis listens on port %d", port)
	}
	return nil
}

// URL returns the connection string, database 0.
func (r *Redis) URL() string { return "redis://" + address(r.port) + "/0" }

// Port returns the TCP port on 127.0.0.1.
func (r *Redis) Port() int { return r.port }

// Embedded reports whether this is the stand-in inside this process.
func (r *Redis) Embedded() bool { return r.embedded }

// Done returns a channel that is closed when the server has ended.
func (r *Redis) Done() <-chan struct{} { return r.server.Done() }

// Wait waits until the server has ended and returns its error.
func (r *Redis) Wait() error { return r.server.Wait() }

// Tail returns the server's last lines of output.
func (r *Redis) Tail() []string { return r.server.Tail() }

// Stop ends the server; see Process.Stop.
func (r *Redis) Stop(ctx context.Context) error { return r.server.Stop(ctx) }

// Kill ends the server at once.
func (r *Redis) Kill() { r.server.Kill() }
