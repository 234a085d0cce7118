package extractive

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	texts "github.com/lyoapp/lyo/models/text"
)

// span is where a sentence is in a text, and in which of its paragraphs.
type span struct{ start, end, paragraph int }

// sentencesOf returns the sentences of a text. What package text ends at an abbreviation, an initial or an
// ordinal goes on.
func sentencesOf(text string, l *language) []span {
	var found []span
	unwrapped := unwrap(text)
	paragraph, at := 0, 0
	for line := range strings.Lines(unwrapped) {
		var goesOn bool
		from := 0
		for _, s := range texts.Sentences(line) {
			i := strings.Index(line[from:], s)
			if i < 0 {
				continue // of broken encoding
			}
			start := at + from + i
			from += i + len(s)
			if goesOn {
				found[len(found)-1].end = at + from
			} else {
				found = append(found, span{start, at + from, paragraph})
			}
			goesOn = l.goesOn(unwrapped[found[len(found)-1].start:at+from], line[from:])
		}
		at += len(line)
		paragraph++
	}
	return found
}

// unwrap returns a text with spaces for the line breaks of lines that were wrapped, which is as long.
func unwrap(text string) string {
	const long = 50 // characters; a shorter line was not wrapped
	out := []byte(text)
	at := 0
	for line := range strings.Lines(text) {
		at += len(line)
		body := strings.TrimRight(line, "\n")
		next, _ := utf8.DecodeRuneInString(text[at:])
		if len(body) < len(line) && (unicode.IsLetter(next) || unicode.IsDigit(next)) && utf8.RuneCountInString(body) >= long && !texts.EndsSentence(body) && !strings.HasSuffix(body, "\r") {
			out[at-1] = ' '
		}
	}
	return string(out)
}

// goesOn reports whether a sentence does not end where it seems to.
func (l *language) goesOn(text, rest string) bool {
	before, dot := strings.CutSuffix(text, ".")
	if !dot || strings.TrimSpace(rest) == "" {
		return false
	}
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, " \u00a0"))
	if unicode.IsLower(next) {
		return true
	}
	i := strings.LastIndexFunc(before, func(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == '\u00a0' }) + 1
	last := before[i:]
	if i > 0 {
		_, width := utf8.DecodeLastRuneInString(before[:i])
		before = before[:i-width]
	} else {
		before = ""
	}
	switch first, width := utf8.DecodeRuneInString(last); {
	case l.short[strings.ToLower(last)]:
		return true
	case width == len(last) && unicode.IsUpper(first) && unicode.IsUpper(next):
		prev := before[strings.LastIndexByte(before, ' ')+1:]
		return before == "" || strings.HasSuffix(before, ".") || capitalised(prev) || l.stop[prev]
	case l.Ordinals && len(last) <= 2 && strings.TrimLeftFunc(last, unicode.IsDigit) == "":
		return true
	}
	return false
}

func capitalised(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.IsUpper(r)
}

// word is a word of a sentence, or a character where the script has no spaces.
type word struct {
	start, end  int // in the sentence
	lower, stem string
	stop        bool // says nothing alone
	digits      bool
	joined      bool // only a space or a hyphen stands before it
	unspaced    bool
}

// wordsOf returns the words of a sentence.
func wordsOf(text string, l *language) []word {
	var found []word
	at := 0
	for _, w := range texts.WordsAsWritten(text) {
		i := strings.Index(text[at:], w)
		if i < 0 {
			continue
		}
		gap := text[at : at+i]
		start := at + i
		at = start + len(w)
		joined := gap == " " || gap == "-" || gap == "\u00a0" || gap == "\u200c"
		if article, noun := elided(w); l.Elision && article > 0 {
			found = append(found, word{start: start, end: start + article, lower: strings.ToLower(w[:article]), stop: true, joined: joined})
			start, w, joined = start+noun, w[noun:], true
		}
		found = append(found, newWord(w, start, joined, l))
	}
	return found
}

func newWord(w string, start int, joined bool, l *language) word {
	first, _ := utf8.DecodeRuneInString(w)
	n := word{start: start, end: start + len(w), lower: strings.ToLower(w), joined: joined, unspaced: texts.Unspaced(first)}
	n.digits = unicode.IsDigit(first)
	n.stem = n.lower
	if !n.unspaced && !n.digits {
		n.stem = l.stem(n.lower)
	}
	n.stop = l.stop[n.lower] || l.Possessive && l.stop[strings.TrimSuffix(strings.TrimSuffix(n.lower, "'s"), "’s")]
	return n
}

// elided returns the ends of an article that lost its vowel and of its apostrophe.
func elided(w string) (article, noun int) {
	for i, r := range w {
		if (r == '\'' || r == '’') && i > 0 && i <= 7 && i+utf8.RuneLen(r) < len(w) {
			return i, i + utf8.RuneLen(r)
		}
	}
	return 0, 0
}

// pointing is how many words of an opening point back where one of them does.
const pointing = 4

// dangles reports whether a sentence opens with a pronoun or a connective, so that it cannot be read alone.
func (l *language) dangles(text string, words []word) bool {
	lower := strings.ToLower(strings.TrimLeft(text, "\"“„«‘'「『(（¿¡"))
	for _, p := range l.open {
		if rest, is := strings.CutPrefix(lower, p); is && (l.Joined || !startsInWord(rest)) {
			return true
		}
	}
	if l.Joined {
		opening := lower
		if r := []rune(lower); len(r) > pointing {
			opening = string(r[:pointing])
		}
		for p := range l.point {
			if strings.Contains(opening, p) {
				return true
			}
		}
		return false
	}
	for _, w := range words[:min(len(words), pointing)] {
		if l.point[w.lower] || l.lean[w.lower] {
			return true
		}
	}
	return false
}

// points reports whether a sentence speaks of another one anywhere. Where words have no spaces between them
// that cannot be told.
func (l *language) points(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool { return l.point[w.lower] })
}

// startsInWord reports whether a text goes on in the word before it.
func startsInWord(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return text != "" && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || r == '\u200c')
}
