package realtime

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// ear listens, over one connection, for news of the tasks this process watches.
// What it misses is found by the watchers' own looks, so it only saves time.
type ear struct {
	redis  redis.UniversalClient
	nudge  func(uuid.UUID)
	once   sync.Once
	signal chan struct{} // holds one

	mu      sync.Mutex
	pending map[string]bool // channel -> wanted; not yet told to Redis
}

func newEar(client redis.UniversalClient, nudge func(uuid.UUID)) *ear {
	return &ear{redis: client, nudge: nudge, signal: make(chan struct{}, 1), pending: map[string]bool{}}
}

// want changes what is listened to, soon and without waiting.
func (e *ear) want(task uuid.UUID, on bool) {
	e.mu.Lock()
	e.pending[channelOf(task)] = on
	e.mu.Unlock()
	select {
	case e.signal <- struct{}{}:
	default:
	}
}

// listen runs until ctx ends. The subscription is made again by the client
// whenever the connection is. While Redis is away it may end a few seconds late.
func (e *ear) listen(ctx context.Context) {
	news := e.redis.Subscribe(ctx)
	messages := news.Channel(
		redis.WithChannelSize(1024), redis.WithChannelSendTimeout(time.Second),
		redis.WithChannelPingTimeout(time.Second), redis.WithChannelReconnectTimeout(time.Second))
	defer func() {
		_ = news.Close()
		for range messages { // until the client's goroutine has ended
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.signal:
			e.apply(ctx, news)
		case m, open := <-messages:
			if !open {
				return
			}
			if task, err := uuid.Parse(m.Payload); err == nil {
				e.nudge(task)
			}
		}
	}
}

func (e *ear) apply(ctx context.Context, news *redis.PubSub) {
	e.mu.Lock()
	pending := e.pending
	e.pending = map[string]bool{}
	e.mu.Unlock()
	var on, off []string
	for channel, wanted := range pending {
		if wanted {
			on = append(on, channel)
		} else {
			off = append(off, channel)
		}
	}
	bounded, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	// After an error the client subscribes as soon as it is connected again.
	if len(on) > 0 {
		_ = news.Subscribe(bounded, on...)
	}
	if len(off) > 0 {
		_ = news.Unsubscribe(bounded, off...)
	}
}
