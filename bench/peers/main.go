// Command peers is other programs that do what some part of Lyo does, for bench to stand beside: PocketBase with a
// collection of posts, and the queues River and asynq behind a handler of awards. It is a module of its own so that
// Lyo does not depend on any of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings are where a peer listens and what it stands on.
type settings struct {
	name, address, database, redis, dir string
	posts                               int
}

func main() {
	var s settings
	flag.StringVar(&s.name, "be", "", "river, asynq or pocketbase")
	flag.StringVar(&s.address, "address", "127.0.0.1:0", "where it listens")
	flag.StringVar(&s.database, "database", "", "of Postgres, for the queues")
	flag.StringVar(&s.redis, "redis", "", "for the queues")
	flag.StringVar(&s.dir, "dir", "", "of PocketBase's data")
	flag.IntVar(&s.posts, "posts", 0, "so many are in PocketBase at the start")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called just above
	}
}

func (s settings) run(ctx context.Context) error {
	switch s.name {
	case "pocketbase":
		return servePocketBase(ctx, s)
	case "river":
		return s.serveAwards(ctx, startRiver)
	case "asynq":
		return s.serveAwards(ctx, startAsynq)
	}
	return fmt.Errorf("there is no peer %q", s.name)
}

// serve serves until ctx ends.
func (s settings) serve(ctx context.Context, handler http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
