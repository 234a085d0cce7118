package extract

import (
	"strings"
	"unicode"

	texts "github.com/lyoapp/lyo/models/text"
)

// tidy returns a text in its final form: clean, with spaces for tabs, at most one empty line
// in a row. With laidOut, indents and runs of spaces stay.
func tidy(text string, laidOut bool) string {
	text = strings.ReplaceAll(texts.Clean(text), "\t", " ")
	var out strings.Builder
	empty := true // as after an empty line, so that the text does not start with one
	for line := range strings.SplitSeq(text, "\n") {
		if laidOut {
			line = strings.TrimRightFunc(line, unicode.IsSpace)
		} else {
			line = strings.Join(strings.Fields(line), " ")
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
