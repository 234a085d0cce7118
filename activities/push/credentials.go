package push

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Credentials identify what messages are sent under, so that all senders share what a provider
// answers about them.
type Credentials struct {
	// Provider is apns, apns-sandbox, fcm, or webpush- and the name of a service.
	Provider string
	// Fingerprint changes with the credentials and with where they are used; it reveals nothing of
	// them.
	Fingerprint string
}

const (
	providerApple   = "apns"
	providerSandbox = "apns-sandbox"
	providerGoogle  = "fcm"
	providerWeb     = "webpush-"
)

// fingerprintSize in bytes is enough to distinguish an operator's credentials.
const fingerprintSize = 12

// credentialsOf derives the identity of credentials from all their parts.
func credentialsOf(provider string, parts ...string) Credentials {
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings always marshal
	}
	sum := sha256.Sum256(text)
	return Credentials{provider, hex.EncodeToString(sum[:fingerprintSize])}
}

func (c Credentials) credentials(Message) Credentials { return c }

// Credentials returns those that a message is sent under. They are zero where nothing is sent, and
// where an answer means nothing for credentials: a browser may name any address, whose owner can
// answer anything.
func (s *Sender) Credentials(m Message) Credentials {
	if way := s.routeOf(m); way != nil {
		return way.credentials(m)
	}
	return Credentials{}
}

// AllCredentials returns those that this sender may send under.
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
