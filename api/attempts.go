package api

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// attempt is one attempt to sign in. It counts as a failure from its start, so that concurrent
// attempts get no more guesses than sequential ones.
type attempt struct {
	limits     *limits
	subject    ratelimit.Subject
	failure    ratelimit.Charge // of the account from this address
	everywhere ratelimit.Charge // of the account from all addresses
	verdict    ratelimit.Verdict
}

// beginAttempt charges an attempt in one call to the address, to the account from that address, and to
// the account from all addresses. An attacker at another address locks out only that address. When the
// account has too many failures from all addresses together, beginAttempt waits before it returns. It
// does not depend on whether the account exists. It returns Unavailable when Redis cannot be reached.
func (s *Server) beginAttempt(ctx context.Context, email string) (attempt, error) {
	account := ratelimit.Hash(mailboxOf(email))
	a := attempt{
		limits: s.limits, subject: rest.CallerAddress(ctx),
		failure:    ratelimit.Charge{Policy: s.limits.failures, Cost: 1, Of: account},
		everywhere: ratelimit.Charge{Policy: s.limits.everywhere, Cost: 1, On: ratelimit.Subject("account:" + account), Soft: true},
	}
	var err error
	a.verdict, err = s.countStrictly(ctx, noSignIn, ratelimit.Charge{Policy: s.limits.login, Cost: 1}, a.failure, a.everywhere)
	if err != nil || !a.verdict.Over {
		return a, err
	}
	if err := s.slowdown.wait(ctx); err != nil {
		a.end(ctx, err)
		return a, err
	}
	return a, nil
}

// end records the outcome. Success clears the failures from this address, a wrong password stays
// counted, and any other error refunds the charge.
func (a attempt) end(ctx context.Context, outcome error) {
	if a.limits.limiter == nil || store.CodeOf(outcome) == store.Unauthenticated {
		return
	}
	_ = a.limits.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context) error {
		if err := a.limits.limiter.Restore(ctx, a.subject, a.everywhere, a.verdict); err != nil {
			return err
		}
		if outcome == nil {
			return a.limits.limiter.Forgive(ctx, a.subject, a.failure)
		}
		return a.limits.limiter.Refund(ctx, a.subject, a.failure, a.verdict)
	})
}

// warn queues a mail to the account's owner, at most once a day (UTC), that wrong passwords come from
// many addresses. For uuid.Nil, which stands for an unknown account, it takes as long.
func (s *Server) warn(ctx context.Context, a attempt, user uuid.UUID) {
	if !a.verdict.Over {
		return
	}
	now := s.Now()
	mail := accounts.Mail{
		ID:     store.DerivedID(user, string(accounts.MailSignInAttempts), now.UTC().Format(time.DateOnly)),
		UserID: &user, Kind: accounts.MailSignInAttempts, CreatedAt: now, ExpiresAt: now.Add(s.mailGood(accounts.MailSignInAttempts)),
	}
	if err := accounts.QueueMailOnce(context.WithoutCancel(ctx), s.DB, user, mail, outbox.SendMail(mail, now)); err != nil {
		s.LogFailure(ctx, "a warning of wrong passwords could not be queued", err)
	}
}

// slowdown delays answers, a bounded number at a time. A delayed answer takes no hashing slot.
type slowdown struct {
	slots *semaphore.Weighted
	after func(time.Duration) <-chan time.Time
}

// How long a slow answer waits, and how many wait at once in a process. A request that finds no slot
// gets 429 with that time in Retry-After.
const (
	slowBy     = 3 * time.Second
	slowAtOnce = 64
)

func newSlowdown() *slowdown {
	return &slowdown{slots: semaphore.NewWeighted(slowAtOnce), after: time.After}
}

// wait returns after the delay. It returns RateLimited when all slots are taken, and the context's
// error when the context ends first.
func (d *slowdown) wait(ctx context.Context) error {
	if !d.slots.TryAcquire(1) {
		refusal := store.Errorf(store.RateLimited, "Very many wrong passwords come in at this moment. Try again in a few seconds.")
		refusal.RetryAfter = slowBy
		return refusal
	}
	defer d.slots.Release(1)
	select {
	case <-d.after(slowBy):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
