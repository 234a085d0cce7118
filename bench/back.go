package main

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sync/errgroup"
)

// retryAfter returns when a refused client may retry: whole seconds, at least 1.
func retryAfter(r vegeta.Result) (time.Duration, bool) {
	seconds, err := strconv.Atoi(r.Headers.Get("Retry-After"))
	return time.Duration(seconds) * time.Second, err == nil && seconds >= 1
}

// comeBack sends refused requests again at their retry times, or now where those have
// passed. It returns how many were sent and how many of them succeeded.
func comeBack(ctx context.Context, l *logins, refused []vegeta.Result) (returned, welcome int, err error) {
	var in atomic.Int64
	var all errgroup.Group
	for _, r := range refused {
		after, ok := retryAfter(r)
		if !ok {
			continue
		}
		returned++
		all.Go(func() error {
			again, err := l.again(r)
			if err != nil {
				return err
			}
			select {
			case <-time.After(time.Until(r.End().Add(after))):
			case <-ctx.Done():
				return ctx.Err()
			}
			status, _, err := send(ctx, again)
			if status == http.StatusOK {
				in.Add(1)
			}
			return err
		})
	}
	err = all.Wait()
	return returned, int(in.Load()), err
}
