package text

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// Sentences returns the sentences of a text without markup, by UAX #29 and the marks of all scripts. The
// end of a line ends a sentence. One of more than 40 words is divided further: after full stops before
// small letters, and in scripts that need no marks at spaces or, where there are none, by its length.
func Sentences(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		for state := -1; line != ""; {
			var sentence string
			sentence, line, state = uniseg.FirstSentenceInString(line, state)
			for _, part := range splitAfter(sentence, endsSentence) {
				found = append(found, divide(part)...)
			}
		}
	}
	return found
}

// EndsSentence reports whether a text ends with a mark that ends sentences, and closing quotes perhaps.
func EndsSentence(text string) bool {
	text = strings.TrimRightFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Pe, unicode.Pi, unicode.Pf) || r == '"' || r == '\''
	})
	last := []rune(text[max(0, len(text)-4):])
	return len(last) > 0 && (unicode.Is(unicode.Sentence_Terminal, last[len(last)-1]) || endsSentence(last[len(last)-1]))
}

// endsSentence reports the marks that the property Sentence_Terminal lacked until lately, or lacks: of
// Khmer, Tibetan and Thai.
func endsSentence(r rune) bool {
	switch r {
	case '។', '៕', '៖', '།', '༎', '༏', '༐', '༑', '๚', '๛':
		return true
	}
	return false
}

// splitAfter splits a text after runs of characters. Parts without a letter or digit are left out.
func splitAfter(text string, ends func(rune) bool) []string {
	var parts []string
	start, ended := 0, false
	for i, r := range text {
		end := ends(r)
		if ended && !end {
			parts = appendPart(parts, text[start:i])
			start = i
		}
		ended = end
	}
	return appendPart(parts, text[start:])
}

func appendPart(parts []string, part string) []string {
	if strings.ContainsFunc(part, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		parts = append(parts, strings.TrimSpace(part))
	}
	return parts
}

// The lengths at which text without marks is divided, in words.
const (
	longSentence = 40 // and less is not divided
	leastPart    = 15 // at the next space
	mostPart     = 30 // without a space
)

// divide divides a sentence that is too long to be one.
func divide(sentence string) []string {
	if atMost(sentence, longSentence) {
		return []string{sentence}
	}
	var parts []string
	before := ' '
	for _, part := range splitAfter(sentence, func(r rune) bool {
		stop := unicode.IsSpace(r) && unicode.Is(unicode.Sentence_Terminal, before)
		before = r
		return stop
	}) {
		if !atMost(part, longSentence) && mostlyWithoutMarks(part) {
			parts = append(parts, byLength(part)...)
		} else {
			parts = append(parts, part)
		}
	}
	return parts
}

// atMost reports whether a text has surely no more than n words, without looking for them.
func atMost(text string, n int) bool {
	quarters := 4
	for _, r := range text {
		switch {
		case r < 0x80 && r != ' ':
		case unicode.IsSpace(r):
			quarters += 4
		case r >= 0xE00 && unicode.In(r, withoutMarks...):
			quarters++
		case Unspaced(r):
			quarters += 2
		}
	}
	return quarters <= 4*n
}

// withoutMarks are the scripts in which long texts may have no marks that end sentences.
var withoutMarks = []*unicode.RangeTable{unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan}

func mostlyWithoutMarks(text string) bool {
	theirs, letters := lettersOf(text, func(r rune) bool { return unicode.In(r, withoutMarks...) })
	return theirs*2 > letters
}

// byLength divides a text at spaces, which stand between clauses, and between characters where none come.
func byLength(text string) []string {
	var parts []string
	start, quarters, before := 0, 0, 'x'
	for i, r := range text {
		space := unicode.IsSpace(before) || before == '་'
		if space && quarters >= 4*leastPart || quarters >= 4*mostPart && !unicode.IsMark(r) && !leadsSyllable(before) {
			parts = appendPart(parts, text[start:i])
			start, quarters = i, 0
		}
		quarters++
		before = r
	}
	return appendPart(parts, text[start:])
}

// leadsSyllable reports the vowels of Thai and Lao that are written before their consonant.
func leadsSyllable(r rune) bool { return r >= 0xE40 && r <= 0xE44 || r >= 0xEC0 && r <= 0xEC4 }
