package push

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Credentials name what messages go out under, so that what a provider says of them can be
// kept for all senders.
type Credentials struct {
	// Provider is apns, apns-sandbox, fcm, or webpush- and the name of a service.
	Provider string
	// Fingerprint changes with the credentials and with where they are used; nothing of them
	// can be told from it.
	Fingerprint string
}

const (
	providerApple   = "apns"
	providerSandbox = "apns-sandbox"
	providerGoogle  = "fcm"
	providerWeb     = "webpush-"
)

// fingerprintSize in bytes is enough to tell an operator's credentials apart.
const fingerprintSize = 12

// credentialsOf makes the name of credentials from all that belongs to them.
func credentialsOf(provider string, parts ...string) Credentials {
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err) // texts marshal
	}
	sum := sha256.Sum256(text)
	return Credentials{provider, hex.EncodeToString(sum[:fingerprintSize])}
}

func (c Credentials) credentials(Message) Credentials { return c }

// Credentials are what a message goes out under. They are zero where nothing is sent, and where
// what is answered says nothing of credentials: a browser may name any address, whose owner can
// answer whatever they like.
func (s *Sender) Credentials(m Message) Credentials {
	if way := s.routeOf(m); way != nil {
		return way.credentials(m)
	}
	return Credentials{}
}

// AllCredentials are those that this sender may send under.
func (s *Sender) AllCredentials() []Credentials {
	var all []Credentials
	for _, a := range []*apple{s.apple, s.sandbox} {
		if a != nil {
			all = append(all, a.Credentials)
		}
	}
	if s.google != nil {
		all = append(all, s.google.Credentials)
	}
	if s.web != nil {
		all = append(all, s.web.all()...)
	}
	return all
}
