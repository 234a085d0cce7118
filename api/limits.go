package api

import (
	"cmp"
	"context"
	"time"

	"github.com/lyoapp/lyo/api/circuitbreaker"
	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/store"
)

// limitWithin is the default time limit for counting a request in Redis. It is longer than the limits
// for data that has another source, so that a burst that slows everything does not bypass the rate
// limits.
const limitWithin = time.Second

// generateWeight is the cost in units of a course request to the user's limit, in addition to one unit
// of the course limit.
const generateWeight = 10

// limits are the rate limits. Without a limiter they are off.
type limits struct {
	limiter *ratelimit.Limiter
	redis   *circuitbreaker.Guard

	user, generate, export            ratelimit.Policy // of users
	sources, sourcesDay               ratelimit.Policy // of users
	address, register, login, refresh ratelimit.Policy // of addresses
	mail                              ratelimit.Policy // of addresses, of users, and of mailboxes
	failures                          ratelimit.Policy // of an account from an address
	everywhere                        ratelimit.Policy // of an account from all addresses
}

func newLimits(ctx context.Context, d Deps) *limits {
	c := d.Config.Limits
	policy := func(name string, r config.Rate) ratelimit.Policy {
		r = c.Effective(r)
		return ratelimit.Policy{Name: name, Quota: r.Quota, Window: r.Per}
	}
	l := &limits{
		redis: guarded(d, cmp.Or(d.LimitWithin, limitWithin)),
		user:  policy("user", c.User), generate: policy("generate", c.Generate),
		address: policy("address", c.Address), register: policy("register", c.Register),
		login: policy("login", c.Login), refresh: policy("refresh", c.Refresh),
		mail:     policy("mail", c.Mail),
		failures: policy("login-failures", c.Failures), everywhere: policy("account-failures", c.Everywhere),
	}
	l.failures.Lock = c.LockFor
	l.export = policy("export", exportRate)
	l.sources, l.sourcesDay = policy("sources", c.Sources), policy("sources-day", c.SourcesDay)
	switch {
	case !c.On():
		d.Log.WarnContext(ctx, "rate limits are off", "LYO_RATE_LIMITS", c.Mode)
	case d.Redis == nil:
		d.Log.WarnContext(ctx, "rate limits are off: they need Redis, and REDIS_URL is not set")
	default:
		l.limiter = ratelimit.New(d.Redis, d.Clock)
	}
	return l
}

// anyone returns the charge to an address for a request without a token.
func (l *limits) anyone() ratelimit.Charge {
	return ratelimit.Charge{Policy: l.address, Cost: 1, Again: 1}
}

// refreshing returns a separate charge for refreshing a token. Many users may share one address, and
// none of them should lose a session.
func (l *limits) refreshing() ratelimit.Charge {
	return ratelimit.Charge{Policy: l.refresh, Cost: 1, Again: 1}
}

// course returns the charge to a user for a course request. A repeated request starts nothing and is
// free.
func (l *limits) course() ratelimit.Charge { return ratelimit.Charge{Policy: l.generate, Cost: 1} }

// exportRate limits how often a user may request an export, which is expensive.
var exportRate = config.Rate{Quota: 10, Per: 24 * time.Hour}

// exporting returns the charge to a user for an export.
func (l *limits) exporting() ratelimit.Charge {
	return ratelimit.Charge{Policy: l.export, Cost: 1, Again: 1}
}

// adding returns the charges to a user for source material, which workers process.
func (l *limits) adding() []ratelimit.Charge {
	return []ratelimit.Charge{{Policy: l.sources, Cost: 1, Again: 1}, {Policy: l.sourcesDay, Cost: 1, Again: 1}}
}

// take charges the request in Redis. The error is a failure of Redis. A refusal is in the verdict.
// With limits off, nothing is refused.
func (l *limits) take(ctx context.Context, r ratelimit.Request) (verdict ratelimit.Verdict, err error) {
	if l.limiter == nil || len(r.Charges) == 0 {
		return ratelimit.Verdict{Allowed: true}, nil
	}
	err = l.redis.Do(ctx, func(ctx context.Context) error {
		verdict, err = l.limiter.Take(ctx, r)
		return err
	})
	return verdict, err
}

// countHandshake charges a socket to the principal of ctx, or to the address when the token was
// refused. It returns only the rate limit's refusal.
func (s *Server) countHandshake(ctx context.Context, refusal error) error {
	if refusal == nil {
		return s.Count(ctx, "", ratelimit.Charge{Policy: s.limits.user, Cost: 1})
	}
	if err := s.CountRefused(ctx, refusal); store.CodeOf(err) == store.RateLimited {
		return err
	}
	return nil
}

// countSignUp charges a new account to its address. It returns Unavailable when Redis cannot be
// reached.
func (s *Server) countSignUp(ctx context.Context) error {
	_, err := s.countStrictly(ctx, noSignIn, ratelimit.Charge{Policy: s.limits.register, Cost: 1})
	return err
}

// countStrictly charges a request to the caller's address. It returns Unavailable, with the given words,
// when Redis cannot be reached, and RateLimited when a limit is used up.
func (s *Server) countStrictly(ctx context.Context, unavailable string, charges ...ratelimit.Charge) (ratelimit.Verdict, error) {
	verdict, err := s.limits.take(ctx, ratelimit.Request{Subject: rest.CallerAddress(ctx), Charges: charges})
	if err != nil {
		return verdict, store.Errorf(store.Unavailable, "%s Try again.", unavailable).Because(err)
	}
	return verdict, rest.Judge(ctx, verdict)
}

const noSignIn = "Signing in and up is not possible at the moment."
