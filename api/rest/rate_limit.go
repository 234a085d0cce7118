package rest

import (
	"context"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/models/store"
)

// Count charges a request to its user, or to its address when there is no user. It returns RateLimited
// when a limit is exhausted. When Redis cannot be reached, every request passes.
func (a *API) Count(ctx context.Context, repeatable string, charges ...ratelimit.Charge) error {
	verdict, err := a.options.Charge(ctx, ratelimit.Request{Subject: subject(ctx), ID: repeatable, Charges: charges})
	if err != nil {
		return nil //nolint:nilerr // the failure is logged, and most of the service goes on without limits
	}
	return Judge(ctx, verdict)
}

// CountRefused charges a request with a refused token to its address, which limits guessing. It
// returns the refusal, or the rate limit's.
func (a *API) CountRefused(ctx context.Context, refusal error) error {
	switch store.CodeOf(refusal) {
	case store.Unauthenticated, store.Forbidden:
		if err := a.Count(ctx, "", ratelimit.Charge{Policy: a.options.AddressLimit, Cost: 1, Again: 1}); err != nil {
			return err
		}
	default: // not the client's fault
	}
	return refusal
}

// Judge sets the rate limit fields of the answer and converts a refusal to an error.
func Judge(ctx context.Context, v ratelimit.Verdict) error {
	info := RequestInfoOf(ctx)
	info.limits = append(info.limits, v.States...)
	if len(info.limits) > 0 && info.answer != nil {
		policy, limit := ratelimit.Fields(info.limits)
		info.answer.Set(ratelimit.PolicyField, policy)
		info.answer.Set(ratelimit.LimitField, limit)
	}
	if v.Allowed {
		return nil
	}
	refusal := store.Errorf(store.RateLimited, "The limit %q is used up. Try again in %d seconds.", v.Limit.Name, ratelimit.Seconds(v.RetryAfter))
	refusal.RetryAfter = v.RetryAfter
	return refusal
}

// subject returns the subject that a request is charged to.
func subject(ctx context.Context) ratelimit.Subject {
	if who, ok := ctx.Value(principalKey{}).(Principal); ok {
		return ratelimit.User(who.UserID)
	}
	return CallerAddress(ctx)
}

// CallerAddress returns the subject of limits on the address that a request comes from.
func CallerAddress(ctx context.Context) ratelimit.Subject {
	return ratelimit.Address(RequestInfoOf(ctx).Address)
}
