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
	redis     redis.UniversalClient
	callbacks callbacks
	once      sync.Once
	signal    chan struct{} // buffers one

	mu      sync.Mutex
	pending map[string]bool // channel -> wanted; not yet sent to Redis
}

// callbacks has the callbacks for received messages. None of them blocks.
type callbacks struct {
	events      func(task uuid.UUID)
	signInEnded func(signIn uuid.UUID)
	subscribed  func() // the subscription began, perhaps after a gap
}

func newSubscriber(client redis.UniversalClient, c callbacks) *subscriber {
	return &subscriber{redis: client, callbacks: c, signal: make(chan struct{}, 1), pending: map[string]bool{}}
}

// want changes the subscriptions, soon and without waiting.
func (s *subscriber) want(task uuid.UUID, on bool) {
	s.mu.Lock()
	s.pending[channelOf(task)] = on
	s.mu.Unlock()
	select {
	case s.signal <- struct{}{}:
	default:
	}
}

// listen runs until ctx ends. The client subscribes again after each reconnect. While
// Redis is away it may end a few seconds late.
func (s *subscriber) listen(ctx context.Context) {
	subscription := s.redis.Subscribe(ctx, endedChannel)
	messages := subscription.ChannelWithSubscriptions(
		redis.WithChannelSize(1024), redis.WithChannelSendTimeout(time.Second),
		redis.WithChannelPingTimeout(time.Second), redis.WithChannelReconnectTimeout(time.Second))
	defer func() {
		_ = subscription.Close()
		for range messages { // until the client's goroutine has ended
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.signal:
			s.apply(ctx, subscription)
		case m, open := <-messages:
			if !open {
				return
			}
			s.take(m)
		}
	}
}

// take handles a message or the notice of a subscription.
func (s *subscriber) take(message any) {
	switch m := message.(type) {
	case *redis.Subscription:
		if m.Kind == "subscribe" && m.Channel == endedChannel {
			s.callbacks.subscribed()
		}
	case *redis.Message:
		id, err := uuid.Parse(m.Payload)
		switch {
		case err != nil:
		case m.Channel == endedChannel:
			s.callbacks.signInEnded(id)
		default:
			s.callbacks.events(id)
		}
	}
}

func (s *subscriber) apply(ctx context.Context, subscription *redis.PubSub) {
	s.mu.Lock()
	pending := s.pending
	s.pending = map[string]bool{}
	s.mu.Unlock()
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
		_ = subscription.Subscribe(bounded, on...)
	}
	if len(off) > 0 {
		_ = subscription.Unsubscribe(bounded, off...)
	}
}
