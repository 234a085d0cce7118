package realtime

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// breaker remembers that Redis failed. While it does, one caller tries each
// retry, so that a silent server costs the process one wait a second and not one
// a topic and turn.
type breaker struct {
	retry time.Duration
	clock func() time.Time
	log   *slog.Logger
	until atomic.Int64 // Unix nanoseconds; 0 while all is well
}

func (b *breaker) allow() bool {
	until := b.until.Load()
	if until == 0 {
		return true
	}
	now := b.clock()
	return now.UnixNano() >= until && b.until.CompareAndSwap(until, now.Add(b.retry).UnixNano())
}

func (b *breaker) note(err error) {
	if err == nil {
		if b.until.Load() != 0 && b.until.Swap(0) != 0 {
			b.log.Info("Redis is back: processes share progress again")
		}
		return
	}
	if b.until.Swap(b.clock().Add(b.retry).UnixNano()) == 0 {
		b.log.Warn("Redis is away: this process asks for itself", "error", err)
	}
}
