package api

import (
	"context"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/models"
)

// attempt is one try to sign in. It counts as a failure from the beginning, so
// that many at once do not get more guesses than one after the other.
type attempt struct {
	limits  *limits
	subject ratelimit.Subject
	failure ratelimit.Charge
	verdict ratelimit.Verdict
}

// beginAttempt charges an attempt to the address, and to the account as seen
// from that address: an attacker elsewhere locks nobody but himself out. Whether
// the account exists makes no difference. Unavailable with Redis away.
func (s *Server) beginAttempt(ctx context.Context, email string) (attempt, error) {
	account := ratelimit.Hash(mailboxOf(email))
	a := attempt{s.limits, callerAddress(ctx), ratelimit.Charge{Policy: s.limits.failures, Cost: 1, Of: account}, ratelimit.Verdict{}}
	var err error
	a.verdict, err = s.countStrictly(ctx, ratelimit.Charge{Policy: s.limits.login, Cost: 1}, a.failure)
	return a, err
}

// end settles it by how it went: success forgives the failures before it, a
// wrong password stays counted, anything else was no guess and is taken back.
func (a attempt) end(ctx context.Context, outcome error) {
	if a.limits.limiter == nil || models.CodeOf(outcome) == models.Unauthenticated {
		return
	}
	_ = a.limits.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context) error {
		if outcome == nil {
			return a.limits.limiter.Forgive(ctx, a.subject, a.failure)
		}
		return a.limits.limiter.Refund(ctx, a.subject, a.failure, a.verdict)
	})
}
