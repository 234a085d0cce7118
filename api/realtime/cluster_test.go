package realtime

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/storetest"
)

// cluster is some API processes over one Redis.
type cluster struct {
	t     *testing.T
	store redisStore
	fake  *fake
	hubs  []*Hub
	wires []*wire
}

func newCluster(t *testing.T, s redisStore, f *fake, hubs int, options Options) *cluster {
	c := &cluster{t: t, store: s, fake: f}
	for i := range hubs {
		c.add(options, fmt.Sprint("hub", i))
	}
	return c
}

func (c *cluster) add(o Options, name string) *Hub {
	client, wire := c.store.client(c.t)
	o.Source, o.Redis = source{c.fake, name}, client
	hub := newHub(c.t, o)
	c.hubs, c.wires = append(c.hubs, hub), append(c.wires, wire)
	return hub
}

// wipe empties Redis.
func (c *cluster) wipe() {
	client, _ := c.store.client(c.t)
	require.NoError(c.t, client.Del(context.Background(), leaseKey(c.fake.task), eventsKey(c.fake.task)).Err())
	require.NoError(c.t, client.ScriptFlush(context.Background()).Err())
}

// crash stops a hub without releasing anything in Redis.
func (c *cluster) crash(i int) {
	c.wires[i].cut(true)
	closeHub(c.t, c.hubs[i])
}

// patient returns options with timeouts for a slow Redis on a busy machine.
func patient() Options {
	o := quick(nil)
	o.RedisTimeout, o.Lease, o.CatchUp = 10*time.Second, time.Minute, time.Minute
	return o
}

func TestOnlyOneProcessAsksAndTheOthersHear(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		f := newFake()
		c := newCluster(t, s, f, 3, patient())
		client, _ := s.client(t)
		for _, h := range c.hubs { // each has polled once, so one holds the lease
			place := h.Follow(f.task, 0)
			defer place.Close()
			_, _ = h.Latest(soon(t), f.task)
		}
		require.Eventually(t, func() bool {
			return client.PubSubNumSub(context.Background(), channelOf(f.task)).Val()[channelOf(f.task)] == 3
		}, 10*time.Second, 5*time.Millisecond)
		for seq := range int64(20) {
			f.report(1, seq == 19)
			for _, h := range c.hubs {
				e, ok := h.After(soon(t), f.task, seq)
				require.True(t, ok)
				require.Equal(t, seq+1, e.Seq)
			}
		}
		f.change(func(f *fake) {
			require.Len(t, f.queried, 1, "processes that queried: %v", f.queried)
			t.Logf("20 events, 3 processes, queries: %v, reads of rows: %d", f.queried, f.read)
		})
	})
}

// TestACopyDoesNotSeeItsOriginalsEvents follows one task in a database and in its copy, where its work went another way.
func TestACopyDoesNotSeeItsOriginalsEvents(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		original, copied := newFake(), newFake()
		copied.task, original.database, copied.database = original.task, "original", "copy"
		original.report(5, true)
		copied.report(3, true)
		first := newCluster(t, s, original, 1, patient()).hubs[0]
		require.Equal(t, upTo(0, 5), readAll(t, first, original.task, 0))
		second := newCluster(t, s, copied, 2, patient()) // a watcher of the copy finds no lease taken, and no event shared
		for _, h := range second.hubs {
			require.Equal(t, upTo(0, 3), readAll(t, h, copied.task, 0))
		}
		later := newCluster(t, s, original, 1, patient()).hubs[0]
		require.Equal(t, upTo(0, 5), readAll(t, later, original.task, 0))
	})
}

func TestTheNextProcessTakesOver(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		for _, crash := range []bool{true, false} {
			f := newFake()
			o := patient()
			o.Lease = 300 * time.Millisecond
			c := newCluster(t, s, f, 2, o)
			f.report(3, false)
			_, ok := c.hubs[0].After(soon(t), f.task, 2) // the first holds the lease
			require.True(t, ok)
			place := c.hubs[1].Follow(f.task, 0)
			defer place.Close()
			if crash {
				c.crash(0)
			} else {
				closeHub(t, c.hubs[0])
			}
			f.report(3, true)
			require.Equal(t, upTo(0, 6), readAll(t, c.hubs[1], f.task, 0))
		}
	})
}

func TestAProcessThatSeesNothingLetsAnotherAsk(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		f := newFake()
		c := newCluster(t, s, f, 2, patient())
		f.report(2, false)
		_, ok := c.hubs[0].After(soon(t), f.task, 1) // the first holds the lease
		require.True(t, ok)
		place := c.hubs[1].Follow(f.task, 0)
		defer place.Close()
		f.change(func(f *fake) { f.unreachable = "hub0" })
		f.report(2, true)
		for _, h := range c.hubs {
			require.Equal(t, upTo(0, 4), readAll(t, h, f.task, 0))
		}
	})
}

