package auth

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	// Audience is the aud claim of access tokens.
	Audience = "lyo-api"
	// maxAccessLength in bytes is checked before a token is decoded.
	maxAccessLength = 4096
	leeway          = 5 * time.Second
	// maxVerified is the number of verified tokens that are remembered, about 300 bytes each.
	maxVerified   = 10_000
	typeAccess    = "access"
	defaultIssuer = "lyo"
)

// Claims are the contents of a valid access token. They are shared, and not to be changed.
type Claims struct {
	UserID, SessionID uuid.UUID
	Roles             []string
	ExpiresAt         time.Time
}

// AccessTokens signs and verifies access tokens. It does not check revocation, which belongs to the
// session.
type AccessTokens struct {
	keys   *Keys
	issuer string
	life   time.Duration
	clock  func() time.Time
	parser *jwt.Parser

	mu       sync.Mutex
	verified map[[sha256.Size]byte]verified // by the hash of the token
}

// verified are the claims of a token whose signature was verified with one of the keys, which never change.
type verified struct {
	Claims
	from time.Time // before, by a clock that stepped back, it is not valid yet
}

// valid reports whether a token with these claims is valid at a time, as the parser would decide it.
func (v verified) valid(now time.Time) bool {
	return now.Before(v.ExpiresAt.Add(leeway)) && !now.Before(v.from.Add(-leeway))
}

// NewAccessTokens returns a signer of tokens with the given lifetime and issuer. issuer is the
// service's public address, or "lyo" when it is empty.
func NewAccessTokens(keys *Keys, issuer string, life time.Duration, clock func() time.Time) *AccessTokens {
	issuer = cmp.Or(issuer, defaultIssuer) // the parser would take an empty one for any
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(Audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway), jwt.WithTimeFunc(clock), jwt.WithStrictDecoding(),
	)
	return &AccessTokens{keys: keys, issuer: issuer, life: life, clock: clock, parser: parser, verified: map[[sha256.Size]byte]verified{}}
}

type claims struct {
	jwt.RegisteredClaims
	Session string   `json:"sid"`
	Type    string   `json:"typ"`
	Roles   []string `json:"roles"`
}

// Sign returns a new access token of a session that ends at the given time, and the token's lifetime,
// which never exceeds the session.
func (t *AccessTokens) Sign(user, session uuid.UUID, roles []string, end time.Time) (signed string, life time.Duration, err error) {
	now := t.clock()
	life = max(0, min(t.life, end.Sub(now)))
	if roles == nil {
		roles = []string{}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: t.issuer, Audience: jwt.ClaimStrings{Audience}, Subject: user.String(), ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)),
		},
		Session: session.String(), Type: typeAccess, Roles: roles,
	})
	token.Header["kid"] = t.keys.kid
	signed, err = token.SignedString(t.keys.signer)
	return signed, life, err
}

// Verify checks the signature, the times and the presence of every claim. Its error is for logs:
// clients learn only that the token is not valid. A valid token is remembered, so that its signature is
// verified once.
func (t *AccessTokens) Verify(token string) (Claims, error) {
	if len(token) > maxAccessLength {
		return Claims{}, errors.New("access token is too long")
	}
	hash := sha256.Sum256([]byte(token))
	if v, ok := t.recall(hash); ok {
		return v, nil
	}
	var c claims
	if _, err := t.parser.ParseWithClaims(token, &c, t.key); err != nil {
		return Claims{}, err
	}
	checked, err := c.checked()
	if err == nil && c.NotBefore == nil { // which no token of ours has
		t.remember(hash, verified{Claims: checked, from: c.IssuedAt.Time})
	}
	return checked, err
}

// recall returns the claims of a token that was verified, and forgets one that is not valid any more.
func (t *AccessTokens) recall(hash [sha256.Size]byte) (Claims, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.verified[hash]
	if ok && !v.valid(t.clock()) {
		delete(t.verified, hash)
		return Claims{}, false
	}
	return v.Claims, ok
}

// remember keeps the claims of a token, in place of any other when there are too many.
func (t *AccessTokens) remember(hash [sha256.Size]byte, v verified) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.verified) >= maxVerified {
		for other := range t.verified {
			delete(t.verified, other)
			break
		}
	}
	t.verified[hash] = v
}

// key returns the key of a token. Of another type, such as a manifest, none is: whoever signed it, it is no
// access token.
func (t *AccessTokens) key(token *jwt.Token) (any, error) {
	if typ, _ := token.Header["typ"].(string); typ != "JWT" {
		return nil, fmt.Errorf("not an access token but of type %.40q", typ)
	}
	kid, _ := token.Header["kid"].(string)
	if key, ok := t.keys.trusted[kid]; ok {
		return key, nil
	}
	return nil, errors.New("access token is signed with an unknown key")
}

func (c claims) checked() (Claims, error) {
	user, errUser := uuid.Parse(c.Subject)
	session, errSession := uuid.Parse(c.Session)
	switch {
	case errUser != nil || errSession != nil:
		return Claims{}, errors.New("access token names no user or no session")
	case c.Type != typeAccess:
		return Claims{}, fmt.Errorf("token is of type %.20q", c.Type)
	case c.ID == "" || c.IssuedAt == nil || c.Roles == nil:
		return Claims{}, errors.New("access token lacks a claim")
	}
	return Claims{UserID: user, SessionID: session, Roles: c.Roles, ExpiresAt: c.ExpiresAt.Time}, nil
}
