package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/rangetable"
)

// mostJudged is how many bytes of a text are checked.
const mostJudged = 256 << 10

// plausible reports whether a text was read in the right encoding. It checks the words that
// are not plain ASCII, since only those can be wrong: a word of one language does not
// mix scripts or cases, is not all accents, and has no signs such as ½ or ¶ inside.
func plausible(text string) bool {
	seen := lookAt(text)
	if seen.runes < short && seen.touched > 0 {
		return false
	}
	return seen.broken*200 <= seen.runes && seen.odd*10 <= seen.words
}

// short is the length, in characters, below which a sign next to a letter makes a text doubtful.
const short = 100

// certain is plausible for a text that is too short to be judged by the share of odd words:
// none is odd, no sign touches a letter, and no word is without plain letters.
func certain(text string) bool {
	seen := lookAt(text)
	return seen.broken == 0 && seen.odd == 0 && seen.touched == 0 && seen.bare == 0
}

// sight is the statistics of a text.
type sight struct {
	runes, broken    int // broken: invalid characters
	words, odd, bare int // words that are not plain ASCII, odd ones, and those without any ASCII
	touched          int // words with a sign at their beginning or end
}

func lookAt(text string) sight {
	text = text[:min(len(text), mostJudged)]
	var seen sight
	var word wordSeen
	for len(text) > 0 {
		r, width := utf8.DecodeRuneInString(text)
		text = text[width:]
		seen.runes++
		switch {
		case r == utf8.RuneError, r >= 0x80 && r < 0xa0, unicode.Is(unicode.Co, r):
			seen.broken++
			seen.add(&word)
		case unicode.IsLetter(r) || unicode.IsMark(r) || sign(r):
			word.add(r)
		default:
			seen.add(&word)
		}
	}
	seen.add(&word)
	return seen
}

// add counts a finished word and begins the next one.
func (s *sight) add(w *wordSeen) {
	if w.foreign > 0 || w.inside > 0 {
		s.words++
		if w.odd() {
			s.odd++
		}
		if w.foreign == w.letters {
			s.bare++
		}
	}
	if w.led || w.letters > 0 && sign(w.last) && w.last != '»' && w.last != '°' {
		s.touched++
	}
	*w = wordSeen{}
}

// sign reports characters that occur in texts, but not within words.
func sign(r rune) bool {
	return r >= 0x80 && (unicode.IsSymbol(r) || unicode.Is(unicode.No, r) || strings.ContainsRune("¡§«¶»¿†‡‰‗", r))
}

// wordSeen is the statistics of a word so far.
type wordSeen struct {
	letters, foreign int  // foreign: not ASCII
	inside           int  // signs with a letter before and after
	cases            int  // capitals after small letters, small ones after several capitals, one of both not ASCII
	capitals         int  // in a row
	frames           int  // box-drawing characters with a letter before or after
	finals           int  // letters that end words in Hebrew, before another one
	changes          int  // of script
	latin, eastern   int  // letters
	led              bool // a sign stands before the first letter
	within           bool // eastern letters with Latin ones before and after
	last             rune
	script           *unicode.RangeTable
}

var (
	// halfWidth are letters of old terminals, which are separate from others.
	halfWidth = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0xff61, Hi: 0xff9f, Stride: 1}}}
	// eastern scripts are mixed within words, and with Latin.
	eastern = rangetable.Merge(unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo)
	scripts = []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Hebrew, unicode.Arabic, unicode.Thai, halfWidth, eastern}
)

func (w *wordSeen) add(r rune) {
	if frame(r) && unicode.IsLetter(w.last) || frame(w.last) && unicode.IsLetter(r) {
		w.frames++
	}
	if sign(r) {
		w.last = r
		return
	}
	if w.letters > 0 {
		w.follow(r)
	} else {
		w.led = sign(w.last) && !strings.ContainsRune("«¿¡", w.last)
	}
	if r >= 0x80 {
		w.foreign++
	}
	if unicode.IsUpper(r) {
		w.capitals++
	} else {
		w.capitals = 0
	}
	w.letters++
	w.of(scriptOf(r))
	w.last = r
}

// follow checks a letter and the character before it.
func (w *wordSeen) follow(r rune) {
	if sign(w.last) {
		w.inside++
	}
	if strings.ContainsRune("םןץףך", w.last) && unicode.IsLetter(r) {
		w.finals++
	}
	up, down := unicode.IsUpper(r) && unicode.IsLower(w.last), unicode.IsLower(r) && w.capitals > 1
	if (up || down) && (r >= 0x80 || w.last >= 0x80) {
		w.cases++
	}
}

// frame reports box-drawing characters, which some encodings have in place of letters.
func frame(r rune) bool { return r >= 0x2500 && r < 0x2600 }

// of counts changes of script; nil belongs to all.
func (w *wordSeen) of(script *unicode.RangeTable) {
	switch {
	case script == nil:
		return
	case w.script == nil || script == w.script:
	case script == eastern && w.script == unicode.Latin:
	case script == unicode.Latin && w.script == eastern:
		w.within = w.within || w.latin > 0
	default:
		w.changes++
	}
	switch script {
	case unicode.Latin:
		w.latin++
	case eastern:
		w.eastern++
	}
	w.script = script
}

func (w *wordSeen) odd() bool {
	accents := w.latin == w.letters && w.letters >= 3 && w.foreign*3 > w.letters*2
	broken := w.within && w.latin >= 2*w.eastern
	return w.inside+w.cases+w.changes+w.frames+w.finals > 0 || accents || broken
}

func scriptOf(r rune) *unicode.RangeTable {
	for _, s := range scripts {
		if unicode.Is(s, r) {
			return s
		}
	}
	return nil
}