func TestAWipedRedisIsFilledAgain(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		f := newFake()
		c := newCluster(t, s, f, 1, quick(nil))
		client, _ := s.client(t)
		place := c.hubs[0].Follow(f.task, 0)
		defer place.Close()
		shared := func(n int64) func() bool {
			return func() bool { return client.ZCard(context.Background(), eventsKey(f.task)).Val() == n }
		}
		f.report(4, false)
		require.Eventually(t, shared(4), 10*time.Second, 5*time.Millisecond)
		c.wipe()
		require.Eventually(t, shared(4), 10*time.Second, 5*time.Millisecond)
		f.report(2, true)
		require.Eventually(t, shared(6), 10*time.Second, 5*time.Millisecond)
		require.Positive(t, client.PTTL(context.Background(), eventsKey(f.task)).Val())
	})
}

func TestRedisStopsAndComesBackEmpty(t *testing.T) {
	t.Parallel()
	server := storetest.OwnRedis(t)
	f := newFake()
	c := newCluster(t, storeAt(t, server.URL()), f, 2, quick(nil))
	var places []*Cursor
	for _, h := range c.hubs {
		places = append(places, h.Follow(f.task, 0))
	}
	everybodyReads := func(seq int64) {
		for _, place := range places {
			e, err := place.Next(soon(t))
			require.NoError(t, err)
			require.Equal(t, seq, e.Seq)
		}
	}
	f.report(1, false)
	everybodyReads(1)
	require.NoError(t, server.Stop(t.Context()))
	f.report(1, false)
	everybodyReads(2)
	require.Eventually(t, func() bool { // each queries for itself
		return c.hubs[0].querying.Load()+c.hubs[1].querying.Load() == 2
	}, 10*time.Second, 5*time.Millisecond)
	storetest.OwnRedisOn(t, server.Port())
	require.Eventually(t, func() bool { // then one for all
		return c.hubs[0].querying.Load()+c.hubs[1].querying.Load() == 1
	}, 10*time.Second, 5*time.Millisecond)
	f.report(1, false)
	everybodyReads(3)
	members, err := storetest.RedisAt(t, server.URL()).ZRange(t.Context(), eventsKey(f.task), 0, -1).Result()
	require.NoError(t, err)
	require.Len(t, members, 3)
	for _, place := range places {
		place.Close()
	}
}

func TestASilentRedisHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		f := newFake()
		c := newCluster(t, s, f, 2, quick(nil))
		for _, w := range c.wires {
			w.hush(true)
		}
		f.report(5, true)
		for _, h := range c.hubs {
			require.Equal(t, upTo(0, 5), readAll(t, h, f.task, 0))
		}
		f.change(func(f *fake) { require.Len(t, f.queried, 2) })
		for _, w := range c.wires {
			w.hush(false)
			w.cut(true) // the swallowed commands would never be answered
			w.cut(false)
		}
	})
}

// TestEveryReaderSeesEachEventOnce lets readers join and leave in two processes while
// events are published at random times and every kind of failure is injected.
func TestEveryReaderSeesEachEventOnce(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		for seed := range uint64(6) {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				t.Parallel()
				reportAtRandom(t, s, seed)
			})
		}
	})
}

func reportAtRandom(t *testing.T, s redisStore, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 7))
	f := newFake()
	c := newCluster(t, s, f, 2, quick(nil))
	var readers sync.WaitGroup
	var mu sync.Mutex // of c.hubs
	hub := func() *Hub {
		mu.Lock()
		defer mu.Unlock()
		return c.hubs[rand.IntN(len(c.hubs))]
	}
	total := int64(20 + random.IntN(40))
	crashAt := 1 + random.Int64N(total-1)
	for f.count() < total {
		tick(random.IntN(20))
		n := min(1+random.Int64N(3), total-f.count())
		before := f.count()
		f.report(int(n), before+n == total)
		if random.IntN(2) == 0 && before+n < total {
			since := random.Int64N(before+n+1) - 1
			readers.Go(func() { follow(t, hub, f.task, since, total) })
		}
		c.trouble(random)
		if before < crashAt && f.count() >= crashAt {
			mu.Lock()
			crashed := c.hubs[0]
			c.hubs[0] = c.hubs[1] // no reader joins it any more
			c.wires[0].cut(true)
			mu.Unlock()
			closeHub(t, crashed)
			added := c.addLocked(&mu)
			readers.Go(func() { follow(t, func() *Hub { return added }, f.task, 0, total) })
		}
	}
	for _, w := range c.wires {
		w.hush(false)
		w.cut(false)
	}
	f.change(func(f *fake) { f.rowsErr = nil })
	f.record()
	readers.Wait()
	require.Equal(t, upTo(0, total), readAll(t, hub(), f.task, 0))
	f.change(func(f *fake) { t.Logf("%d events, queries: %v, reads of rows: %d", total, f.queried, f.read) })
}

func (c *cluster) addLocked(mu *sync.Mutex) *Hub {
	mu.Lock()
	defer mu.Unlock()
	return c.add(quick(nil), "late")
}

