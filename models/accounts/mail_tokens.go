package accounts

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/google/uuid"
)

// MailTokens derives the tokens in mails from the mails' ids. Whoever sends a mail
// again sends the same token, and nobody has to store it.
type MailTokens struct{ key []byte }

// NewMailTokens derives its key from a secret that all processes share. When the
// secret changes, tokens already sent stay good, and mails not yet sent carry
// tokens that are not.
func NewMailTokens(secret string) MailTokens {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "lyo mail token", sha256.Size)
	if err != nil { // a secret too short for the FIPS mode; going on would make tokens anybody can guess
		panic("models: no key for the tokens in mails: " + err.Error())
	}
	return MailTokens{key}
}

// tokenBytes are 160 bits: 32 characters.
const tokenBytes = 20

var tokenLetters = base32.StdEncoding.WithPadding(base32.NoPadding)

// Of returns the token that belongs to a mail: 32 characters of a to z and 2 to 7.
func (t MailTokens) Of(mail uuid.UUID) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write(mail[:])
	return strings.ToLower(tokenLetters.EncodeToString(mac.Sum(nil)[:tokenBytes]))
}

// HashMailToken returns what is stored of a token. Capitals, and white space around it,
// make no difference: people type tokens.
func HashMailToken(token string) []byte {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(token))))
	return sum[:]
}
