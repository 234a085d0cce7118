package config

import (
	"encoding/base64"
	"math"
	"strings"
)

const (
	leastKey  = 32 // characters
	leastBits = 80 // of entropy, estimated from the characters; 128 random bits in hex have 89 or more in all but one case in a million
)

// typedWords occur in keys that a person typed. Each is too long to occur in a random key by chance.
var typedWords = []string{
	"changeme", "change-me", "change_me", "secret", "password", "passwort", "development", "production", "staging",
	"example", "default", "placeholder", "replace", "insert", "qwerty", "letmein", "cursor-key", "cursor_key", "cursorkey", "openssl",
	"0123456789", "1234567890", "abcdefgh",
}

// strong rejects a key that is not random. The value itself is never part of the message.
func (f *faults) strong(name string, key Secret) {
	if why := weakness(key.Reveal()); key != "" && why != "" {
		f.addf("%s %s: use 32 characters or more of your own, such as openssl rand -base64 32 gives", name, why)
	}
}

func weakness(key string) string {
	folded := strings.ToLower(key)
	switch {
	case key == developmentCursorKey:
		return "is the one of development, which everybody knows"
	case len(key) < leastKey:
		return "is too short to withstand guessing"
	case repeats(key):
		return "repeats itself"
	case runs(key) > len(key)/3:
		return "is a row of neighbouring characters"
	case entropy(key) < leastBits:
		return "has too few different characters"
	}
	for _, word := range typedWords {
		if strings.Contains(folded, word) {
			return "holds a word that anybody would try"
		}
	}
	return ""
}

// repeats reports whether a key repeats its beginning, after half of it at most.
func repeats(key string) bool {
	for period := 1; period <= len(key)/2; period++ {
		if key[period:] == key[:len(key)-period] {
			return true
		}
	}
	return false
}

// runs counts the characters that continue a sequence, as in aaaa, abcd and 8642.
func runs(key string) int {
	count := 0
	for i := 2; i < len(key); i++ {
		if step := int(key[i]) - int(key[i-1]); step == int(key[i-1])-int(key[i-2]) && step >= -2 && step <= 2 {
			count++
		}
	}
	return count
}

// entropy returns the bits of a random text with the byte frequencies of this one.
func entropy(text string) float64 {
	count := map[byte]float64{}
	for _, b := range []byte(text) {
		count[b]++
	}
	bits := 0.0
	for _, n := range count {
		bits -= n * math.Log2(n/float64(len(text)))
	}
	return bits
}

// strongPayloadKeys rejects keys whose bytes a person typed. Their format is checked where they are used.
func (f *faults) strongPayloadKeys(keys Secret) {
	for part := range strings.SplitSeq(keys.Reveal(), ",") {
		_, encoded, _ := strings.Cut(strings.TrimSpace(part), ":")
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || len(key) == 0 {
			continue
		}
		if why := weakness(string(key)); why != "" {
			f.addf("LYO_PAYLOAD_KEYS holds a key that %s: use what openssl rand -base64 32 gives", why)
		}
	}
}
