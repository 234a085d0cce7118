package ratelimit

import (
	"context"
	_ "embed" // the scripts
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed take.lua
var takeScript string

//go:embed give.lua
var giveScript string

// Limiter counts in Redis. It is safe for concurrent use and keeps no state itself.
type Limiter struct {
	redis redis.UniversalClient
	clock func() time.Time
	take  *redis.Script
	give  *redis.Script
}

// New returns a limiter. The caller bounds each call by its context, which the client must respect
// (ContextTimeoutEnabled).
func New(client redis.UniversalClient, clock func() time.Time) *Limiter {
	return &Limiter{client, clock, redis.NewScript(takeScript), redis.NewScript(giveScript)}
}

// Take charges all limits of a request, or none when one is exhausted. It calls Redis once, whatever
// the client's retry settings: after an error it is unknown whether the request was counted.
func (l *Limiter) Take(ctx context.Context, r Request) (Verdict, error) {
	at := l.clock()
	keys, args := r.script(at)
	answer, err := l.run(ctx, l.take, takeScript, keys, args)
	if err != nil {
		return Verdict{}, err
	}
	return verdict(r, at, answer)
}

// Forgive clears a subject's failures of a policy with a Lock. It is idempotent.
func (l *Limiter) Forgive(ctx context.Context, s Subject, c Charge) error {
	return l.redis.Del(ctx, c.key(s)).Err()
}

// Refund returns what a verdict charged to a policy with a Lock. It unlocks the policy if that was the
// failure that locked it.
func (l *Limiter) Refund(ctx context.Context, s Subject, c Charge, v Verdict) error {
	return once(ctx, l.redis, "lrem", c.key(s), -1, stamp(v.at)).Err()
}

// Restore returns to a bucket what a verdict took, up to its capacity. It does nothing when the
// verdict was Over, because then nothing was taken.
func (l *Limiter) Restore(ctx context.Context, s Subject, c Charge, v Verdict) error {
	if v.Over && c.Soft {
		return nil
	}
	_, err := l.run(ctx, l.give, giveScript, []string{c.key(s)}, []any{int64(c.Cost) * c.Policy.refill().Microseconds()})
	return err
}

// script returns the keys and arguments of take.lua.
func (r Request) script(at time.Time) (keys []string, args []any) {
	longest := time.Second
	for _, c := range r.Charges {
		keys = append(keys, c.key(r.Subject))
		args = append(args, c.arguments()...)
		longest = max(longest, c.Policy.Window)
	}
	if r.ID != "" {
		keys = append(keys, r.Subject.prefix()+"seen:"+Hash(r.ID))
	}
	return keys, append([]any{stamp(at), longest.Milliseconds()}, args...)
}

func (l *Limiter) run(ctx context.Context, script *redis.Script, text string, keys []string, args []any) ([]int64, error) {
	rest := []any{len(keys)}
	for _, key := range keys {
		rest = append(rest, key)
	}
	rest = append(rest, args...)
	answer := once(ctx, l.redis, append([]any{"evalsha", script.Hash()}, rest...)...)
	if redis.HasErrorPrefix(answer.Err(), "NOSCRIPT") { // then nothing has run
		answer = once(ctx, l.redis, append([]any{"eval", text}, rest...)...)
	}
	numbers, err := answer.Int64Slice()
	if err != nil {
		return nil, fmt.Errorf("rate limits: %w", err)
	}
	return numbers, nil
}

func stamp(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 10) }

// final is a command that is sent at most once.
type final struct{ *redis.Cmd }

// NoRetry overrides the client's MaxRetries.
func (final) NoRetry() bool { return true }

func once(ctx context.Context, client redis.UniversalClient, args ...any) *redis.Cmd {
	command := redis.NewCmd(ctx, args...)
	_ = client.Process(ctx, final{command}) // the command keeps the error
	return command
}
