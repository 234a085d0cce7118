package config

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// The modes of Limits.
const (
	LimitsOn      = "on"
	LimitsRelaxed = "relaxed"
	LimitsOff     = "off"
)

// relaxation is the factor of quotas when limits are relaxed.
const relaxation = 100

// Limits are the rate limits. They need Redis.
type Limits struct {
	// Mode relaxed multiplies every quota by a hundred, so that a test suite can be repeated from one
	// address.
	Mode string `env:"LYO_RATE_LIMITS"` // on, relaxed or off; development: relaxed, else on

	User     Rate `env:"LYO_RATE_USER" envDefault:"600/1m"`    // everything, per user
	Address  Rate `env:"LYO_RATE_ADDRESS" envDefault:"300/1m"` // without a valid token, per address
	Generate Rate `env:"LYO_RATE_GENERATE" envDefault:"30/1h"` // courses, per user
	// Sources limits the source material a user adds, LYO_RATE_SOURCES_DAY over a whole day.
	Sources    Rate `env:"LYO_RATE_SOURCES" envDefault:"20/1m"`
	SourcesDay Rate `env:"LYO_RATE_SOURCES_DAY" envDefault:"200/24h"`
	Register   Rate `env:"LYO_RATE_REGISTER" envDefault:"10/1h"` // per address
	Login      Rate `env:"LYO_RATE_LOGIN" envDefault:"20/15m"`   // attempts, per address
	Refresh    Rate `env:"LYO_RATE_REFRESH" envDefault:"600/1m"` // per address
	// Mail limits requested mails per address, per user and per mailbox.
	Mail Rate `env:"LYO_RATE_MAIL" envDefault:"5/1h"`
	// Failures limits wrong passwords for an account from one address, which then is locked out of the
	// account for LYO_LOGIN_LOCK.
	Failures Rate          `env:"LYO_RATE_LOGIN_FAILURES" envDefault:"5/15m"`
	LockFor  time.Duration `env:"LYO_LOGIN_LOCK" envDefault:"30m"`
	// Everywhere limits wrong passwords for an account from all addresses. Above it, responses for the
	// account are delayed, and its owner gets a mail.
	Everywhere Rate `env:"LYO_RATE_ACCOUNT_FAILURES" envDefault:"30/15m"`
}

// On reports whether rate limits are on.
func (l Limits) On() bool { return l.Mode == LimitsOn || l.Mode == LimitsRelaxed }

// Effective returns the rate adjusted for the mode.
func (l Limits) Effective(r Rate) Rate {
	if l.Mode == LimitsRelaxed {
		r.Quota *= relaxation
	}
	return r
}

// Rate is a number of requests per period, written 600/1m.
type Rate struct {
	Quota int
	Per   time.Duration
}

var errRate = errors.New("must look like 600/1m: a whole number from 1 to 1000000, and a time from 1s to 168h")

// UnmarshalText parses a rate such as 600/1m.
func (r *Rate) UnmarshalText(text []byte) error {
	number, per, _ := strings.Cut(string(text), "/")
	var errs [2]error
	r.Quota, errs[0] = strconv.Atoi(number)
	r.Per, errs[1] = time.ParseDuration(per)
	if errors.Join(errs[:]...) != nil || r.Quota < 1 || r.Quota > 1_000_000 || r.Per < time.Second || r.Per > 168*time.Hour {
		return errRate
	}
	return nil
}

// String returns the rate in the form 600/1m.
func (r Rate) String() string { return strconv.Itoa(r.Quota) + "/" + r.Per.String() }

// MarshalText returns the same text as String.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
