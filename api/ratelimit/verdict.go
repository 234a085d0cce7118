package ratelimit

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Verdict is the result of Take.
type Verdict struct {
	Allowed bool
	// RetryAfter is the time until the same request passes, if nothing else is charged meanwhile. It
	// is zero when the request was allowed.
	RetryAfter time.Duration
	// Limit is the policy with the longest wait. It is zero when the request was allowed.
	Limit  Policy
	States []State // of one policy that several subjects were charged, the one with the least room
	// Over reports that a soft limit had no room.
	Over bool

	at time.Time
}

// State is the state of one limit after a request.
type State struct {
	Policy    Policy
	Remaining int
	// Reset is the time until the whole quota is restored. On a refusal by this limit, it is the time
	// until the request would pass.
	Reset time.Duration
}

// verdict decodes the answer of take.lua.
func verdict(r Request, at time.Time, answer []int64) (Verdict, error) {
	if len(answer) != 1+3*len(r.Charges) {
		return Verdict{}, fmt.Errorf("rate limits: an answer of %d numbers for %d limits", len(answer), len(r.Charges))
	}
	v := Verdict{Allowed: answer[0] == 1, at: at}
	for i, c := range r.Charges {
		part := answer[1+3*i:]
		wait := time.Duration(part[2]) * time.Microsecond
		if c.Soft {
			v.Over = v.Over || wait > 0
			continue
		}
		v.addState(State{c.Policy, int(part[0]), time.Duration(part[1]) * time.Microsecond})
		if wait > v.RetryAfter {
			v.RetryAfter, v.Limit = wait, c.Policy
		}
	}
	return v, nil
}

func (v *Verdict) addState(s State) {
	for i, known := range v.States {
		if known.Policy.Name == s.Policy.Name {
			if s.Remaining < known.Remaining || s.Remaining == known.Remaining && s.Reset > known.Reset {
				v.States[i] = s
			}
			return
		}
	}
	v.States = append(v.States, s)
}

// The names of the fields, in Go's spelling.
const (
	PolicyField = "Ratelimit-Policy"
	LimitField  = "Ratelimit"
)

// Fields returns the values of RateLimit-Policy and RateLimit, by the IETF's draft
// "RateLimit header fields for HTTP" as of its tenth revision.
func Fields(states []State) (policy, limit string) {
	policies, limits := make([]string, len(states)), make([]string, len(states))
	for i, s := range states {
		policies[i] = fmt.Sprintf("%q;q=%d;w=%d", s.Policy.Name, s.Policy.Quota, Seconds(s.Policy.Window))
		limits[i] = fmt.Sprintf("%q;r=%d;t=%d", s.Policy.Name, s.Remaining, Seconds(s.Reset))
	}
	return strings.Join(policies, ", "), strings.Join(limits, ", ")
}

// Seconds rounds up, because a client that waits less returns too early.
func Seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
