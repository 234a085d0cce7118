package curate

import (
	"math"
	"strings"
	"unicode"
)

// wordsPerMinute is how fast people read to learn; lettersPerMinute does for
// scripts written without spaces.
const (
	wordsPerMinute   = 200
	lettersPerMinute = 400
)

// ReadingMinutes is how long reading a text takes, at least a minute.
func ReadingMinutes(text string) int {
	dense, rest := 0, strings.Builder{}
	for _, r := range text {
		if unspaced(r) {
			dense++
			r = ' '
		}
		rest.WriteRune(r)
	}
	minutes := float64(len(Words(rest.String())))/wordsPerMinute + float64(dense)/lettersPerMinute
	return max(int(math.Ceil(minutes)), 1)
}

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// ReadingLevel is about how many years of school a text asks for, 0 to 18: the
// automated readability index (Senter and Smith, 1967: letters a word and words a sentence)
// brought within those bounds. It counts letters rather than syllables, so it can be
// told for any language with spaces; it is a little high where words are long.
// 0 means that it cannot be told: too short a text, or a script without spaces.
func ReadingLevel(text, language string) float64 {
	prose := proseOf(text)
	words, letters := Words(prose), 0
	for _, w := range words {
		letters += len([]rune(w))
	}
	if len(words) < leastForLevel || writtenWithoutSpaces(language, prose) {
		return 0
	}
	perWord := float64(letters) / float64(len(words))
	perSentence := float64(len(words)) / float64(max(len(Sentences(prose)), 1))
	level := 4.71*perWord + 0.5*perSentence - 21.43
	return math.Round(min(max(level, 1), 18)*10) / 10
}

const leastForLevel = 30 // words

func writtenWithoutSpaces(language, text string) bool {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	switch base {
	case "zh", "ja", "th", "lo", "km", "my":
		return true
	}
	dense, all := 0, 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			all++
			if unspaced(r) {
				dense++
			}
		}
	}
	return all > 0 && dense*4 > all
}

// Sentences are the sentences of prose, as far as punctuation tells.
func Sentences(prose string) []string {
	var found []string
	for _, s := range strings.FieldsFunc(prose, func(r rune) bool { return strings.ContainsRune(".!?\n。！？", r) }) {
		if len(Words(s)) > 0 {
			found = append(found, s)
		}
	}
	return found
}

// proseOf is a Markdown text without code, headings and list marks.
func proseOf(text string) string {
	var kept []string
	fenced := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
			fenced = !fenced
			continue
		}
		if !fenced && !strings.HasPrefix(line, "#") {
			kept = append(kept, strings.TrimLeft(line, "-*+> \t"))
		}
	}
	return strings.Join(kept, "\n")
}
