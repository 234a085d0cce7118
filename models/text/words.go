package text

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// Words returns the words of a text in lower case, without punctuation, by UAX #29. Where a script has
// no spaces between words, each of its characters is an entry of its own: Quarters has their sizes.
func Words(text string) []string { return WordsAsWritten(strings.ToLower(text)) }

// WordsAsWritten returns what Words does, in the case of the text.
func WordsAsWritten(text string) []string {
	found := make([]string, 0, len(text)/6)
	for state := -1; text != ""; {
		var word string
		word, text, state = uniseg.FirstWordInString(text, state)
		if word = strings.TrimRightFunc(strings.TrimLeftFunc(word, beforeWord), afterWord); word != "" {
			found = append(found, word)
		}
	}
	return found
}

// beforeWord reports a character that begins no word.
func beforeWord(r rune) bool {
	if r < 0x80 {
		return (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	}
	return !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// afterWord reports a character that ends no word.
func afterWord(r rune) bool { return beforeWord(r) && !unicode.IsMark(r) }

// CountWords returns the number of words of a text. In scripts without spaces it is an estimate from the
// number of characters.
func CountWords(text string) int {
	quarters := 0
	for _, word := range WordsAsWritten(text) {
		quarters += Quarters(word)
	}
	return quarters / 4
}

// Quarters returns the size of an entry of Words in quarters of a word: 4 where spaces divide words, 2 a
// character of Chinese and Japanese, 1 a letter or mark of Thai, Lao, Khmer and Burmese.
func Quarters(word string) int {
	quarters := 0
	for i, r := range word {
		switch {
		case i == 0 && !Unspaced(r):
			return 4
		case unicode.In(r, unspacedLetters...):
			quarters++
		default:
			quarters += 2
		}
	}
	return quarters
}

// ideographs are the scripts without spaces whose characters are about half a word.
var ideographs = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana}

// unspacedLetters are the scripts without spaces that spell words with letters.
var unspacedLetters = []*unicode.RangeTable{unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// Unspaced reports whether a character is of a script without spaces between words.
func Unspaced(r rune) bool {
	return r >= 0xE00 && (unicode.In(r, ideographs...) || unicode.In(r, unspacedLetters...))
}

// MostlyUnspaced reports whether more than a quarter of a text's letters are of scripts without spaces.
func MostlyUnspaced(text string) bool {
	unspaced, all := lettersOf(text, Unspaced)
	return all > 0 && unspaced*4 > all
}

// lettersOf counts the letters of a text that are of a kind, and all of them.
func lettersOf(text string, kind func(rune) bool) (those, all int) {
	for _, r := range text {
		if unicode.IsLetter(r) {
			all++
			if kind(r) {
				those++
			}
		}
	}
	return those, all
}
