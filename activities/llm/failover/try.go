package failover

import (
	"context"
	"errors"
	"fmt"

	"github.com/sony/gobreaker/v2"

	"github.com/lyoapp/lyo/activities/llm"
)

// try calls one link after the other. The usage is the sum of all calls.
func try[Q, A any](ctx context.Context, c *Chain, request Q, session *llm.Session,
	ask func(Writer, context.Context, Q, *llm.Session) (A, llm.Usage, error),
) (A, llm.Usage, error) {
	var (
		none    A
		total   llm.Usage
		failed  failures
		counter = counter{session: session}
	)
	for _, l := range c.links {
		answer, usage, err := through(ctx, l, request, counter.next(), ask)
		if passedOver(err) {
			failed = append(failed, failure{name: l.name, wait: l.opensIn()})
			continue
		}
		total = sum(total, usage, l.name)
		if err == nil || !goesOn(err) {
			return answer, total, err
		}
		failed = append(failed, failure{name: l.name, err: err, wait: l.opensIn()})
		c.report(ctx, l, err)
	}
	return none, total, failed.best(c.cooldown)
}

// through makes one call by a link's breaker, which records the result.
func through[Q, A any](ctx context.Context, l *link, request Q, session *llm.Session,
	ask func(Writer, context.Context, Q, *llm.Session) (A, llm.Usage, error),
) (answer A, usage llm.Usage, err error) {
	_, err = l.breaker.Execute(func() (struct{}, error) {
		var err error
		answer, usage, err = ask(l.writer, ctx, request, session)
		return struct{}{}, cancelledOr(ctx, err)
	})
	return answer, usage, err
}

// cancelledOr replaces a failure caused by the caller's cancel by the context's error.
func cancelledOr(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil || errors.Is(err, ctx.Err()) && llm.KindOf(err) == "" {
		return err
	}
	return fmt.Errorf("failover: %w", ctx.Err())
}

func passedOver(err error) bool {
	return errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests)
}

// goesOn reports whether another endpoint may do better.
func goesOn(err error) bool {
	switch llm.KindOf(err) {
	case llm.Unavailable, llm.Overloaded, llm.Misconfigured:
		return true
	default:
		return false
	}
}

// report logs why the next endpoint is called. A refusal needs an operator and does not pass
// by itself, so it is logged as an error each time.
func (c *Chain) report(ctx context.Context, l *link, err error) {
	if llm.KindOf(err) == llm.Misconfigured {
		c.log.ErrorContext(ctx, "model endpoint refuses a request: look at its address, key, model and dialect", "endpoint", l.name, "error", err)
		return
	}
	c.log.WarnContext(ctx, "model endpoint failed", "endpoint", l.name, "error", err)
}

// sum adds the usage of one more endpoint. Smaller is the answering call's.
func sum(total, one llm.Usage, endpoint string) llm.Usage {
	one.InputTokens += total.InputTokens
	one.OutputTokens += total.OutputTokens
	one.Seconds += total.Seconds
	one.Calls += total.Calls
	one.Repairs += total.Repairs
	one.Endpoint = endpoint
	return one
}

// counter keeps the tokens of a heartbeat from falling when another endpoint starts over.
type counter struct {
	session  *llm.Session
	reported int
}

// next returns the session for the next endpoint; it continues the earlier endpoints' count.
func (p *counter) next() *llm.Session {
	if p.session == nil || p.session.Heartbeat == nil {
		return p.session
	}
	next, before := *p.session, p.reported
	next.Heartbeat = func(tokens int) {
		p.reported = max(p.reported, before+tokens)
		p.session.Heartbeat(p.reported)
	}
	return &next
}
