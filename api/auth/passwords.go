package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"github.com/lyoapp/lyo/models/text"
)

// The bounds of a new password: a minimum in characters, a maximum in bytes. bcrypt reads at most 72
// bytes, so a longer password is refused rather than truncated.
const (
	MinPasswordCharacters = 8
	MaxPasswordBytes      = 72
)

// The two faults of a new password.
var (
	ErrPasswordShort = errors.New("must have at least 8 characters")
	ErrPasswordLong  = errors.New("must not be longer than 72 bytes in UTF-8")
)

// CheckPassword reports whether a password may be chosen. Sign-in does not call it. The bounds apply
// to the form that is hashed.
func CheckPassword(password string) error {
	password = text.Password(password)
	switch {
	case len(password) > MaxPasswordBytes:
		return ErrPasswordLong
	case utf8.RuneCountInString(password) < MinPasswordCharacters:
		return ErrPasswordShort
	}
	return nil
}

// Passwords hashes and compares. At most slots of these run at once, so that many sign-ins cannot
// starve other requests. The others wait in a queue that drains within longestWait. It is safe for
// concurrent use.
type Passwords struct {
	cost  int
	queue *admissionQueue
	dummy string
}

// NewPasswords returns a hasher of the given bcrypt cost that runs slots (at least 1) at a time.
func NewPasswords(cost, slots int) *Passwords {
	return &Passwords{cost: cost, queue: newAdmissionQueue(max(1, slots), typical(cost)), dummy: dummyHash(cost)}
}

// typical estimates the duration of a hash before one was measured. Each cost doubles it, and 12 takes
// 0.4 s on a current core.
func typical(cost int) time.Duration { return 100 * time.Microsecond << cost }

// dummyHash returns a well-formed hash of the given cost that no password matches.
func dummyHash(cost int) string {
	return fmt.Sprintf("$2a$%02d$%s", cost, strings.Repeat("N", 21)+"O"+strings.Repeat("N", 30)+"O")
}

// Hash returns the bcrypt hash of a password that CheckPassword accepts. It fails when the queue is
// too long (*Busy), or when the context ends before a slot is free.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	var hash []byte
	err := p.queue.run(ctx, func() (err error) {
		hash, err = bcrypt.GenerateFromPassword([]byte(text.Password(password)), p.cost)
		return err
	})
	return string(hash), err
}

// Outdated reports whether a hash has another cost than new ones.
func (p *Passwords) Outdated(hash string) bool {
	cost, err := bcrypt.Cost([]byte(hash))
	return err == nil && cost != p.cost
}

// Matches is Compare without the report of an outdated hash.
func (p *Passwords) Matches(ctx context.Context, hash, password string) (bool, error) {
	right, _, err := p.Compare(ctx, hash, password)
	return right, err
}

// Compare reports whether the password matches the hash, which may be of any of the password's
// text.PasswordForms, and whether the hash is outdated: of another form or cost than new ones. An
// empty hash stands for an unknown account. The answer is then no, after the same time, because both
// cases compare all forms of the password. An error means that nothing was compared: the queue was too
// long (*Busy), the context ended first, or the hash is malformed.
func (p *Passwords) Compare(ctx context.Context, hash, password string) (right, outdated bool, err error) {
	for i, form := range text.PasswordForms(password) {
		right, err = p.compare(ctx, hash, form)
		if right || err != nil {
			return right, right && (i > 0 || p.Outdated(hash)), err
		}
	}
	return false, false, nil
}

func (p *Passwords) compare(ctx context.Context, hash, form string) (bool, error) {
	known := hash != "" && len(form) <= MaxPasswordBytes
	if !known {
		hash = p.dummy
	}
	err := p.queue.run(ctx, func() error { return bcrypt.CompareHashAndPassword([]byte(hash), []byte(form)) })
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return known && err == nil, err
}
