package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/lyoapp/lyo/models/jwk"
)

// Keys are the Ed25519 keys of access tokens. The first private one signs, and all of them verify.
// They are immutable.
type Keys struct {
	kid     string
	signer  ed25519.PrivateKey
	trusted map[string]ed25519.PublicKey
	jwks    []byte
}

// ParseKeys reads one or more PEM blocks: PRIVATE KEY (PKCS #8) and, for keys that only verify during
// a rotation, PUBLIC KEY (PKIX). One must be private. A key whose seed is not random is refused.
func ParseKeys(text string) (*Keys, error) {
	k := &Keys{trusted: map[string]ed25519.PublicKey{}}
	set := []jwk.Key{}
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		public, err := k.add(block)
		if err != nil {
			return nil, err
		}
		set = append(set, jwk.Of(public))
	}
	if k.signer == nil {
		return nil, errors.New("no Ed25519 private key in PEM (PKCS #8) found")
	}
	var err error
	k.jwks, err = json.Marshal(map[string][]jwk.Key{"keys": set})
	return k, err
}

func (k *Keys) add(block *pem.Block) (ed25519.PublicKey, error) {
	public, private, err := parseBlock(block)
	if err != nil {
		return nil, err
	}
	kid := jwk.Thumbprint(public)
	if private != nil && k.signer == nil {
		k.kid, k.signer = kid, private
	}
	k.trusted[kid] = public
	return public, nil
}

// leastDistinct is the least number of distinct bytes in the 32 bytes of a seed. Random seeds have
// about 30. Fewer than 16 occur at most once in 10^14 keys.
const leastDistinct = 16

// random reports whether a seed may come from a source of randomness.
func random(seed []byte) bool {
	distinct := map[byte]bool{}
	for _, b := range seed {
		distinct[b] = true
	}
	return len(distinct) >= leastDistinct
}

// parseBlock parses one PEM block. Its error never contains the block's content.
func parseBlock(block *pem.Block) (ed25519.PublicKey, ed25519.PrivateKey, error) {
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if private, ok := parsed.(ed25519.PrivateKey); ok && err == nil {
			if !random(private.Seed()) {
				return nil, nil, errors.New("the Ed25519 private key was not made at random: use openssl genpkey -algorithm ed25519")
			}
			public, _ := private.Public().(ed25519.PublicKey) // that is what it documents
			return public, private, nil
		}
	case "PUBLIC KEY":
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if public, ok := parsed.(ed25519.PublicKey); ok && err == nil {
			return public, nil, nil
		}
	}
	return nil, nil, fmt.Errorf("PEM block %q is not an Ed25519 key", block.Type)
}

// ParsePrivateKey reads one PEM block, an Ed25519 private key (PKCS #8). A key whose seed is not random is refused.
func ParsePrivateKey(text string) (ed25519.PrivateKey, error) {
	if block, rest := pem.Decode([]byte(text)); block != nil {
		if more, _ := pem.Decode(rest); more != nil {
			return nil, errors.New("more than one PEM block")
		}
		_, private, err := parseBlock(block)
		if private != nil || err != nil {
			return private, err
		}
	}
	return nil, errors.New("no Ed25519 private key in PEM (PKCS #8) found")
}

// Trust reports whether one of the keys is this one.
func (k *Keys) Trust(public ed25519.PublicKey) bool {
	_, found := k.trusted[jwk.Thumbprint(public)]
	return found
}

// Generate returns a new private key as PEM.
func Generate() (string, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// JWKS returns the public keys as a JSON Web Key Set (RFC 7517).
func (k *Keys) JWKS() []byte { return k.jwks }
