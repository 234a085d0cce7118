// Package manifest says what a course is made of, signed: which model wrote it, from which sources, and the
// digest of each lesson's text. Values in, values out; keys are handed in.
package manifest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/jwk"
)

const (
	// Type is the typ of the header, which no other token has.
	Type = "lyo-manifest+jws"
	// MaxSize is the maximum length of a signed manifest in bytes.
	MaxSize = 64 << 10
)

// Manifest is what a course is made of.
type Manifest struct {
	CourseID      uuid.UUID `json:"course_id"`
	Model         string    `json:"model"`
	ModelVersion  string    `json:"model_version"`
	Provider      string    `json:"provider"`
	PromptVersion string    `json:"prompt_version"`
	// OtherModels also wrote parts of it, such as one that wrote a lesson again.
	OtherModels []string  `json:"other_models,omitempty"`
	AIGenerated bool      `json:"ai_generated"`
	GeneratedAt time.Time `json:"generated_at"` // of the newest text
	Lessons     []Lesson  `json:"lessons"`
	Sources     []Source  `json:"sources"`
	// PrivateSources counts the cited sources that are the author's own material.
	PrivateSources int `json:"private_sources"`
}

// Lesson is the digest of a lesson's text.
type Lesson struct {
	ID     uuid.UUID `json:"id"`
	N      int       `json:"n"`      // from 1
	SHA256 string    `json:"sha256"` // of the Markdown in UTF-8, in hexadecimal
}

// Source is something public that a lesson cites.
type Source struct {
	URL   string `json:"url"`
	Title string `json:"title,omitempty"`
	// SHA256 is of the source's text as it was read, in hexadecimal digits; "" where that is not kept.
	SHA256 string `json:"sha256,omitempty"`
}

// Digest returns the digest of a lesson's text.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Spellings returns the texts that a text stands for: itself, with one line break more at its end, and with
// one less. Many programs add or drop that one.
func Spellings(text string) []string {
	all := []string{text, text + "\n"}
	if n := len(text) - 1; n >= 0 && text[n] == '\n' {
		all = append(all, text[:n])
	}
	return all
}

// LessonOf returns the number of the lesson that a text is, to the byte but for one line break at its end; 0 if it
// is none.
func (m Manifest) LessonOf(text string) int {
	for _, spelling := range Spellings(text) {
		digest := Digest(spelling)
		for _, l := range m.Lessons {
			if l.SHA256 == digest {
				return l.N
			}
		}
	}
	return 0
}

// Signer signs manifests with a key that signs nothing else.
type Signer struct {
	private ed25519.PrivateKey
	public  jwk.Key
	issuer  string
}

// NewSigner returns a signer; issuer is the service's public address.
func NewSigner(private ed25519.PrivateKey, issuer string) (*Signer, error) {
	public, ok := private.Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("not a private Ed25519 key")
	}
	return &Signer{private, jwk.Of(public), issuer}, nil
}

// Key returns the public key, which has to be published for as long as manifests are to be checked.
func (s *Signer) Key() jwk.Key { return s.public }

// claims are the payload. jwt.RegisteredClaims adds only iss.
type claims struct {
	jwt.RegisteredClaims
	Manifest
}

// Sign returns the manifest as a JWS in compact form. The same manifest is always the same text.
func (s *Signer) Sign(m Manifest) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{jwt.RegisteredClaims{Issuer: s.issuer}, m})
	token.Header["typ"], token.Header["kid"] = Type, s.public.ID
	signed, err := token.SignedString(s.private)
	if err == nil && len(signed) > MaxSize {
		err = fmt.Errorf("the manifest has %d bytes, more than %d", len(signed), MaxSize)
	}
	return signed, err
}

// The reasons why a text is no manifest of ours.
var (
	ErrMalformed  = errors.New("it is not a manifest")
	ErrUnknownKey = errors.New("it is signed with an unknown key")
	ErrSignature  = errors.New("its signature is not that of its key")
)

// Open checks a signed manifest and returns what it says. keyOf returns the public key of a kid; ErrUnknownKey
// when there is none. Its other errors are returned as they are.
func Open(signed string, keyOf func(kid string) (ed25519.PublicKey, error)) (Manifest, error) {
	if len(signed) > MaxSize {
		return Manifest{}, ErrMalformed
	}
	var failed error
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
	var read claims
	_, err := parser.ParseWithClaims(signed, &read, func(token *jwt.Token) (any, error) {
		kid, _ := token.Header["kid"].(string)
		if token.Header["typ"] != Type || kid == "" {
			failed = ErrMalformed
			return nil, failed
		}
		var key ed25519.PublicKey
		key, failed = keyOf(kid)
		return key, failed
	})
	switch {
	case failed != nil:
		return Manifest{}, failed
	case errors.Is(err, jwt.ErrTokenMalformed):
		return Manifest{}, ErrMalformed
	case err != nil:
		return Manifest{}, ErrSignature
	}
	return read.Manifest, nil
}
