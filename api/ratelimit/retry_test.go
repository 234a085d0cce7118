package ratelimit

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/storetest"
)

// losing is a connection that loses the reply to the next script.
type losing struct {
	net.Conn
	armed *atomic.Bool
	lost  bool
}

func (c *losing) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("evalsha")) && c.armed.CompareAndSwap(true, false) {
		c.lost = true
	}
	return c.Conn.Write(p)
}

func (c *losing) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.lost {
		_ = c.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

func TestALostAnswerIsNotAskedForTwice(t *testing.T) {
	t.Parallel()
	options := storetest.RedisOptions(t, storetest.RedisURL(t))
	require.Zero(t, options.MaxRetries, "the library's default, which is three")
	var armed atomic.Bool
	options.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &losing{Conn: conn, armed: &armed}, err
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	c := newCounter(t, client)
	charge := one(perMinute(10))
	require.Equal(t, 9, c.take(charge).States[0].Remaining)
	armed.Store(true)
	_, err := c.limiter.Take(t.Context(), Request{Subject: c.subject, Charges: []Charge{charge}})
	require.Error(t, err)
	require.False(t, armed.Load())
	require.Equal(t, 7, c.take(charge).States[0].Remaining, "counted once, not once a retry")
}

func TestAScriptThatRedisForgotIsSentAgain(t *testing.T) {
	t.Parallel()
	c := newCounter(t, storetest.RedisAt(t, storetest.OwnRedis(t).URL()))
	require.Equal(t, 9, c.take(one(perMinute(10))).States[0].Remaining)
	require.NoError(t, c.redis.ScriptFlush(t.Context()).Err())
	require.Equal(t, 8, c.take(one(perMinute(10))).States[0].Remaining)
}
