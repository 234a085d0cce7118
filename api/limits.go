package api

import (
	"cmp"
	"context"
	"time"

	"github.com/lyoapp/lyo/api/circuitbreaker"
	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/config"
)

// limitWithin is, unless Deps say otherwise, how long Redis may take to count a request. It is longer than
// for what has another source, so that a burst, which keeps everything busy,
// does not get past the limits.
const limitWithin = time.Second

// generateWeight is what asking for a course costs of the user's limit, in
// units, besides one of the courses'.
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

// anyone is charged to an address for a request without a token.
func (l *limits) anyone() ratelimit.Charge {
	return ratelimit.Charge{Policy: l.address, Cost: 1, Again: 1}
}

// refreshing stands apart from that, since many may be behind one address and
// none of them should lose a session.
func (l *limits) refreshing() ratelimit.Charge {
	return ratelimit.Charge{Policy: l.refresh, Cost: 1, Again: 1}
}

// course is charged to a user for asking for one. A repetition starts nothing
// and is free.
func (l *limits) course() ratelimit.Charge { return ratelimit.Charge{Policy: l.generate, Cost: 1} }

// exportRate is how often a user may have their data packed, which is much work.
var exportRate = config.Rate{Quota: 10, Per: 24 * time.Hour}

// exporting is charged to a user for having their data packed.
func (l *limits) exporting() ratelimit.Charge {
	return ratelimit.Charge{Policy: l.export, Cost: 1, Again: 1}
}

// adding is charged to a user for own material, which workers read.
func (l *limits) adding() []ratelimit.Charge {
	return []ratelimit.Charge{{Policy: l.sources, Cost: 1, Again: 1}, {Policy: l.sourcesDay, Cost: 1, Again: 1}}
}

// take asks Redis. An error is Redis's, a refusal is in the verdict. Nothing is
// limited while limits are off.
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
