package ratelimit

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Policy is one limit.
type Policy struct {
	// Name is what clients see: ASCII letters, digits and hyphens.
	Name string
	// Quota is how many units fit, at least 1.
	Quota int
	// Window is how long an empty bucket takes to fill, or with a Lock how long
	// a failure counts. At least a second.
	Window time.Duration
	// Lock, unless zero, makes the policy one for failures: Quota of them within
	// Window shut it for this long after the last.
	Lock time.Duration
}

// Charge is what a request takes from one policy.
type Charge struct {
	Policy Policy
	// Cost in units. More than the quota counts as the quota, so that no request
	// is too dear for ever. A policy with a Lock always takes one.
	Cost int
	// Again is the cost of a request whose ID has been charged before.
	Again int
	// Of tells counters of one policy and subject apart, such as accounts. Hash
	// what is personal.
	Of string
	// On, unless empty, is who is charged in place of the request's subject. Counters
	// of several subjects in one request have to be on one node.
	On Subject
	// Soft charges and never refuses: a bucket without room stays empty, and the
	// verdict is Over. What it says is nobody's but the caller's, so it is not among
	// the States. It is not for a policy with a Lock.
	Soft bool
}

// Request is what one request takes, from whom.
type Request struct {
	Subject Subject
	// ID, unless empty, recognises a repetition, which costs Again. It is
	// remembered for the longest window among the charges.
	ID      string
	Charges []Charge
}

// refill is how long one unit takes to come back.
func (p Policy) refill() time.Duration {
	return max(p.Window/time.Duration(p.Quota), time.Microsecond).Truncate(time.Microsecond)
}

// keep is how long Redis has to remember the policy's counter.
func (p Policy) keep() time.Duration { return max(p.Window, p.Lock, p.refill()*time.Duration(p.Quota)) }

// arguments are those of take.lua for one limit.
func (c Charge) arguments() []any {
	p := c.Policy
	span := p.refill()
	if p.Lock > 0 {
		span = p.Window
	}
	soft := 0
	if c.Soft {
		soft = 1
	}
	return []any{
		p.Quota, span.Microseconds(), p.Lock.Microseconds(),
		min(c.Cost, p.Quota), min(c.Again, p.Quota), p.keep().Milliseconds(), soft,
	}
}

// key is the counter's. All keys of a subject are on one node of a cluster.
func (c Charge) key(s Subject) string {
	if c.On != "" {
		s = c.On
	}
	key := s.prefix() + c.Policy.Name
	if c.Of != "" {
		key += ":" + c.Of
	}
	return key
}

// Hash is a short name for a text that should not stand in a key.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
