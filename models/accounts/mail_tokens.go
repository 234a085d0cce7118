package accounts

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/google/uuid"
)

// MailTokens derives the tokens in mails from the mails' ids. A mail that is sent
// again has the same token, and no token has to be stored.
type MailTokens struct{ key []byte }

// NewMailTokens derives its key from a secret that all processes share. When the
// secret changes, sent tokens stay good, and queued mails carry invalid ones.
func NewMailTokens(secret string) MailTokens {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "lyo mail token", sha256.Size)
	if err != nil { // a secret too short for the FIPS mode; without a key tokens could be guessed
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

// HashMailToken returns the stored hash of a token. Capitals and surrounding white
// space are ignored, since tokens are typed.
func HashMailToken(token string) []byte {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(token))))
	return sum[:]
}
