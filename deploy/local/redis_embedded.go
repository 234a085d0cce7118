package local

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const embeddedTick = 50 * time.Millisecond

// StartEmbeddedRedis starts a stand-in for Redis inside this process and reports that on Out. It keeps
// no data between runs, is slower, and expires keys with a delay of up to 50 ms. Only the options
// Port and Out are used.
func StartEmbeddedRedis(_ context.Context, o RedisOptions) (*Redis, error) {
	sayf(o.Out, "no redis-server here: a stand-in inside this process does its work (it keeps nothing between runs)")
	return startOnPort(o.Port, func(port int) (*Redis, error) {
		server := miniredis.NewMiniRedis()
		if err := server.StartAddr(address(port)); err != nil {
			return nil, fmt.Errorf("start the stand-in for Redis: %w", err)
		}
		e := &embedded{server: server, stop: make(chan struct{}), done: make(chan struct{})}
		go e.live()
		return &Redis{port: port, embedded: true, server: e}, nil
	})
}

type embedded struct {
	server *miniredis.Miniredis
	once   sync.Once
	stop   chan struct{}
	done   chan struct{}
}

// live advances the clock of the stand-in, which does not run by itself.
func (e *embedded) live() {
	defer close(e.done)
	defer e.server.Close()
	ticker := time.NewTicker(embeddedTick)
	defer ticker.Stop()
	for last := time.Now(); ; {
		select {
		case <-e.stop:
			return
		case now := <-ticker.C:
			e.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

func (e *embedded) Done() <-chan struct{} { return e.done }

func (e *embedded) Wait() error {
	<-e.done
	return nil
}

func (e *embedded) Tail() []string { return nil }

func (e *embedded) Stop(context.Context) error {
	e.Kill()
	return e.Wait()
}

func (e *embedded) Kill() { e.once.Do(func() { close(e.stop) }) }
