package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// mostPasses bounds the passes until a key no longer changes; two are enough for
// every existing character.
const mostPasses = 4

// Key returns the form in which look-alike texts are compared: NFKC, without regard
// to case (by Unicode's full folding, the same for every language), without invisible
// characters, and with one space for any white space. text_key is the same in SQL,
// which a test compares.
func Key(s string) string {
	s = valid(s)
	for range mostPasses {
		next := norm.NFKC.String(folded(norm.NFKC.String(Plain(s))))
		if next == s {
			break
		}
		s = next
	}
	return strings.Join(strings.Fields(s), " ")
}

// folded returns a text without regard to case. Unicode's folding keeps the capitals of
// Cherokee, and the library's all its letters.
func folded(s string) string { return strings.Map(unicode.ToLower, cases.Fold().String(s)) }

// Plain returns a text without its invisible characters.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if Invisible(r) {
			return -1
		}
		return r
	}, s)
}

// Distinct returns the texts without those that have the key of an earlier one.
func Distinct(texts []string) []string {
	kept, keys := make([]string, 0, len(texts)), map[string]bool{}
	for _, s := range texts {
		if key := Key(s); !keys[key] {
			keys[key] = true
			kept = append(kept, s)
		}
	}
	return kept
}
