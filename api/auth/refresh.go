package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"github.com/google/uuid"
)

// A refresh token is base64url(session id, 32 random bytes, 16 bytes of MAC). The MAC distinguishes an
// old token of the session from a forged one. Without it, anyone who knows a session's id could end
// the session.
const (
	randomBytes  = 32
	macBytes     = 16
	refreshBytes = 16 + randomBytes + macBytes
)

// RefreshTokens issues and parses refresh tokens. Only their hashes are stored.
type RefreshTokens struct{ macKey []byte }

// NewRefreshTokens derives its key from a secret that all API processes share. When the secret
// changes, current tokens stay valid.
func NewRefreshTokens(secret string) (*RefreshTokens, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "lyo refresh token mac", 32)
	return &RefreshTokens{macKey: key}, err
}

// Refresh is a parsed refresh token.
type Refresh struct {
	Token   string
	Session uuid.UUID
	Hash    []byte // SHA-256 of the token, which is what gets stored
	Genuine bool   // it was minted here, for this session
}

// Mint returns a new token of a session.
func (r *RefreshTokens) Mint(session uuid.UUID) Refresh {
	raw := make([]byte, refreshBytes)
	copy(raw, session[:])
	_, _ = rand.Read(raw[16 : 16+randomBytes]) // never fails: the runtime ends the program instead
	copy(raw[16+randomBytes:], r.mac(raw[:16+randomBytes]))
	return newRefresh(base64.RawURLEncoding.EncodeToString(raw), session, true)
}

// Parse splits a token into its parts. It returns false for a text that does not have the form of a
// token.
func (r *RefreshTokens) Parse(token string) (Refresh, bool) {
	if len(token) != base64.RawURLEncoding.EncodedLen(refreshBytes) {
		return Refresh{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return Refresh{}, false
	}
	genuine := hmac.Equal(r.mac(raw[:16+randomBytes]), raw[16+randomBytes:])
	return newRefresh(token, uuid.UUID(raw[:16]), genuine), true
}

func newRefresh(token string, session uuid.UUID, genuine bool) Refresh {
	sum := sha256.Sum256([]byte(token))
	return Refresh{Token: token, Session: session, Hash: sum[:], Genuine: genuine}
}

func (r *RefreshTokens) mac(body []byte) []byte {
	h := hmac.New(sha256.New, r.macKey)
	h.Write(body)
	return h.Sum(nil)[:macBytes]
}

// Seal encrypts the next token so that only the holder of this one can open it.
func (r Refresh) Seal(next Refresh) ([]byte, error) {
	box, err := r.box()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce)
	return box.Seal(nonce, nonce, []byte(next.Token), r.Session[:]), nil
}

// Open returns the token that Seal encrypted.
func (r Refresh) Open(sealed []byte) (string, error) {
	box, err := r.box()
	if err != nil {
		return "", err
	}
	if len(sealed) < box.NonceSize() {
		return "", errors.New("sealed refresh token is too short")
	}
	token, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], r.Session[:])
	return string(token), err
}

func (r Refresh) box() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(r.Token), r.Session[:], "lyo refresh token seal", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
