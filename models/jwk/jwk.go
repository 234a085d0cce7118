// Package jwk writes public Ed25519 keys as JSON Web Keys (RFC 8037) and reads them.
package jwk

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// Key is a public key that verifies signatures.
type Key struct {
	Curve string `json:"crv"`
	Type  string `json:"kty"`
	X     string `json:"x"`
	ID    string `json:"kid"`
	Use   string `json:"use"`
	Alg   string `json:"alg"`
}

// Of returns a public key as a JSON Web Key.
func Of(public ed25519.PublicKey) Key {
	x := base64.RawURLEncoding.EncodeToString(public)
	return Key{Curve: "Ed25519", Type: "OKP", X: x, ID: Thumbprint(public), Use: "sig", Alg: "EdDSA"}
}

// Public returns the public key.
func (k Key) Public() (ed25519.PublicKey, error) {
	x, err := base64.RawURLEncoding.DecodeString(k.X)
	if err != nil || len(x) != ed25519.PublicKeySize || k.Curve != "Ed25519" {
		return nil, errors.New("not a public Ed25519 key")
	}
	return x, nil
}

// Thumbprint returns the RFC 7638 thumbprint of a key, which is used as its kid.
func Thumbprint(public ed25519.PublicKey) string {
	x := base64.RawURLEncoding.EncodeToString(public)
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
