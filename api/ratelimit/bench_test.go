package ratelimit

import (
	"testing"
	"time"

	"github.com/lyoapp/lyo/models/storetest"
)

// BenchmarkTake charges two limits in one call, from many goroutines.
func BenchmarkTake(b *testing.B) {
	c := newCounter(b, storetest.Redis(b))
	wide := Policy{Name: "wide", Quota: 1_000_000, Window: time.Second}
	request := Request{Subject: c.subject, Charges: []Charge{one(wide), one(perMinute(600))}}
	b.SetParallelism(10)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.limiter.Take(b.Context(), request); err != nil {
				b.Error(err)
			}
		}
	})
}
