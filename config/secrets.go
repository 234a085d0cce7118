package config

import (
	"encoding/base64"
	"math"
	"strings"
)

const (
	leastKey  = 32 // characters
	leastBits = 80 // of entropy, as the characters themselves tell; 128 random bits in hex have 89 or more, but for one in a million
)

// typedWords stand in keys that somebody typed. Each is long enough not to come up in a random one.
var typedWords = []string{
	"changeme", "change-me", "change_me", "secret", "password", "passwort", "development", "production", "staging",
	"example", "default", "placeholder", "replace", "insert", "qwerty", "letmein", "cursor-key", "cursor_key", "cursorkey", "openssl",
	"0123456789", "1234567890", "abcdefgh",
}

// strong refuses a key that is no random text. The value itself is never part of the message.
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

// repeats tells that a key goes on as it began, after half of it at most.
func repeats(key string) bool {
	for period := 1; period <= len(key)/2; period++ {
		if key[period:] == key[:len(key)-period] {
			return true
		}
	}
	return false
}

// runs counts the characters that follow from the two before them, as in aaaa, abcd and 8642.
func runs(key string) int {
	count := 0
	for i := 2; i < len(key); i++ {
		if step := int(key[i]) - int(key[i-1]); step == int(key[i-1])-int(key[i-2]) && step >= -2 && step <= 2 {
			count++
		}
	}
	return count
}

// entropy is the bits of a random text whose bytes come as often as they do in this one.
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

// strongPayloadKeys refuses keys of bytes that somebody typed. Whether they are keys at all, the
// part that uses them tells.
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
