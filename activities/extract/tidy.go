package extract

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// tidy returns a text in its final form: NFC, no invisible characters, at most one empty line
// in a row. With laidOut, indents and runs of spaces stay.
func tidy(text string, laidOut bool) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n\n", "\v", "\n", "\u2028", "\n", "\u2029", "\n\n", "\u0085", "\n").Replace(text)
	text = norm.NFC.String(strings.Map(visible, text))
	var out strings.Builder
	empty := true // as after an empty line, so that the text does not start with one
	for line := range strings.SplitSeq(text, "\n") {
		if laidOut {
			line = strings.TrimRightFunc(line, unicode.IsSpace)
		} else {
			line = oneLine(line)
		}
		if line == "" && empty {
			continue
		}
		empty = line == ""
		out.WriteString(line)
		out.WriteByte('\n')
	}
	return strings.TrimRight(out.String(), "\n")
}

// visible drops invisible characters: control characters, marks of byte order and direction,
// soft hyphens, and code points that are no characters.
func visible(r rune) rune {
	switch {
	case r == '\n':
		return r
	case r == '\t':
		return ' '
	case unicode.IsControl(r), r == '\u00ad', r == '\u200b', r == '\ufeff', r == '\u2060',
		r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069',
		r >= '\ufdd0' && r <= '\ufdef', r&0xfffe == 0xfffe, r >= 0xe0000 && r <= 0xe007f:
		return -1
	}
	return r
}

// oneLine returns a text in one line with single spaces.
func oneLine(text string) string {
	return norm.NFC.String(strings.Join(strings.Fields(strings.Map(visible, text)), " "))
}

// words counts words; in scripts without spaces between words, characters.
func words(text string) int {
	count, inside := 0, false
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
			count, inside = count+1, false
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			if !inside {
				count++
			}
			inside = true
		case unicode.IsSpace(r):
			inside = false
		}
	}
	return count
}
