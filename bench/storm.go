package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/errgroup"
)

const (
	profilesASecond = 50
	loginsASecond   = 40
	ceilingFor      = 3 * time.Second
	warmUp          = 2 * time.Second
)

// benchLogins measures the effect of a storm of sign-ins on other requests.
func benchLogins(ctx context.Context, o options) error {
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return err
	}
	defer clean()
	if err := enroll(ctx, database); err != nil {
		return err
	}
	api, err := startAPI(ctx, o, dir, database)
	if err != nil {
		return err
	}
	defer api.stop()
	var ceiling [2]float64 // they differ, or are low, when the machine was busy otherwise
	if ceiling[0], err = hashesASecond(ctx); err != nil {
		return err
	}
	rounds, err := measureRounds(ctx, o, api)
	if err != nil {
		return err
	}
	if ceiling[1], err = hashesASecond(ctx); err != nil {
		return err
	}
	report(o, ceiling, rounds)
	return lookAtStorm(ctx, o, api)
}

// hashesASecond returns how many passwords the whole machine can check when it does
// nothing else.
func hashesASecond(ctx context.Context) (float64, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return 0, err
	}
	rates := make([]float64, runtime.GOMAXPROCS(0))
	var all errgroup.Group
	for i := range rates {
		all.Go(func() error {
			hashes, began := 0, time.Now()
			for ctx.Err() == nil && time.Since(began) < ceilingFor {
				if err := bcrypt.CompareHashAndPassword(hash, []byte(password)); err != nil {
					return err
				}
				hashes++
			}
			rates[i] = float64(hashes) / time.Since(began).Seconds()
			return ctx.Err()
		})
	}
	if err := all.Wait(); err != nil {
		return 0, err
	}
	var total float64
	for _, rate := range rates {
		total += rate
	}
	return total, nil
}

// round is the result of everything measured once, in order.
type round struct {
	quiet, stormy, single profiles
	spread, one           entrances // sign-ins from everywhere, and from one address
	returned, welcome     int       // of the refused who retried on time: all, and those let in
}

// profiles are the responses to the measuring requests.
type profiles struct {
	took []time.Duration // from sending to the end of the response
	late []time.Duration // from schedule to sending, which is the load generator's own delay
}

// entrances are the responses to sign-ins.
type entrances struct {
	in, refused, other int
	undated            int             // refused without a retry time
	took, gone         []time.Duration // of those let in, and of those refused
	last               []vegeta.Result // the last of the refused
}

func measureRounds(ctx context.Context, o options, api *target) ([]round, error) {
	l := &logins{base: api.base}
	profile, err := l.profile(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := attack(ctx, profile, profilesASecond, warmUp); err != nil {
		return nil, err
	}
	rounds := make([]round, o.rounds)
	for i := range rounds {
		if rounds[i], err = measure(ctx, o, l, profile, addressOf(int64(i)+1<<22)); err != nil {
			return nil, err
		}
		fmt.Fprintf(o.errs, "round %d: p99 of a profile %v quiet, %v in the storm; sign-ins let in %d, refused %d, other %d\n", i+1,
			percentile(rounds[i].quiet.took, 99), percentile(rounds[i].stormy.took, 99), rounds[i].spread.in, rounds[i].spread.refused, rounds[i].spread.other)
	}
	return rounds, nil
}

func measure(ctx context.Context, o options, l *logins, profile vegeta.Targeter, address string) (r round, err error) {
	quiet, err := attack(ctx, profile, profilesASecond, o.quiet())
	if err != nil {
		return r, err
	}
	if r.quiet, err = timed(quiet); err != nil {
		return r, err
	}
	if r.stormy, r.spread, err = storm(ctx, l.everywhere(), profile, o.storm); err != nil {
		return r, err
	}
	if r.returned, r.welcome, err = comeBack(ctx, l, r.spread.last); err != nil {
		return r, err
	}
	r.single, r.one, err = storm(ctx, l.from(address), profile, o.single())
	return r, err
}

// storm requests profiles while sign-ins arrive, and waits for every response.
func storm(ctx context.Context, comers, profile vegeta.Targeter, span time.Duration) (asked profiles, out entrances, err error) {
	var both errgroup.Group
	both.Go(func() error {
		results, err := attack(ctx, comers, loginsASecond, span)
		out = count(results)
		return err
	})
	both.Go(func() error {
		results, err := attack(ctx, profile, profilesASecond, span)
		if err != nil {
			return err
		}
		asked, err = timed(results)
		return err
	})
	err = both.Wait()
	return asked, out, err
}

// lookAtStorm profiles the API in a storm.
func lookAtStorm(ctx context.Context, o options, api *target) error {
	l := &logins{base: api.base}
	l.sent.Store(1 << 20) // from addresses of its own
	profile, err := l.profile(ctx)
	if err != nil {
		return err
	}
	return look(ctx, o, api, "A storm of sign-ins from everywhere", func(ctx context.Context) error {
		_, _, err := storm(ctx, l.everywhere(), profile, o.lookFor()+time.Second)
		return err
	})
}

// timed returns the times of responses, which must all be successes: a failure has no time.
func timed(results []vegeta.Result) (p profiles, err error) {
	if len(results) == 0 {
		return p, errors.New("no profile was asked for")
	}
	first := slices.MinFunc(results, func(a, b vegeta.Result) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, r := range results {
		if r.Code != http.StatusOK {
			return p, fmt.Errorf("a profile was answered %d %s", r.Code, r.Error)
		}
		due := first.Timestamp.Add(time.Duration(r.Seq-first.Seq) * time.Second / profilesASecond)
		p.took = append(p.took, r.Latency)
		p.late = append(p.late, max(0, r.Timestamp.Sub(due)))
	}
	return p, nil
}

// sample is how many of the refused retry.
const sample = 5

func count(results []vegeta.Result) (out entrances) {
	for _, r := range results {
		switch r.Code {
		case http.StatusOK:
			out.in++
			out.took = append(out.took, r.Latency)
		case http.StatusTooManyRequests:
			out.refused++
			out.gone = append(out.gone, r.Latency)
			if _, ok := retryAfter(r); !ok {
				out.undated++
			}
			out.last = append(out.last, r)
		default:
			out.other++
		}
	}
	out.last = out.last[max(0, len(out.last)-sample):]
	return out
}
