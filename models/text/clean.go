package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// lineEnds are the ways to end a line or a paragraph, other than a line feed.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n\n", "\v", "\n", "\u2028", "\n", "\u2029", "\n\n", "\u0085", "\n")

// Clean returns a text that came from outside, such as a document or the answer of a model, as it may be stored and
// shown: in NFC, its lines ended by line feeds, without control characters other than tabs, without invisible
// characters that show or join nothing (smuggled tags, overrides of the direction, soft hyphens, byte order marks),
// without code points that are no characters, and without the marks that a stack has too many. What a script, an
// emoji or a formula needs stays. Bytes that are no UTF-8 become U+FFFD, which Damaged finds.
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	s = lineEnds.Replace(valid(s))
	for range mostPasses { // what is left out can have been what its neighbours needed
		next := s
		if strings.ContainsFunc(s, doubtful) {
			next = withoutDoubtful(s)
		}
		if next = norm.NFC.String(next); stacked(next) {
			next = unstacked(next)
		}
		if next == s {
			break
		}
		s = next
	}
	return s
}

// CleanLine returns what Clean does on one line, with single spaces and none around it.
func CleanLine(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

// Damaged reports whether characters of a text were lost, or bear more marks than any script has.
func Damaged(s string) bool {
	return !isPlain(s) && (strings.ContainsRune(s, utf8.RuneError) || stacked(s))
}

// isPlain reports whether a text is of the printable characters of ASCII, tabs and line feeds.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' || c >= 0x7f) && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// doubtful reports whether a character stays in a clean text only beside certain others, or nowhere.
func doubtful(r rune) bool {
	switch {
	case r < 0x7f:
		return r < ' ' && r != '\n' && r != '\t'
	case r < 0x300:
		return r <= 0x9f || r == '\u00ad'
	}
	return Invisible(r) || noncharacter(r)
}

// noncharacter reports a code point that Unicode keeps free for programs.
func noncharacter(r rune) bool { return r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE }

func withoutDoubtful(s string) string {
	runes := []rune(s)
	leftwards := strings.ContainsFunc(s, rightToLeft)
	kept := runes[:0:0]
	for i, r := range runes {
		if !doubtful(r) || Invisible(r) && !turns(r) && (fits(runes, i) || shapes(runes, i) || leftwards && marksDirection(runes, i)) {
			kept = append(kept, r)
		}
	}
	return string(kept)
}

// own are the scripts with invisible characters of their own.
var own = []*unicode.RangeTable{
	unicode.Braille, unicode.Egyptian_Hieroglyphs, unicode.Hangul, unicode.Khitan_Small_Script, unicode.Khmer, unicode.Mongolian,
}

// shapes reports whether the invisible character at i belongs where it is: one of a script after another one of it,
// a break between words where no spaces are, or what keeps two marks apart.
func shapes(s []rune, i int) bool {
	if i == 0 {
		return false
	}
	before := s[i-1]
	for _, script := range own {
		if unicode.Is(script, s[i]) {
			return unicode.Is(script, before)
		}
	}
	if i+1 == len(s) {
		return false
	}
	after := s[i+1]
	switch s[i] {
	case '\u200B':
		return Unspaced(before) && Unspaced(after)
	case '\u034F':
		return unicode.IsMark(before) && unicode.IsMark(after)
	}
	return false
}

// marksDirection reports whether the character at i is one of the marks that stand for a letter of a direction,
// the only one in its place.
func marksDirection(s []rune, i int) bool {
	mark := func(r rune) bool { return r == '\u200E' || r == '\u200F' || r == '\u061C' }
	return mark(s[i]) && (i == 0 || !mark(s[i-1]))
}

// rightToLeft reports whether a letter is of a script that is written to the left.
func rightToLeft(r rune) bool {
	return r >= 0x590 && r <= 0x8FF || r >= 0xFB1D && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFC || r >= 0x10800 && r <= 0x10FFF || r >= 0x1E800 && r <= 0x1EFFF
}
