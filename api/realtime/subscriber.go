package realtime

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// subscriber receives, over one connection, notices of new events of the watched
// tasks and of ended sign-ins. The watchers' own polls and the sockets' heartbeats
// find what it misses, so it only saves time.
type subscriber struct {
	redis  redis.UniversalClient
	heard  heard
	once   sync.Once
	signal chan struct{} // buffers one

	mu      sync.Mutex
	pending map[string]bool // channel -> wanted; not yet sent to Redis
}

// heard has the callbacks for received messages. None of them blocks.
type heard struct {
	news  func(task uuid.UUID)
	ended func(signIn uuid.UUID)
	again func() // the subscription began, perhaps after a gap
}

func newSubscriber(client redis.UniversalClient, heard heard) *subscriber {
	return &subscriber{redis: client, heard: heard, signal: make(chan struct{}, 1), pending: map[string]bool{}}
}

// want changes the subscriptions, soon and without waiting.
func (e *subscriber) want(task uuid.UUID, on bool) {
	e.mu.Lock()
	e.pending[channelOf(task)] = on
	e.mu.Unlock()
	select {
	case e.signal <- struct{}{}:
	default:
	}
}

// listen runs until ctx ends. The client subscribes again after each reconnect. While
// Redis is away it may end a few seconds late.
func (e *subscriber) listen(ctx context.Context) {
	news := e.redis.Subscribe(ctx, endedChannel)
	messages := news.ChannelWithSubscriptions(
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
			e.take(m)
		}
	}
}

// take handles a message or the notice of a subscription.
func (e *subscriber) take(message any) {
	switch m := message.(type) {
	case *redis.Subscription:
		if m.Kind == "subscribe" && m.Channel == endedChannel {
			e.heard.again()
		}
	case *redis.Message:
		id, err := uuid.Parse(m.Payload)
		switch {
		case err != nil:
		case m.Channel == endedChannel:
			e.heard.ended(id)
		default:
			e.heard.news(id)
		}
	}
}

func (e *subscriber) apply(ctx context.Context, news *redis.PubSub) {
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
