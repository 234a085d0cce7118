package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// attempt is one try to sign in. It counts as a failure from the beginning, so
// that many at once do not get more guesses than one after the other.
type attempt struct {
	limits     *limits
	subject    ratelimit.Subject
	failure    ratelimit.Charge // of the account from this address
	everywhere ratelimit.Charge // of the account from all addresses
	verdict    ratelimit.Verdict
}

// beginAttempt charges an attempt to the address, to the account as seen from that
// address, and to the account as seen from everywhere, in one call. An attacker
// elsewhere locks nobody but himself out; where all together fail too often, this
// waits before it returns. Whether the account exists makes no difference.
// Unavailable with Redis away.
func (s *Server) beginAttempt(ctx context.Context, email string) (attempt, error) {
	account := ratelimit.Hash(mailboxOf(email))
	a := attempt{
		limits: s.limits, subject: callerAddress(ctx),
		failure:    ratelimit.Charge{Policy: s.limits.failures, Cost: 1, Of: account},
		everywhere: ratelimit.Charge{Policy: s.limits.everywhere, Cost: 1, On: ratelimit.Subject("account:" + account), Soft: true},
	}
	var err error
	a.verdict, err = s.countStrictly(ctx, ratelimit.Charge{Policy: s.limits.login, Cost: 1}, a.failure, a.everywhere)
	if err != nil || !a.verdict.Over {
		return a, err
	}
	if err := s.slowdown.wait(ctx); err != nil {
		a.end(ctx, err)
		return a, err
	}
	return a, nil
}

// end records how it went: success forgives the failures from this address, a
// wrong password stays counted, anything else was no guess and is taken back.
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

// warn tells the owner of an account by mail, once a day (UTC), that wrong passwords come
// from many addresses. uuid.Nil, an account that does not exist, takes as long.
func (s *Server) warn(ctx context.Context, a attempt, user uuid.UUID) {
	if !a.verdict.Over {
		return
	}
	now := s.now()
	mail := accounts.Mail{
		ID:     store.DerivedID(user, string(accounts.MailSignInAttempts), now.UTC().Format(time.DateOnly)),
		UserID: &user, Kind: accounts.MailSignInAttempts, CreatedAt: now, ExpiresAt: now.Add(s.mailGood(accounts.MailSignInAttempts)),
	}
	if err := accounts.QueueMailOnce(context.WithoutCancel(ctx), s.DB, user, mail, outbox.SendMail(mail, now)); err != nil {
		s.logFailure(ctx, "a warning of wrong passwords could not be queued", err)
	}
}

// slowdown has answers wait, so many at a time. They hold no place of those who hash.
type slowdown struct {
	slots chan struct{}
	after func(time.Duration) <-chan time.Time
}

// How long a slow answer waits, and how many do at once in a process. Whoever finds no
// place is told to come back when those who wait have had theirs.
const (
	slowBy     = 3 * time.Second
	slowAtOnce = 64
)

func newSlowdown() *slowdown {
	return &slowdown{slots: make(chan struct{}, slowAtOnce), after: time.After}
}

// wait returns when it has waited. RateLimited when all places are taken, the context's
// error when it ends before.
func (d *slowdown) wait(ctx context.Context) error {
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	default:
		refusal := store.Errorf(store.RateLimited, "Very many wrong passwords come in at this moment. Try again in a few seconds.")
		refusal.RetryAfter = slowBy
		return refusal
	}
	select {
	case <-d.after(slowBy):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
