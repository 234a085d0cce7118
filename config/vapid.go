package config

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
)

// VAPIDKeys is the key pair that identifies this server to web push services, base64url.
type VAPIDKeys struct {
	Private Secret
	Public  string // the applicationServerKey of subscriptions
}

var errNoVAPIDKey = errors.New("LYO_WEBPUSH_KEY is no private key of P-256: PEM (PKCS #8 or SEC 1), or its 32 bytes in base64url") // the value is a secret

// VAPID parses the web push key; the result is empty without one. Invalid keys are reported at the start.
func (p Push) VAPID() (VAPIDKeys, error) {
	text := strings.TrimSpace(p.WebPushKey.Reveal())
	if text == "" {
		return VAPIDKeys{}, nil
	}
	key, err := privateP256(text)
	if err != nil {
		return VAPIDKeys{}, errNoVAPIDKey
	}
	encode := base64.RawURLEncoding.EncodeToString
	return VAPIDKeys{Secret(encode(key.Bytes())), encode(key.PublicKey().Bytes())}, nil
}

func privateP256(text string) (*ecdh.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "="))
		if err != nil {
			return nil, err
		}
		return ecdh.P256().NewPrivateKey(raw)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, errNoVAPIDKey
	}
	private, err := key.ECDH()
	if err != nil || private.Curve() != ecdh.P256() {
		return nil, errNoVAPIDKey
	}
	return private, nil
}
