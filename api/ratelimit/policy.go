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
	// Window is the time in which an empty bucket fills, or with a Lock the time for which a failure
	// counts. It is at least a second.
	Window time.Duration
	// Lock, unless zero, makes the policy count failures: Quota of them within Window lock it for this
	// long after the last.
	Lock time.Duration
}

// Charge is what a request takes from one policy.
type Charge struct {
	Policy Policy
	// Cost is in units. A cost above the quota counts as the quota, so that no request is refused for
	// ever. A policy with a Lock always takes one.
	Cost int
	// Again is the cost of a request whose ID was charged before.
	Again int
	// Of separates counters of one policy and subject, such as those of accounts. Personal values must
	// be hashed.
	Of string
	// On, unless empty, is the subject that is charged instead of the request's. Counters of several
	// subjects in one request must be on one node.
	On Subject
	// Soft charges and never refuses: a bucket without room stays empty, and the verdict is Over. Its
	// state is for the caller only, so it is not among the States. It cannot be combined with a Lock.
	Soft bool
}

// Request is a subject and the charges of one request.
type Request struct {
	Subject Subject
	// ID, unless empty, identifies a repeated request, which costs Again. It is remembered for the
	// longest window among the charges.
	ID      string
	Charges []Charge
}

// refill returns the time in which one unit is restored.
func (p Policy) refill() time.Duration {
	return max(p.Window/time.Duration(p.Quota), time.Microsecond).Truncate(time.Microsecond)
}

// keep returns how long Redis must keep the policy's counter.
func (p Policy) keep() time.Duration { return max(p.Window, p.Lock, p.refill()*time.Duration(p.Quota)) }

// arguments returns the arguments of take.lua for one limit.
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

// key returns the counter's key. All keys of a subject are on one node of a cluster.
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

// Hash returns a short digest of a text that must not appear in a key.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
