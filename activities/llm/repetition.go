package llm

import (
	"slices"
	"strings"
	"unicode"

	texts "github.com/lyoapp/lyo/models/text"
)

// repetition detects the loops small models fall into in a growing text. The zero value is
// ready. It checks only after checkEvery new bytes, and a bounded tail.
type repetition struct{ seen int }

const (
	checkEvery = 256
	tailBytes  = 4 << 10
	blankRun   = 400 // so much white space at the end is a loop, too
)

func (g *repetition) found(text string) bool {
	if len(text)-g.seen < checkEvery {
		return false
	}
	g.seen = len(text)
	return loops(text)
}

// loops reports whether the end of text repeats itself.
func loops(text string) bool {
	tail := strings.ToValidUTF8(text[max(0, len(text)-tailBytes):], "")
	if len(tail)-len(strings.TrimRightFunc(tail, unicode.IsSpace)) >= blankRun {
		return true
	}
	runes := []rune(tail)
	longest, least := 60, 24 // words
	if texts.MostlyUnspaced(tail) {
		longest, least = 160, 96 // characters
	}
	return loopsBy(texts.Words(tail), longest, 4, least, hasLetter) ||
		loopsBy(runes, 25, 8, 200, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// loopsBy looks for a period of up to longest items that fills the last
// max(least, times*period) items. An item must matter, so that lines of dashes and
// empty table rows are ignored.
func loopsBy[T comparable](items []T, longest, times, least int, matters func(T) bool) bool {
	for period := 1; period <= longest; period++ {
		need := max(least, times*period)
		if need > len(items) {
			break
		}
		if periodic(items[len(items)-need:], period) && anyOf(items[len(items)-period:], matters) {
			return true
		}
	}
	return false
}

func periodic[T comparable](items []T, period int) bool {
	for i := period; i < len(items); i++ {
		if items[i] != items[i-period] {
			return false
		}
	}
	return true
}

func anyOf[T any](items []T, is func(T) bool) bool {
	return slices.ContainsFunc(items, is)
}

func hasLetter(word string) bool {
	return strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// repeats checks a whole text: a long line that occurs six times is no lesson, even
// with other lines in between.
func repeats(text string) bool {
	const long, most = 24, 6
	count := map[string]int{}
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if len([]rune(l)) < long || !hasLetter(l) {
			continue
		}
		if count[l]++; count[l] >= most {
			return true
		}
	}
	return loops(text)
}
