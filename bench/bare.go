package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lyoapp/lyo/deploy/local"
)

// bareFlags make this program run one of the bare counterparts, in a process of its
// own like Lyo.
type bareFlags struct {
	name, address, database, redis, temporal, viewer, bodies string
}

func (f *bareFlags) define() {
	flag.StringVar(&f.name, "bare", "", "be a bare counterpart; for the program's own use")
	flag.StringVar(&f.address, "address", "", "of the bare counterpart")
	flag.StringVar(&f.database, "database", "", "for the bare counterpart")
	flag.StringVar(&f.redis, "redis", "", "for the bare counterpart")
	flag.StringVar(&f.temporal, "temporal", "", "for the bare counterpart")
	flag.StringVar(&f.viewer, "viewer", "", "of the bare counterpart of posts and feeds")
	flag.StringVar(&f.bodies, "bodies", "", "a folder with what the bare counterpart of feeds answers")
}

// bares returns the counterparts, each as a handler made from the flags.
func bares() map[string]func(context.Context, bareFlags) (http.Handler, error) {
	return map[string]func(context.Context, bareFlags) (http.Handler, error){
		"net/http":   bareHTTP,
		"gin":        bareGin,
		"hub":        bareHub,
		"lyo's hub":  lyoHub,
		"activities": bareActivities,
		"posts":      barePosts,
		"board":      bareBoard,
		"feed":       bareFeed,
		"award":      leastLedger,
	}
}

// serve serves until ctx ends.
func (f bareFlags) serve(ctx context.Context) error {
	build, ok := bares()[f.name]
	if !ok {
		return fmt.Errorf("there is no bare %q", f.name)
	}
	handler, err := build(ctx, f)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// startBare runs a counterpart and waits until it responds. more are further flags.
func startBare(ctx context.Context, name string, more ...string) (*target, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	port, err := local.FreePort()
	if err != nil {
		return nil, err
	}
	address := "127.0.0.1:" + strconv.Itoa(port)
	p, err := local.Start(local.Spec{Name: name, Path: self, Args: append([]string{"-bare", name, "-address", address}, more...), Out: os.Stderr})
	if err != nil {
		return nil, err
	}
	t := &target{process: p, base: "http://" + address}
	waiting, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := local.AwaitReady(waiting, p, t.alive); err != nil {
		t.stop()
		return nil, err
	}
	return t, nil
}

const livePath = "/v1/health/live"

// live is a body of the same size as Lyo's.
var live = []byte(`{"status":"healthy","timestamp":"2026-11-01T12:00:00.000000Z","version":"1.0.0"}` + "\n")

func answerLive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = bytes.NewReader(live).WriteTo(w) // the client may be gone
}

func bareHTTP(context.Context, bareFlags) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+livePath, answerLive)
	return mux, nil
}

func bareGin(context.Context, bareFlags) (http.Handler, error) { return bareRouter(), nil }

// poolUntil returns a connection pool that is closed when ctx ends.
func poolUntil(ctx context.Context, database string) (*pgxpool.Pool, error) {
	pool, err := pgxpool.New(ctx, database)
	if err == nil {
		context.AfterFunc(ctx, pool.Close)
	}
	return pool, err
}

// bareRouter returns a Gin router without middleware, with a health route.
func bareRouter() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.GET(livePath, func(c *gin.Context) { c.Data(http.StatusOK, "application/json", live) })
	return router
}
