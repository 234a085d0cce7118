package realtime

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func (c *client) parted() {
	c.t.Helper()
	m := c.read()
	require.Equal(c.t, string(AuthError), m.Type)
	require.NotEmpty(c.t, m.Error)
	_, closing := c.rest()
	require.Equal(c.t, CloseUnauthorized, closing.Code)
}

// stays checks that the socket is open and answered.
func (c *client) stays() {
	c.t.Helper()
	c.send(`{"type":"ping"}`)
	require.Equal(c.t, "pong", c.read().Type)
}

func TestSocketsEndWithTheirSignInInEveryProcess(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		f := newFake()
		f.report(1, false)
		o := patient()
		o.CatchUp = 50 * time.Millisecond
		c := newCluster(t, s, f, 2, o)
		gone, other := uuid.New(), uuid.New()
		var leaving, staying []*client
		var servers []*server
		for _, hub := range c.hubs {
			server := newServer(t, hub, f.task)
			servers = append(servers, server)
			for range 2 {
				leaving = append(leaving, server.dial(t, "/0?sign_in="+gone.String()+"&user="+uuid.NewString()))
			}
			staying = append(staying, server.dial(t, "/0?sign_in="+other.String()+"&user="+uuid.NewString()))
		}
		for _, client := range append(append([]*client{}, leaving...), staying...) {
			require.EqualValues(t, 1, client.read().Seq)
		}
		bus, _ := s.client(t)
		require.Eventually(t, func() bool {
			return bus.PubSubNumSub(context.Background(), endedChannel).Val()[endedChannel] >= 2
		}, 10*time.Second, 5*time.Millisecond)
		c.hubs[0].EndSignIns(t.Context(), uuid.New(), gone)
		for _, server := range servers { // for one that listens only now, since other tests are on the bus too
			server.over.Store(gone, true)
		}
		for _, client := range leaving {
			client.parted()
		}
		for _, client := range staying {
			client.stays()
		}
		for _, hub := range c.hubs {
			require.Eventually(t, func() bool { return hub.Connections() == 1 }, 10*time.Second, 5*time.Millisecond)
		}
	})
}

// alone returns the options of a process without Redis.
func alone(f *fake) Options { return quick(source{f, "alone"}) }

func TestWithoutRedisSocketsEndHere(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(1, false)
	hub := newHub(t, alone(f))
	server := newServer(t, hub, f.task)
	gone := uuid.New()
	client := server.dial(t, "/0?sign_in="+gone.String())
	require.EqualValues(t, 1, client.read().Seq)
	hub.EndSignIns(t.Context(), gone)
	client.parted()
}

func TestAfterATimeOfNotHearingEverySocketAsks(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(1, false)
	hub := newHub(t, alone(f))
	server := newServer(t, hub, f.task)
	gone, other := uuid.New(), uuid.New()
	leaving := server.dial(t, "/0?sign_in="+gone.String()+"&user="+uuid.NewString())
	staying := server.dial(t, "/0?sign_in="+other.String()+"&user="+uuid.NewString())
	require.EqualValues(t, 1, leaving.read().Seq)
	require.EqualValues(t, 1, staying.read().Seq)
	server.over.Store(gone, true)
	hub.subscriber = newSubscriber(nil, callbacks{subscribed: hub.recheck})
	hub.subscriber.take(&redis.Subscription{Kind: "subscribe", Channel: endedChannel})
	leaving.parted()
	staying.stays()
}
