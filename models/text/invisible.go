package text

import (
	"strings"
	"unicode"
)

// invisible are the characters without ink: format and default-ignorable characters,
// and those whose glyph is blank. White space is not among them.
var invisible = []*unicode.RangeTable{
	unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, blank,
}

// blank are letters and symbols with an empty glyph.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}}, // braille
	R32: []unicode.Range32{
		{Lo: 0x13441, Hi: 0x13442, Stride: 1}, // hieroglyphs
		{Lo: 0x16FE4, Hi: 0x16FE4, Stride: 1}, // Khitan
		{Lo: 0x1D159, Hi: 0x1D159, Stride: 1}, // music
	},
}

// Invisible reports whether a character shows nothing, other than as white space.
// Format characters around numbers are shown.
func Invisible(r rune) bool {
	return unicode.In(r, invisible...) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// visible reports whether a text of this character alone would show something.
func visible(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsControl(r) && !unicode.In(r, unicode.M, unicode.Z) && !Invisible(r)
}

// Visible reports whether anything of a text can be seen.
func Visible(s string) bool { return strings.ContainsFunc(s, visible) }

// The invisible characters that are allowed between others.
const (
	nonJoiner   = '\u200C'
	joiner      = '\u200D'
	blackFlag   = '\U0001F3F4'
	firstTag    = '\U000E0020'
	lastTag     = '\U000E007E'
	cancelTag   = '\U000E007F'
	mostFlag    = 6 // letters of a region's flag
	viramaClass = 9
)

// fits reports whether the invisible character at i changes how its neighbours
// are shown: a joiner in a script that joins or in an emoji, a variation of the
// character before, the tags of a region's flag.
func fits(s []rune, i int) bool {
	if i == 0 {
		return false
	}
	before := s[i-1]
	switch r := s[i]; {
	case r == joiner || r == nonJoiner:
		return joins(s, i)
	case r >= 0xFE00 && r <= 0xFE0F:
		return visible(before)
	case r >= 0xE0100 && r <= 0xE01EF:
		return unicode.Is(unicode.Han, before)
	case r >= 0x180B && r <= 0x180F:
		return unicode.Is(unicode.Mongolian, before) && unicode.IsLetter(before)
	case r >= firstTag && r <= cancelTag:
		return inFlag(s, i)
	}
	return false
}

// joins reports whether the joiner at i is where a script or an emoji has one.
func joins(s []rune, i int) bool {
	before := s[i-1]
	if i+1 < len(s) {
		after := s[i+1]
		if unicode.In(lettered(s[:i]), joining...) && unicode.In(after, joining...) {
			return true
		}
		if s[i] == joiner && emojiEnd(before) && pictograph(after) {
			return true
		}
	}
	// Half letters of India and the first form of an Arabic letter end a word.
	return isVirama(before) || s[i] == joiner && unicode.Is(unicode.Arabic, before) && unicode.IsLetter(before)
}

// lettered returns the last character that is no mark of all scripts, such as a vowel of Arabic.
func lettered(s []rune) rune {
	for len(s) > 1 && unicode.Is(unicode.Inherited, s[len(s)-1]) && unicode.Is(unicode.Mn, s[len(s)-1]) && !Invisible(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s[len(s)-1]
}

// joining are the scripts whose letters change shape beside a joiner.
var joining = []*unicode.RangeTable{
	unicode.Adlam, unicode.Arabic, unicode.Hanifi_Rohingya, unicode.Mandaic, unicode.Manichaean, unicode.Mongolian, unicode.Nko, unicode.Phags_Pa,
	unicode.Psalter_Pahlavi, unicode.Sogdian, unicode.Syriac,
	unicode.Balinese, unicode.Bengali, unicode.Chakma, unicode.Devanagari, unicode.Gujarati, unicode.Gurmukhi, unicode.Javanese, unicode.Kannada,
	unicode.Khmer, unicode.Malayalam, unicode.Myanmar, unicode.Oriya, unicode.Sinhala, unicode.Tamil, unicode.Telugu, unicode.Tibetan,
}

// pictograph reports whether an emoji can begin with a character.
func pictograph(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FAFF || unicode.Is(unicode.So, r) && !Invisible(r) || r >= 0x2190 && r <= 0x21FF
}

// emojiEnd reports whether a part of an emoji can end with a character.
func emojiEnd(r rune) bool { return pictograph(r) || r == 0xFE0F || r == cancelTag }

// inFlag reports whether the tag at i belongs to a whole flag.
func inFlag(s []rune, i int) bool {
	start := i
	for start > 0 && s[start] >= firstTag && s[start] <= cancelTag {
		start--
	}
	end := start + 1
	for end < len(s) && s[end] >= firstTag && s[end] <= lastTag {
		end++
	}
	letters := end - start - 1
	return s[start] == blackFlag && i <= end && end < len(s) && s[end] == cancelTag && letters > 0 && letters <= mostFlag
}
