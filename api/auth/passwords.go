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

// The bounds of a new password: characters below, bytes above. bcrypt reads no
// more than 72 bytes, so a longer one is refused rather than cut.
const (
	MinPasswordCharacters = 8
	MaxPasswordBytes      = 72
)

// The two faults of a new password.
var (
	ErrPasswordShort = errors.New("must have at least 8 characters")
	ErrPasswordLong  = errors.New("must not be longer than 72 bytes in UTF-8")
)

// CheckPassword tells whether a password may be chosen. Signing in asks only
// whether it matches. The bounds are of the form that is hashed.
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

// Passwords hashes and compares. At most slots of these run at once, so that
// many sign-ins cannot starve everything else; the others wait in line, which is
// as long as it can be worked off in longestWait. Safe for concurrent use.
type Passwords struct {
	cost  int
	queue *admissionQueue
	dummy string
}

// NewPasswords makes hashes of the given bcrypt cost, slots (at least 1) at a time.
func NewPasswords(cost, slots int) *Passwords {
	return &Passwords{cost: cost, queue: newAdmissionQueue(max(1, slots), typical(cost)), dummy: dummyHash(cost)}
}

// typical is about how long a hash takes, until that was measured: each cost
// doubles it, and 12 takes 0.4 s on a core of today.
func typical(cost int) time.Duration { return 100 * time.Microsecond << cost }

// dummyHash is a well-formed hash of the given cost that no password has.
func dummyHash(cost int) string {
	return fmt.Sprintf("$2a$%02d$%s", cost, strings.Repeat("N", 21)+"O"+strings.Repeat("N", 30)+"O")
}

// Hash is the bcrypt hash of a password that CheckPassword accepts. It fails
// when the line is too long (*Busy), or the context ends before a slot is free.
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

// Outdated tells whether a hash was made at another cost than new ones are.
func (p *Passwords) Outdated(hash string) bool {
	cost, err := bcrypt.Cost([]byte(hash))
	return err == nil && cost != p.cost
}

// Matches is Compare without whether the hash is to be made again.
func (p *Passwords) Matches(ctx context.Context, hash, password string) (bool, error) {
	right, _, err := p.Compare(ctx, hash, password)
	return right, err
}

// Compare tells whether the password belongs to the hash, which may have been made of
// any of its text.PasswordForms, and whether the hash is outdated: of another form or cost
// than new ones. An empty hash stands for an unknown account: the answer is no, after the
// same time, since both compare as many forms as the password has. An error means
// that nothing was compared: the line was too long (*Busy), the context ended first,
// or the hash is not one.
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