// trouble injects one failure or ends one.
func (c *cluster) trouble(random *rand.Rand) {
	wire := c.wires[1+random.IntN(len(c.wires)-1)]
	switch random.IntN(14) {
	case 0:
		c.fake.change(func(f *fake) { f.queryErr = errFake })
	case 1, 2:
		c.fake.change(func(f *fake) { f.queryErr, f.rowsErr = nil, nil })
	case 3:
		c.fake.change(func(f *fake) { f.rowsErr = errFake })
	case 4, 5:
		c.fake.record()
	case 6:
		c.wipe()
	case 7:
		wire.cut(true)
	case 8, 9:
		wire.cut(false)
	case 10:
		wire.hush(true)
	case 11, 12:
		wire.hush(false)
	}
}

// follow reads from since to the end, and moves to another process when its own stops.
func follow(t *testing.T, hub func() *Hub, task uuid.UUID, since, total int64) {
	place := hub().Follow(task, since)
	defer func() { place.Close() }()
	for {
		e, err := place.Next(soon(t))
		if errors.Is(err, ErrClosed) {
			place.Close()
			place = hub().Follow(task, since)
			continue
		}
		if errors.Is(err, ErrEnded) {
			break
		}
		if err != nil || (since >= 0 && e.Seq != since+1) {
			t.Errorf("after %d came %d, %v", since, e.Seq, err)
			return
		}
		since = e.Seq
	}
	if since != total {
		t.Errorf("ended at %d of %d", since, total)
	}
}

func (f *fake) count() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.reported))
}

// tick waits some milliseconds between published events.
func tick(ms int) { <-time.After(time.Duration(ms) * time.Millisecond) }

func TestTheScriptsMayRunTwice(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		client, _ := s.client(t)
		o := Options{Source: quietSource{}, Redis: client, RedisTimeout: 10 * time.Second}.withDefaults()
		one, two, task, ctx := newShare(o), newShare(o), uuid.New(), t.Context()
		got, err := one.watch(ctx, task, 0)
		require.NoError(t, err)
		require.True(t, got.holder)
		got, err = one.watch(ctx, task, 0)
		require.NoError(t, err)
		require.True(t, got.holder)
		f := newFake()
		f.report(5, true)
		one.add(ctx, task, f.reported[:3])
		one.add(ctx, task, f.reported[:3])
		two.add(ctx, task, f.reported[1:4])
		two.add(ctx, task, f.reported[:1])
		got, err = two.watch(ctx, task, 1)
		require.NoError(t, err)
		require.False(t, got.holder)
		require.Positive(t, got.ttl)
		require.Equal(t, int64(4), got.last)
		require.Equal(t, f.reported[1:4], got.events)
		two.release(ctx, task) // not its own
		got, err = two.watch(ctx, task, 4)
		require.NoError(t, err)
		require.False(t, got.holder)
		one.release(ctx, task)
		got, err = two.watch(ctx, task, 4)
		require.NoError(t, err)
		require.True(t, got.holder)
		require.Equal(t, []string{eventsKey(task)}, zsets(t, client, task))
	})
}

// TestAClockOfRedisThatWentBack has the lease and the slots of a process that died keep the
// others out for no longer than they would have.
func TestAClockOfRedisThatWentBack(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, s redisStore) {
		client, _ := s.client(t)
		o := Options{Source: quietSource{}, Redis: client, RedisTimeout: 10 * time.Second}.withDefaults()
		dead, next, task, ctx := newShare(o), newShare(o), uuid.New(), t.Context()
		_, err := dead.watch(ctx, task, 0)
		require.NoError(t, err)
		slots := "lyo:test:" + uuid.NewString()
		taken, err := dead.run(ctx, dead.acquiring, []string{slots}, "old", 2, slotTTL.Milliseconds())
		require.NoError(t, err)
		require.Equal(t, int64(1), taken)

		require.NoError(t, client.PExpire(ctx, leaseKey(task), time.Hour).Err())
		require.NoError(t, client.ZIncrBy(ctx, slots, float64(time.Hour.Milliseconds()), "old").Err())
		got, err := next.watch(ctx, task, 0)
		require.NoError(t, err)
		require.False(t, got.holder)
		require.LessOrEqual(t, got.ttl, o.Lease)
		taken, err = next.run(ctx, next.acquiring, []string{slots}, "new", 2, slotTTL.Milliseconds())
		require.NoError(t, err)
		require.Equal(t, int64(1), taken)
		ends, err := client.ZRangeWithScores(ctx, slots, 0, -1).Result()
		require.NoError(t, err)
		require.Len(t, ends, 2, "the slot of a process that may live is kept")
		require.InDelta(t, ends[1].Score, ends[0].Score, 1000)
	})
}

func zsets(t *testing.T, client *redis.Client, task uuid.UUID) []string {
	keys, err := client.Keys(t.Context(), "lyo:{"+task.String()+"}:e*").Result()
	require.NoError(t, err)
	return keys
}
