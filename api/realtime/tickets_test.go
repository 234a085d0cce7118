package realtime

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func TestATicketIsGoodOnce(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		redis, _ := s.client(t)
		tickets := NewTickets(redis)
		holder := Holder{UserID: uuid.New(), SessionID: uuid.New(), Roles: []string{"user"}}
		ticket, life, err := tickets.Issue(t.Context(), holder)
		require.NoError(t, err)
		require.Equal(t, 30*time.Second, life)
		require.Zero(t, redis.Exists(t.Context(), "lyo:ticket:"+ticket).Val())
		left := redis.PTTL(t.Context(), ticketKey(ticket)).Val()
		require.Positive(t, left)
		require.LessOrEqual(t, left, life)
		var redeemed atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				got, err := tickets.Redeem(t.Context(), ticket)
				if err == nil && got.UserID == holder.UserID && got.SessionID == holder.SessionID {
					redeemed.Add(1)
				} else if store.CodeOf(err) != store.Unauthenticated {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.Equal(t, int32(1), redeemed.Load())
	})
}

func TestATicketGetsOld(t *testing.T) {
	t.Parallel()
	server := storetest.FakeRedis(t)
	client := storetest.RedisAt(t, "redis://"+server.Addr())
	tickets := NewTickets(client)
	ticket, life, err := tickets.Issue(t.Context(), Holder{UserID: uuid.New()})
	require.NoError(t, err)
	server.FastForward(life)
	_, err = tickets.Redeem(t.Context(), ticket)
	require.Equal(t, store.Unauthenticated, store.CodeOf(err))
	_, err = tickets.Redeem(t.Context(), "")
	require.Equal(t, store.Unauthenticated, store.CodeOf(err))
}

func TestNoTicketsWithoutRedis(t *testing.T) {
	t.Parallel()
	client, wire := storeAt(t, storetest.RedisURL(t)).client(t)
	wire.cut(true)
	for _, tickets := range []*Tickets{NewTickets(client), NewTickets(nil)} {
		_, _, err := tickets.Issue(t.Context(), Holder{})
		require.Equal(t, store.Unavailable, store.CodeOf(err))
		_, err = tickets.Redeem(t.Context(), "x")
		require.Equal(t, store.Unavailable, store.CodeOf(err))
	}
}
