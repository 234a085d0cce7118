package text

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// mostMarks is how many marks without a width may follow a character. The longest
// stacks of living scripts have five, in Hebrew with vowels and cantillation; the
// longest syllable of Tibetan has eight.
const mostMarks = 8

// stacked reports whether more marks follow a character than any script needs.
// Invisible characters between them are skipped.
func stacked(s string) bool {
	marks := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me) && !unicode.Is(unicode.Variation_Selector, r):
			if marks++; marks > mostMarks {
				return true
			}
		case Invisible(r):
		default:
			marks = 0
		}
	}
	return false
}

// unstacked returns a text without the surplus marks.
func unstacked(s string) string {
	marks, kept := 0, make([]rune, 0, len(s))
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me) && !unicode.Is(unicode.Variation_Selector, r):
			if marks++; marks > mostMarks {
				continue
			}
		case Invisible(r):
		default:
			marks = 0
		}
		kept = append(kept, r)
	}
	return string(kept)
}

// isVirama reports whether a mark takes away the vowel of the letter before it.
func isVirama(r rune) bool { return norm.NFC.PropertiesString(string(r)).CCC() == viramaClass }
