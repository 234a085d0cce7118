package push

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Sender sends messages. It is safe for concurrent use, and its bounds hold for all of
// its callers together.
type Sender struct {
	apple, sandbox *apple  // nil: no credentials
	google         *google // nil: no credentials
	web            *web    // nil: no key
	limiter        *rate.Limiter
	alarm          *alarm
	seen           func(platform string, verdict Verdict)
}

// route is a connection to a provider.
type route interface {
	// enter waits for a slot among the messages in flight; leave releases it.
	enter(ctx context.Context) error
	// credentials returns what a message is sent under; zero: no state of them is kept.
	credentials(m Message) Credentials
	// send sends one message. It returns how long its slot is to be kept after that.
	send(ctx context.Context, m Message) (Result, time.Duration)
	leave()
}

// New returns a sender. It contacts no provider, but refuses malformed credentials.
func New(ctx context.Context, o Options) (*Sender, error) {
	s := &Sender{limiter: rate.NewLimiter(rate.Inf, 0), alarm: &alarm{clock: o.Clock, log: o.Log, last: map[string]time.Time{}}, seen: o.Seen}
	if s.seen == nil {
		s.seen = func(string, Verdict) {}
	}
	if o.PerSecond > 0 {
		s.limiter = rate.NewLimiter(rate.Limit(o.PerSecond), max(1, o.PerSecond/10))
	}
	if o.Timeout <= 0 {
		return nil, errors.New("push: a timeout is needed")
	}
	var err error
	if o.Apple.Key != "" {
		if s.apple, s.sandbox, err = newApple(o); err != nil {
			return nil, fmt.Errorf("push to Apple: %w", err)
		}
	}
	if o.Google.Credentials != "" {
		if s.google, err = newGoogle(ctx, o); err != nil {
			return nil, fmt.Errorf("push to Google: %w", err)
		}
	}
	if o.Web.Key != "" {
		if s.web, err = newWeb(o); err != nil {
			return nil, fmt.Errorf("push to browsers: %w", err)
		}
	}
	return s, nil
}

// Send sends messages concurrently, and returns when all outcomes are known. Result i is of
// message i. When ctx ends, messages in flight are abandoned and the rest is not sent: those
// results are Unknown.
func (s *Sender) Send(ctx context.Context, messages []Message) []Result {
	results := make([]Result, len(messages))
	var all sync.WaitGroup
	defer all.Wait()
	for i, m := range messages {
		way := s.routeOf(m)
		if way == nil {
			results[i] = Result{Verdict: DryRun, Reason: "no credentials for " + m.Platform}
			s.seen(m.Platform, DryRun)
			continue
		}
		if s.limiter.Wait(ctx) != nil || way.enter(ctx) != nil {
			return results
		}
		all.Go(func() {
			result, keep := way.send(ctx, m)
			if keep > 0 {
				time.AfterFunc(keep, way.leave)
			} else {
				way.leave()
			}
			if v := result.Verdict; v == Misconfigured || v == Mismatch || v == Refused {
				s.alarm.ring(ctx, m.Platform, result.Reason)
			}
			s.seen(m.Platform, result.Verdict)
			results[i] = result
		})
	}
	return results
}

func (s *Sender) routeOf(m Message) route {
	switch {
	case m.Keys != Keys{} && s.web != nil:
		return s.web
	case m.Keys != Keys{}:
		return nil
	case m.Platform != IOS && s.google != nil:
		return s.google
	case m.Platform == IOS && m.Sandbox && s.sandbox != nil:
		return s.sandbox
	case m.Platform == IOS && s.apple != nil:
		return s.apple
	}
	return nil
}

// places bounds the messages in flight.
type places chan struct{}

func (p places) enter(ctx context.Context) error {
	select {
	case p <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p places) leave() { <-p }
